"""What the classifier knows of one cage now, for its report."""

import time
from collections.abc import Sequence
from threading import Lock
from typing import Final

from appliance.report import CageLabel
from appliance.segment_search import Segment
from appliance.segment_start import SegmentStart
from capture_hw.segment_clock import boot_id
from inference.bout import Moment
from inference.ethogram import CODE_NAMES
from inference.label_file import LabelRow

_LONGEST_STEP_NS: Final = 1_000_000_000


class CageLabelState:
    """The newest label of a cage. One thread adds rows, any thread asks."""

    def __init__(self, cage: int) -> None:
        self.frames = 0
        """Labelled by this process."""
        self._cage = cage
        self._boot = boot_id()
        self._lock = Lock()
        self._segment: str | None = None
        self._row = LabelRow(0, 0, 0, 0.0)
        self._since: Moment | None = None
        self._last: Moment | None = None

    def add(self, segment: Segment, start: SegmentStart, rows: Sequence[LabelRow]) -> None:
        """Take new rows, in order."""
        with self._lock:
            self.frames += len(rows)
            for row in rows:
                self._add(segment.stem, row, start.moment_at(row.time_ms))

    def resume(
        self, segment: Segment, start: SegmentStart, row: LabelRow, since: Moment | None
    ) -> None:
        """Take the last row of an earlier process, whose bout began at `since` if that is known."""
        with self._lock:
            self._add(segment.stem, row, start.moment_at(row.time_ms))
            self._since = since or self._since

    def report(self, waiting_segments: int, fault: str) -> CageLabel:
        """Return the state as a report has it."""
        with self._lock:
            row, last, since = self._row, self._last, self._since
            return CageLabel(
                cage=self._cage,
                behavior=None if last is None else CODE_NAMES[row.code],
                confidence=row.confidence,
                since_utc_ns=0 if since is None else since.utc_ns,
                segment=self._segment,
                frame=row.frame,
                lag_s=0.0 if last is None else round(self._age_s(last), 3),
                waiting_segments=waiting_segments,
                fault=fault,
            )

    def _add(self, stem: str, row: LabelRow, moment: Moment) -> None:
        goes_on = (
            self._last is not None
            and row.code == self._row.code
            and 0 <= moment.after(self._last) <= _LONGEST_STEP_NS
        )
        if not goes_on:
            self._since = moment
        self._segment, self._row, self._last = stem, row, moment

    def _age_s(self, moment: Moment) -> float:
        """Return the age of a moment, by the clock that is never set if it is of this boot."""
        if moment.clock == self._boot:
            return max(0.0, (time.monotonic_ns() - moment.clock_ns) / 1e9)
        return max(0.0, (time.time_ns() - moment.utc_ns) / 1e9)
