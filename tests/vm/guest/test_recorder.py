"""The recorder and ten cameras at once, on the real driver."""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from capture_hw.camera import open_camera
from tests.vm.guest.card import ANALOG_CARDS, Card, plug_all_in, pull_all_out
from tests.vm.guest.recording import recording, segments

_SEGMENT_S = 30
_INTERVAL_MS = 40
_TEN_CAMERAS_S = 10.0


def test_a_minute_with_roll_overs_is_complete_or_its_gaps_are_known(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    card = Card(0)
    card.set(timestamp_source=1, percentage_of_dropped_buffers=3)
    config = card.config(standard="PAL", pixel_format="NV12", width=352, height=288)
    with recording(tmp_path / "data", config, _SEGMENT_S) as recorder:
        end_s = time.monotonic() + 60.0
        recorder.wait_for(lambda _: time.monotonic() > end_s, 90.0)
    finished = segments(tmp_path / "data" / "03")
    frames = lost = 0
    for segment in finished:
        times_ms = segment.times_ms()
        assert segment.journal.end is not None
        assert len(times_ms) == segment.journal.end.frames == sum(1 for _ in segment.pictures())
        assert all(later > earlier for earlier, later in pairwise(times_ms))
        # Of the time between first and last frame, nothing is missing but what the journal says.
        inside = sum(
            gap.frames_lost for gap in segment.journal.gaps if 0 <= gap.from_ms < times_ms[-1]
        )
        assert abs(times_ms[-1] - (len(times_ms) - 1 + inside) * _INTERVAL_MS) <= 2 * _INTERVAL_MS
        frames, lost = frames + len(times_ms), lost + segment.frames_lost
    record_property("segments, frames, lost", f"{len(finished)}, {frames}, {lost}")
    assert len(finished) >= 2
    assert lost >= 1
    assert frames == recorder.reports[-1].frames


def test_a_card_pulled_out_of_a_recording_is_a_gap(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    config = Card(1).config(pixel_format="NV12", width=352, height=288)
    with recording(tmp_path / "data", config) as recorder:
        recorder.wait_for(lambda now: now.frames >= 50, 30.0)
        pull_all_out()
        recorder.wait_for(lambda now: now.state == "lost", 5.0)
        before = recorder.reports[-1].frames
        plug_all_in()
        begun_s = time.monotonic()
        recorder.wait_for(lambda now: now.frames > before, 30.0)
        record_property("recorded again after", f"{time.monotonic() - begun_s:.1f} s")
        recorder.wait_for(lambda now: now.frames > before + 25, 30.0)
    causes = [gap.cause for it in segments(tmp_path / "data" / "03") for gap in it.journal.gaps]
    assert "camera lost" in causes


def test_ten_cameras_at_once_account_for_every_frame(
    record_property: Callable[[str, object], None],
) -> None:
    accounts: dict[int, tuple[int, int]] = {}
    threads = [
        threading.Thread(target=_watch, args=(Card(number), accounts)) for number in ANALOG_CARDS
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120.0)
    assert sorted(accounts) == list(ANALOG_CARDS)
    received = [account[0] for account in accounts.values()]
    lost = [account[1] for account in accounts.values()]
    record_property("frames received of ten cards", f"{min(received)} to {max(received)}")
    record_property("frames proven lost", f"{min(lost)} to {max(lost)}")
    assert min(received) > 0


def _watch(card: Card, accounts: dict[int, tuple[int, int]]) -> None:
    """Read a card for a while; keep the account only if time agrees with the count."""
    card.set(timestamp_source=1)
    config = card.config(pixel_format="NV12", width=704, height=576)
    end_s = time.monotonic() + _TEN_CAMERAS_S
    with closing(open_camera(config)) as camera:
        first = last = camera.read(10.0)
        received = 1
        while time.monotonic() < end_s:
            last = camera.read(10.0)
            received += 1
    made = last.sequence - first.sequence + 1
    elapsed_ms = (last.captured_ns - first.captured_ns) / 1e6
    if abs(elapsed_ms - (made - 1) * _INTERVAL_MS) <= 2 * _INTERVAL_MS:
        accounts[card.number] = received, made - received
