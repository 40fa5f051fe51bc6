"""An encoder that fails for good, with pictures waiting behind it: one gap, one new segment."""

import threading
import time
from pathlib import Path

import pytest

from capture_hw.camera import CapturedFrame
from capture_hw.data_volume import mark_data_folder
from capture_hw.error import EncoderError
from capture_hw.picture_encoder import PictureEncoder
from capture_hw.recorder import Recorder, RecorderProgress
from capture_hw.segment_clock import Clock, standard_moment
from capture_hw.segment_journal import read_journal
from tests.capture_hw.scripted_camera import STANDARD_TIME, NoisyCamera, plan, times_ms, wait_until

_QUEUED_S = 0.5
_AT = 60


@pytest.fixture
def _failing_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The encoder hesitates at one picture, until others wait behind it, and then refuses it."""
    real, calls = PictureEncoder.encode, iter(range(1_000_000))

    def encode(
        encoder: PictureEncoder, frame: CapturedFrame, *, force_key: bool = False
    ) -> list[CapturedFrame]:
        if next(calls) == _AT:
            time.sleep(_QUEUED_S)
            raise EncoderError("libx264: failed: out of memory")
        return real(encoder, frame, force_key=force_key)

    monkeypatch.setattr(PictureEncoder, "encode", encode)


@pytest.mark.usefixtures("_failing_once")
def test_an_encoder_that_fails_is_one_reason_one_gap_and_one_new_name(tmp_path: Path) -> None:
    mark_data_folder(tmp_path)
    folder = tmp_path / "03"
    folder.mkdir()
    reports: list[RecorderProgress] = []
    stop = threading.Event()
    recorder = Recorder(plan(folder), 0, NoisyCamera, Clock(), reports.append)
    thread = threading.Thread(target=recorder.run, args=[stop])
    thread.start()
    try:
        wait_until(lambda: bool(reports) and reports[-1].frames > _AT + 30, "more frames")
    finally:
        stop.set()
        thread.join(20)
    reasons = {report.reason for report in reports if report.state == "lost"}
    assert reasons == {"libx264: failed: out of memory"}
    first, second = [read_journal(path) for path in sorted(folder.glob("*/*.journal.part"))]
    (recorded, _) = [times_ms(video) for video in sorted(folder.glob("*/*.mkv"))]
    assert len(recorded) == _AT
    (gap,) = second.gaps
    assert (gap.cause, gap.to_ms) == ("encoder failed", 0)
    pause_ms = (second.header.start_monotonic_ns - first.header.start_monotonic_ns) / 1e6
    assert gap.frames_lost == round((pause_ms - recorded[-1]) / 10) - 1
    began = standard_moment(second.header.start_utc_ns, STANDARD_TIME)
    assert second.header.stem == f"03_{began:%Y%m%d_%H%M%S}"
