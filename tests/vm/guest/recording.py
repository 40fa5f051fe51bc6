"""A recorder at work on a real device, and what it left on the disk."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from capture_hw.camera import open_camera
from capture_hw.camera_config import V4l2CameraConfig
from capture_hw.data_volume import mark_data_folder
from capture_hw.recorder import Recorder, RecorderProgress
from capture_hw.segment_clock import Clock
from capture_hw.segment_file import SegmentPlan
from capture_hw.segment_journal import Journal, journal_path, read_journal
from tests.vm.guest.card import wait_until

_STOP_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class RunningRecorder:
    """A recorder, as whoever started it sees it."""

    folder: Path
    reports: list[RecorderProgress]

    def wait_for(self, happened: Callable[[RecorderProgress], bool], timeout_s: float) -> None:
        """Wait until a report says so."""
        wait_until(
            lambda: bool(self.reports) and happened(self.reports[-1]),
            f"never: {self.reports[-1] if self.reports else 'no report'}",
            timeout_s=timeout_s,
        )


@dataclass(frozen=True)
class Segment:
    """One finished segment."""

    video: Path
    journal: Journal

    @property
    def frames_lost(self) -> int:
        """As the journal says."""
        return sum(gap.frames_lost for gap in self.journal.gaps)

    def times_ms(self) -> list[int]:
        """Give the time of each frame in the file."""
        with av.open(str(self.video)) as container:
            packets = [packet for packet in container.demux(video=0) if packet.size]
        return [packet.pts for packet in packets if packet.pts is not None]

    def pictures(self) -> Iterator[NDArray[np.uint8]]:
        """Decode the luma of each frame."""
        with av.open(str(self.video)) as container:
            for frame in container.decode(video=0):
                plane = frame.planes[0]
                samples = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
                yield samples.reshape(-1, plane.line_size)[: frame.height, : frame.width]


@contextmanager
def recording(
    data: Path, config: V4l2CameraConfig, segment_s: int = 21_600
) -> Iterator[RunningRecorder]:
    """Record for as long as the block runs, and end in order."""
    folder = data / "03"
    mark_data_folder(data)
    folder.mkdir(parents=True)
    plan = SegmentPlan(folder, 3, segment_s, UTC, {"software": "ethoprofiler 0"})
    reports: list[RecorderProgress] = []
    stop = threading.Event()
    recorder = Recorder(plan, 0, lambda: open_camera(config), Clock(), reports.append)
    thread = threading.Thread(target=recorder.run, args=[stop])
    thread.start()
    try:
        yield RunningRecorder(folder, reports)
    finally:
        stop.set()
        thread.join(_STOP_TIMEOUT_S)
        assert not thread.is_alive()


def segments(folder: Path) -> list[Segment]:
    """Read what a recorder has left, oldest first."""
    assert not list(folder.glob("*/*.mkv.part")), "a segment has not been finished"
    videos = sorted(folder.glob("*/*.mkv"))
    return [Segment(video, read_journal(journal_path(video))) for video in videos]
