"""A cage's gaps on their way into the journals and the log, with their sums."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from capture_hw.gap_log import GapLog
from capture_hw.gap_run import FoundGap, GapRun
from capture_hw.segment_file import SegmentFile

_REMEMBERED: Final = 8
"""Gaps that may lie behind the last frame of a broken file. Source: `capture_hw.written_frame`."""


class GapRecord:
    """Writes gaps into the segment that is open, each into one journal. One thread at a time.

    A gap is written before the frame at its end, which the disk may then refuse. It stays noted:
    what is missing after it is another gap, without its frames (`frames_noted_after`).
    """

    def __init__(self, name: str, monotonic_ns: Callable[[], int]) -> None:
        """`name` is the cage's in the log."""
        self.gaps = 0
        self.frames_lost = 0
        self._log: Final = GapLog(name)
        self._run: Final = GapRun()
        self._monotonic_ns: Final = monotonic_ns
        self._noted: Final[deque[FoundGap]] = deque(maxlen=_REMEMBERED)
        self._due: Final[list[FoundGap]] = []
        """To be written, and in no journal yet."""
        self._before_first: Final[list[FoundGap]] = []
        """In the open segment's journal, from before its first frame."""

    def note(self, segment: SegmentFile, gap: FoundGap) -> None:
        """Take a gap before the frame at its end is written; raises StorageError."""
        self.count(segment, gap)
        self._remember(gap)
        self._write(segment, self._run.take(gap))

    def frames_noted_after(self, last_ns: int) -> int:
        """Return how many frames are noted as lost after the last one that is in a file."""
        return sum(gap.loss.frames for gap in self._noted if gap.to_ns > last_ns)

    def count(
        self, segment: SegmentFile, gap: FoundGap, instead_of: FoundGap | None = None
    ) -> None:
        """Count and tell a gap that is in a journal already, `instead_of` one that it corrects."""
        self.gaps += 1 if instead_of is None else 0
        self.frames_lost += gap.loss.frames - (instead_of.loss.frames if instead_of else 0)
        from_ms, to_ms = segment.time_ms(gap.from_ns), segment.time_ms(gap.to_ns)
        self._log.note(segment.stem, from_ms, to_ms, gap.loss, self._monotonic_ns())

    def settle(self, segment: SegmentFile, frame_ns: int, *, is_first: bool) -> None:
        """Write down what is due before a frame, which may be the segment's first.

        Raises StorageError.
        """
        take = self._run.rest if is_first else self._run.due
        self._write(segment, take(frame_ns))

    def end(self, segment: SegmentFile, last_ns: int) -> None:
        """Write down what is left after a segment's last frame; raises StorageError."""
        just_behind_ns = last_ns + 1_000_000  # no frame's time: nobody waits for a gap there
        self._write(segment, self._run.rest(just_behind_ns))

    def begin(self) -> None:
        """Note that a segment begins."""
        self._before_first.clear()

    def discard(self, segment: SegmentFile) -> None:
        """Note that a segment's journal is gone with its video, which had no frame.

        What was lost before it is written into the next one; what was lost in it is unknown again.
        """
        self._due[:0] = self._before_first
        self._before_first.clear()
        while self._noted and self._noted[-1].to_ns > segment.start_ns:
            gap = self._noted.pop()
            self.gaps -= 1
            self.frames_lost -= gap.loss.frames

    def look(self) -> None:
        """Look after the log; call it now and then."""
        self._log.look(self._monotonic_ns())

    def _remember(self, gap: FoundGap) -> None:
        """Make one of all that are noted after the same frame, which may never be in a file."""
        while self._noted and self._noted[-1].to_ns > gap.from_ns:
            gap = _joined(self._noted.pop(), gap)
        self._noted.append(gap)

    def _write(self, segment: SegmentFile, gaps: Iterable[FoundGap]) -> None:
        """Write what is due, then these; what cannot be written is due again."""
        for gap in gaps:
            self._put_off(gap)
        while self._due:
            gap = self._due[0]
            to_ns = max(gap.to_ns, segment.start_ns)  # before the first frame it ends there
            from_ms, to_ms = segment.time_ms(gap.from_ns), segment.time_ms(to_ns)
            segment.add_gap(from_ms, to_ms, gap.loss.frames, gap.loss.cause, gap.count)
            del self._due[0]
            if not segment.frames:
                self._before_first.append(gap)

    def _put_off(self, gap: FoundGap) -> None:
        """Put a gap behind those that are due; on a disk that always refuses they become one."""
        last = self._due[-1] if self._due else None
        if last is not None and last.loss.cause == gap.loss.cause:
            self._due[-1] = _joined(last, gap)
            self.gaps -= 0 if self._due[-1].count else 1
        else:
            self._due.append(gap)


def _joined(gap: FoundGap, later: FoundGap) -> FoundGap:
    """Return two gaps as one; there may be frames between them only if one is a sum already."""
    count = (gap.count or 1) + (later.count or 1) if gap.count or later.count else None
    loss = replace(later.loss, frames=gap.loss.frames + later.loss.frames)
    return FoundGap(min(gap.from_ns, later.from_ns), later.to_ns, loss, count)
