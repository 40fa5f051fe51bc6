"""Deciding what is missing between two frames of one camera, and why."""

from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Final

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.segment_journal import GapCause

STALLED_NS: Final = 2_000_000_000
"""Contract: a silent camera is noticed within 2 s."""
_PAUSE_INTERVALS: Final = 1.5
_USUAL_OF: Final = 51
"""Intervals that say how fast the camera really is: 2 s at 25 frames/s."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Frames that are not there."""

    frames: int
    cause: GapCause


class GapFinder:
    """Compares each frame with the one before; one for each opening of a camera."""

    def __init__(self, camera_format: CameraFormat, *, counts_frames: bool) -> None:
        self._nominal_ns: Final = 1e9 / camera_format.fps
        self._counts: Final = counts_frames
        self._intervals_ns: Final[deque[int]] = deque(maxlen=_USUAL_OF)

    def between(self, last: CapturedFrame, frame: CapturedFrame, dropped: int) -> Loss | None:
        """Return what is lost between two frames in the order of capture; None if nothing.

        `dropped` is how many came between them that the recorder itself had no room for. A camera
        that is slower than it says for 2 s is slow: its frames are not counted as lost.
        """
        pause_ns = frame.captured_ns - last.captured_ns
        usual_ns = self._usual_ns()
        self._intervals_ns.append(pause_ns)
        by_time = self._missing(pause_ns, usual_ns)
        by_count = max(0, frame.sequence - last.sequence - 1) if self._counts else 0
        if dropped:
            return Loss(max(dropped, by_count), "recorder overloaded")
        if pause_ns >= STALLED_NS and by_time:
            return Loss(max(by_time, by_count), "camera stalled")
        if by_count:
            return Loss(by_count, "camera dropped frames")
        if by_time and not self._counts:
            return Loss(by_time, "camera stalled")
        return None

    def missing_in(self, pause_ns: int) -> int:
        """Return how many frames fit between two that are `pause_ns` apart, at the nominal rate."""
        return self._missing(pause_ns, self._nominal_ns)

    def _usual_ns(self) -> float:
        if len(self._intervals_ns) < _USUAL_OF:
            return self._nominal_ns
        return max(self._nominal_ns, median(self._intervals_ns))

    @staticmethod
    def _missing(pause_ns: int, interval_ns: float) -> int:
        if pause_ns <= _PAUSE_INTERVALS * interval_ns:
            return 0
        return round(pause_ns / interval_ns) - 1
