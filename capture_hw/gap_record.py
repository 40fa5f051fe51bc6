"""A cage's gaps on their way into the journals and the log, with their sums."""

from collections.abc import Callable, Iterable
from typing import Final

from capture_hw.gap_log import GapLog
from capture_hw.gap_run import FoundGap, GapRun
from capture_hw.segment_file import SegmentFile


class GapRecord:
    """Writes gaps into the segment that is open. One thread at a time."""

    def __init__(self, name: str, monotonic_ns: Callable[[], int]) -> None:
        """`name` is the cage's in the log."""
        self.gaps = 0
        self.frames_lost = 0
        self._log: Final = GapLog(name)
        self._run: Final = GapRun()
        self._monotonic_ns: Final = monotonic_ns

    def note(self, segment: SegmentFile, gap: FoundGap) -> None:
        """Take a gap before the frame at its end is written; raises StorageError."""
        self.gaps += 1
        self.frames_lost += gap.loss.frames
        from_ms, to_ms = segment.time_ms(gap.from_ns), segment.time_ms(gap.to_ns)
        self._log.note(segment.stem, from_ms, to_ms, gap.loss, self._monotonic_ns())
        _write(segment, self._run.take(gap))

    def settle(self, segment: SegmentFile, frame_ns: int, *, is_first: bool) -> None:
        """Write down what is due before a frame, which may be the segment's first.

        Raises StorageError.
        """
        take = self._run.rest if is_first else self._run.due
        _write(segment, take(frame_ns))

    def end(self, segment: SegmentFile, last_ns: int) -> None:
        """Write down what is left after a segment's last frame; raises StorageError."""
        just_behind_ns = last_ns + 1_000_000  # no frame's time: nobody waits for a gap there
        _write(segment, self._run.rest(just_behind_ns))

    def look(self) -> None:
        """Look after the log; call it now and then."""
        self._log.look(self._monotonic_ns())


def _write(segment: SegmentFile, gaps: Iterable[FoundGap]) -> None:
    for gap in gaps:
        from_ms, to_ms = segment.time_ms(gap.from_ns), segment.time_ms(gap.to_ns)
        segment.add_gap(from_ms, to_ms, gap.loss.frames, gap.loss.cause, gap.count)
