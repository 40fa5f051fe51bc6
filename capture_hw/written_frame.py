"""The last frames that were handed to files, and which of them a broken file has kept."""

from collections import deque
from typing import Final

from capture_hw.camera import CapturedFrame
from capture_hw.segment_file import SegmentFile

_REMEMBERED: Final = 8
"""Frames that may have been handed to a file without being in it when the disk refuses."""


class WrittenFrames:
    """The end of a cage's recording so far. One thread at a time."""

    def __init__(self) -> None:
        self.count = 0
        self.counts_on = False
        """Whether the next frame's sequence number can be compared with the last one's."""
        self._frames: Final[deque[CapturedFrame]] = deque(maxlen=_REMEMBERED)
        self._before: CapturedFrame | None = None
        """The last frame before the segment that is being written."""
        self._before_counts_on = False

    @property
    def last(self) -> CapturedFrame | None:
        """The last frame; after a broken file, of some only the time is known."""
        return self._frames[-1] if self._frames else None

    def add(self, frame: CapturedFrame) -> None:
        """Note a frame that was handed to the segment that is being written."""
        self._frames.append(frame)
        self.count += 1
        self.counts_on = True

    def begin_segment(self) -> None:
        """Note that the frames that follow are another segment's."""
        self._before, self._before_counts_on = self.last, self.counts_on

    def take_back(self, segment: SegmentFile, last_ms: int | None) -> None:
        """Forget what is not in a broken segment's file, which ends at `last_ms`; None: at none."""
        if last_ms is None:
            self.count -= segment.frames
            self._frames.clear()
            if self._before is not None:
                self._frames.append(self._before)
            self.counts_on = self._before_counts_on
        while self._frames and not _holds(segment, last_ms, self._frames[-1]):
            self._frames.pop()
            self.count -= 1
        if last_ms is not None and not self._frames:
            self._frames.append(_frame_at(segment, last_ms))
            self.counts_on = False


def _frame_at(segment: SegmentFile, time_ms: int) -> CapturedFrame:
    """Return a frame of which only the time is known any more."""
    captured_ns = segment.start_ns + time_ms * 1_000_000
    return CapturedFrame(captured_ns, sequence=0, content=b"", is_key=False)


def _holds(segment: SegmentFile, last_ms: int | None, frame: CapturedFrame) -> bool:
    """Return whether a frame is in a file that ends at `last_ms`, or in an earlier one."""
    time_ms = segment.time_ms(frame.captured_ns)
    return time_ms < 0 or (last_ms is not None and time_ms <= last_ms)
