"""The gap between the cage's last frame of an earlier run and the first frame of this one."""

import logging
import os
from typing import Final

from capture_hw.gap_finder import GapFinder, Loss
from capture_hw.gap_record import GapRecord
from capture_hw.gap_run import FoundGap
from capture_hw.left_behind import EarlierFrame
from capture_hw.segment_file import SegmentFile
from capture_hw.segment_journal import SegmentGap, extend_journal, journal_path

_log = logging.getLogger(__name__)


class EarlierGap:
    """Belongs into the journal of this run's first segment, whenever the last frame is found.

    A line that is written later corrects the first one: `read_journal` takes the last. One thread
    at a time.
    """

    def __init__(self, record: GapRecord) -> None:
        self._record: Final = record
        self._first: SegmentFile | None = None
        self._noted: FoundGap | None = None

    def begin(self, segment: SegmentFile) -> None:
        """Note that a segment begins."""
        self._first = self._first or segment

    def note(self, last: EarlierFrame, finder: GapFinder, current: SegmentFile | None) -> bool:
        """Write down the gap behind `last`, or correct it; `current` is the segment that is open.

        If the first segment has its manifest already, the gap goes into the current one, and cannot
        be corrected. Returns False as long as there is no segment for it. Raises StorageError.
        """
        if self._first is None:
            return False
        gap = _gap_between(last, self._first, finder)
        if self._write_into_first(gap, current):
            self._record.count(self._first, gap, instead_of=self._noted)
        elif self._noted is None:
            if current is None:
                return False
            _add(current, gap)
            self._record.count(current, gap)
        else:
            return True
        self._noted = gap
        return True

    def _write_into_first(self, gap: FoundGap, current: SegmentFile | None) -> bool:
        """Write the gap into the first segment's journal, if that is of use; say whether it was."""
        first = self._first
        assert first is not None
        if first is current:
            _add(first, gap)
            return True
        try:
            if first.path.with_suffix(".json").exists():
                return False
            extend_journal(journal_path(first.path), [_line(first, gap)])
        except FileNotFoundError:
            return False  # with the manifest it goes
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            _log.warning("%s: its journal cannot be written: %s", first.path, reason)
            return False
        return True


def _gap_between(last: EarlierFrame, first: SegmentFile, finder: GapFinder) -> FoundGap:
    header = first.header
    pause_ns = header.start_utc_ns - last.utc_ns
    if last.boot_id == header.boot_id:
        pause_ns = header.start_monotonic_ns - last.monotonic_ns
    pause_ns = max(0, pause_ns)
    loss = Loss(finder.missing_in(pause_ns), last.cause)
    return FoundGap(first.start_ns - pause_ns, first.start_ns, loss)


def _line(segment: SegmentFile, gap: FoundGap) -> SegmentGap:
    return SegmentGap(
        from_ms=segment.time_ms(gap.from_ns),
        to_ms=segment.time_ms(gap.to_ns),
        frames_lost=gap.loss.frames,
        cause=gap.loss.cause,
    )


def _add(segment: SegmentFile, gap: FoundGap) -> None:
    line = _line(segment, gap)
    segment.add_gap(line.from_ms, line.to_ms, line.frames_lost, line.cause)
