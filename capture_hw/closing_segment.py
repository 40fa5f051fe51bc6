"""Closed segments of a cage on their way to their final names."""

import time
from typing import Final

from capture_hw.earlier_recording import EarlierRecording
from capture_hw.segment_file import SegmentFile


class ClosingSegments:
    """Oldest first; one that cannot have its name is handed over for a repair. One thread."""

    def __init__(self, earlier: EarlierRecording | None) -> None:
        """`earlier` repairs what keeps its unfinished name."""
        self._earlier: Final = earlier
        self._segments: list[SegmentFile] = []

    @property
    def fault(self) -> str:
        """What the disk says to the oldest that it refuses, one sentence; empty if to none."""
        return next((one.fault for one in self._segments if one.fault), "")

    def add(self, segment: SegmentFile) -> None:
        """Take a segment that was finished or broken off."""
        self._segments.append(segment)
        self.look()

    def look(self) -> None:
        """Let go of those that are done; call it about once a second."""
        done = [one for one in self._segments if one.join(0)]
        self._segments = [one for one in self._segments if one not in done]
        for one in done:
            if one.is_left and self._earlier is not None:
                self._earlier.add_left(one.part)

    def join(self, timeout_s: float) -> bool:
        """Wait until all are done, for all of them together; say whether they are in time."""
        deadline_s = time.monotonic() + timeout_s
        if timeout_s > 0:
            for segment in self._segments:
                segment.hurry()
        for segment in self._segments:
            segment.join(max(0.0, deadline_s - time.monotonic()))
        self.look()
        return not self._segments
