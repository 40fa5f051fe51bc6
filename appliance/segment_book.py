"""Keeping the books of one segment: its rows become bouts, events and counted minutes."""

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from appliance.activity import minute_of
from appliance.behavior_event import events_of
from appliance.config import CageSection
from appliance.label_ledger import LabelLedger
from appliance.outbox import Event
from appliance.segment_start import SegmentStart
from capture_hw.error import JournalError
from capture_hw.light_plan import LightPlan
from capture_hw.segment_journal import GapFollower
from inference.bout import BoutTracker, Finding, LabelledFrame, Moment
from inference.label_file import LabelRow

_COMMIT_S: Final = 5.0
"""The longest time between two commits while nothing happens; it costs a synced write."""
_HELD_ROWS: Final = 100_000
"""Bounds what may wait for an earlier segment; more than an hour of rows."""


class SegmentBook:
    """Feeds one segment's rows to the ledger, once each, in order. One thread at a time.

    While `is_held()`, because an earlier segment of the cage is not done, rows wait in memory.
    """

    def __init__(
        self,
        ledger: LabelLedger,
        cage: CageSection,
        plan: LightPlan,
        stem: str,
        start: SegmentStart,
        journal: Path,
        is_held: Callable[[], bool] = lambda: False,
        sync_frames: Callable[[], None] = lambda: None,
    ) -> None:
        """Go on where the ledger says that the segment is; raises sqlite3.Error.

        `sync_frames` returns when the frames of all rows taken are on the disk; it is called before
        each commit, because no row may outlive its data, and may raise OSError.
        """
        self._ledger = ledger
        self._cage = cage
        self._plan = plan
        self._start = start
        self._breaks = _Breaks(journal)
        self._is_held = is_held
        self._sync_frames = sync_frames
        self._progress = ledger.progress(cage.number, stem, start.moment)
        self._is_begun = self._progress.frames > 0
        self._tracker = BoutTracker(self._progress.bout)
        self._next = self._progress.frames
        self._held: deque[LabelRow] = deque()
        self._findings: list[Finding] = []
        self._activity: Counter[tuple[int, int]] = Counter()
        self._committed_s = time.monotonic()

    @property
    def fed_frames(self) -> int:
        """How many frames have been taken, by this or by an earlier process."""
        return self._next

    @property
    def open_since(self) -> Moment | None:
        """When the bout began that is open now."""
        state = self._tracker.state
        return None if state is None else state.first.moment

    def add(self, rows: Sequence[LabelRow]) -> None:
        """Take rows; those taken before are passed over. Raises sqlite3.Error, OSError."""
        for row in rows:
            if row.frame >= self._next + len(self._held):
                self._held.append(row)
        if len(self._held) < _HELD_ROWS and self._is_held():
            return
        self._take_held()
        if self._findings or time.monotonic() - self._committed_s >= _COMMIT_S:
            self._commit(is_finished=False)

    def finish(self) -> None:
        """Commit that all rows have been taken, again if need be. Raises sqlite3.Error, OSError."""
        self._take_held()
        if self._progress.is_finished:
            return
        if self._progress.is_late:
            self._findings += self._tracker.close()
        self._commit(is_finished=True)

    def _take_held(self) -> None:
        if self._held and not self._is_begun:
            self._begin()
        if self._held:
            self._breaks.read_again()
        while self._held:
            self._take(self._held.popleft())

    def _begin(self) -> None:
        """Ask once more how the segment begins: the one before it may be done by now."""
        self._progress = self._ledger.progress(
            self._cage.number, self._progress.stem, self._start.moment
        )
        self._tracker = BoutTracker(self._progress.bout)
        self._is_begun = True

    def _take(self, row: LabelRow) -> None:
        moment = self._start.moment_at(row.time_ms)
        self._next = row.frame + 1
        self._activity[minute_of(moment.utc_ns), row.code] += 1
        self._findings += self._tracker.add(
            LabelledFrame(
                segment=self._progress.stem,
                frame=row.frame,
                code=row.code,
                confidence=row.confidence,
                moment=moment,
                lasts_ns=self._start.frame_ns,
                after_gap=row.time_ms in self._breaks,
            )
        )

    def _commit(self, *, is_finished: bool) -> None:
        self._sync_frames()
        progress = replace(
            self._progress,
            frames=self._next,
            is_finished=is_finished,
            bout=self._tracker.state,
        )
        self._ledger.store(progress, self._activity, self._events())
        self._progress = progress
        self._findings.clear()
        self._activity.clear()
        self._committed_s = time.monotonic()

    def _events(self) -> list[Event]:
        return events_of(self._findings, self._cage, self._plan, is_late=self._progress.is_late)


class _Breaks:
    """The times of frames that follow a gap, by a journal that may grow or be gone."""

    def __init__(self, journal: Path) -> None:
        self._gaps = GapFollower(journal)
        self._times_ms: set[int] = set()

    def __contains__(self, time_ms: int) -> bool:
        return time_ms in self._times_ms

    def read_again(self) -> None:
        """Read what the journal has grown by; without one, pauses longer than a second tell."""
        try:
            self._times_ms.update(gap.to_ms for gap in self._gaps.new_gaps())
        except JournalError:
            return
