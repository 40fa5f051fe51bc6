"""The threads that label one cage: its segments one after another, the growing one last."""

import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Final

from appliance.behavior_event import events_of
from appliance.cage_label_state import CageLabelState
from appliance.cage_plan import cage_plan
from appliance.left_segments import LeftSegments
from appliance.report import CageLabel
from appliance.segment_description import describe_segment
from appliance.segment_labelling import (
    LabelledSegment,
    LabellingPlan,
    LabellingWatch,
    label_segment,
)
from appliance.segment_search import Segment
from capture_hw.light_plan import LightPlan
from disk.damaged_ledger import is_lost
from disk.durable_file import part_path
from inference.bout import BoutTracker
from inference.error import InferenceError
from inference.label_video import Stopped
from inference.live_label import VideoGone

_ABANDONED_S: Final = 10.0
"""A segment that has not grown for this long while there is a newer one has no writer any more."""
_IDLE_S: Final = 5.0
"""With no segment for this long, no frame can follow within a second: the open bout has ended."""
_LOOK_S: Final = 0.1
_DRAIN_STILL_S: Final = 0.5
_MAIN: Final = "main"
_BESIDE: Final = "beside"
_BEHIND: Final = "behind"
_MOST_UNDESCRIBED: Final = 8
"""With so many segments that wait for their manifests, no other one is begun."""
_log = logging.getLogger(__name__)


class CageLabeller:
    """Labels a cage's segments on a thread of its own, and beside it what was left behind.

    A third thread writes the manifests, for which the whole video is read: meanwhile the next
    segment is followed already.
    The owner gives it the segments without labels (`set_pending`) about every second.
    """

    def __init__(self, plan: LabellingPlan, stop: Event) -> None:
        self.state: Final = CageLabelState(plan.cage.number)
        self.error: BaseException | None = None
        """What ended a thread that should not end: a bug."""
        self._plan = plan
        self._stop = stop
        self._drain_until_s: float | None = None
        self._pending: Sequence[Segment] = ()
        self._search_fault = ""
        self._left = LeftSegments()
        self._current: dict[str, str] = {}
        self._undescribed: deque[LabelledSegment] = deque()
        self._alive_s: dict[str, float] = {}
        self._idle_since_s: float | None = None
        self._light: LightPlan | None = None
        self._threads = [
            Thread(target=self._guard, args=(work,), name=f"{name}-{plan.cage.label}", daemon=True)
            for name, work in (
                (_MAIN, self._label_in_order),
                (_BESIDE, self._label_beside),
                (_BEHIND, self._describe_behind),
            )
        ]

    def start(self) -> None:
        """Begin; call it once."""
        for thread in self._threads:
            thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait for the threads after the stop."""
        for thread in self._threads:
            thread.join(timeout_s)

    def drain(self, until_s: float) -> None:
        """Before a stop: finish what has ended, begin nothing, give up at a monotonic moment."""
        self._drain_until_s = until_s

    @property
    def is_busy(self) -> bool:
        """Whether a segment is being labelled or waits for its manifest."""
        return bool(self._current or self._undescribed)

    def set_pending(self, segments: Sequence[Segment]) -> None:
        """Take the cage's segments without labels, by name."""
        self._pending, self._search_fault = segments, ""
        self._left.keep_only({segment.stem for segment in segments})
        if segments:
            self._idle_since_s = None
        elif self._idle_since_s is None:
            self._idle_since_s = time.monotonic()

    def set_search_fault(self, reason: str) -> None:
        """Say why the cage's folder cannot be read, one sentence."""
        self._search_fault = reason

    def silent_s(self) -> float:
        """Return for how long a thread that labels has neither read nor waited for a frame."""
        alive_s = list(self._alive_s.values())
        return time.monotonic() - min(alive_s) if alive_s else 0.0

    def report(self) -> CageLabel:
        """Return what is known now."""
        busy = self._busy_stems()
        waiting = [s for s in self._pending if not s.is_growing and s.stem not in busy]
        return self.state.report(len(waiting), self._search_fault or self._left.fault())

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - a thread's outermost loop; the owner raises
            self.error = error

    def _label_in_order(self) -> None:
        while not self._stop.is_set():
            segment = self._next()
            if segment is None:
                self._close_if_idle()
                self._stop.wait(_LOOK_S)
            else:
                self._label(segment, _MAIN)

    def _label_beside(self) -> None:
        while not self._stop.wait(_LOOK_S):
            segment = self._next_beside()
            if segment is not None:
                self._label(segment, _BESIDE)

    def _describe_behind(self) -> None:
        while not self._stop.wait(_LOOK_S):
            while self._undescribed and not self._stop.is_set():
                self._describe(self._undescribed[0])

    def _next(self) -> Segment | None:
        """Return the oldest segment that stands not aside, or tries again for lack of another."""
        for segment in self._open_segments():
            if segment not in self._left or (self._is_last(segment) and self._left.is_due(segment)):
                return segment
        return None

    def _next_beside(self) -> Segment | None:
        """Return a finished segment that stands aside and whose time has come."""
        for segment in self._open_segments():
            if not segment.is_growing and not self._is_last(segment) and self._left.is_due(segment):
                return segment
        return None

    def _open_segments(self) -> Sequence[Segment]:
        """Return the segments that no thread is labelling or describing; none before a stop."""
        if self._drain_until_s is not None or len(self._undescribed) >= _MOST_UNDESCRIBED:
            return ()
        busy = self._busy_stems()
        return [segment for segment in self._pending if segment.stem not in busy]

    def _busy_stems(self) -> set[str]:
        return set(self._current.values()) | self._undescribed_stems()

    def _undescribed_stems(self) -> set[str]:
        return {done.segment.stem for done in tuple(self._undescribed)}

    def _is_last(self, segment: Segment) -> bool:
        """Say whether there is no other segment that could be labelled instead."""
        not_others = {segment.stem} | self._undescribed_stems()
        others = [other for other in self._pending if other.stem not in not_others]
        return all(other in self._left for other in others)

    def _label(self, segment: Segment, line: str) -> None:
        self._current[line], self._alive_s[line] = segment.stem, time.monotonic()
        try:
            done = label_segment(segment, self._plan, self._watch(segment, line))
        except Stopped:
            if not self._stop.is_set() and self._drain_until_s is None:
                self._warn(self._left.add_abandoned(segment))
        except VideoGone:
            self._forget(segment)
        except (InferenceError, OSError, sqlite3.Error) as error:
            if is_lost(error):
                raise
            self._warn(self._left.add_failed(segment, error))
        else:
            if done is None:
                self._drop(segment)
            else:
                self._light = done.light if line == _MAIN else self._light
                self._undescribed.append(done)
        finally:
            del self._current[line], self._alive_s[line]

    def _describe(self, done: LabelledSegment) -> None:
        """Write one manifest; what was stopped keeps its place."""
        segment = done.segment
        self._current[_BEHIND], self._alive_s[_BEHIND] = segment.stem, time.monotonic()
        try:
            describe_segment(
                done, self._plan, lambda still_s: self._gives_up(segment, _BEHIND, still_s)
            )
        except Stopped:
            self._stop.wait(_LOOK_S)
            return
        except (InferenceError, OSError) as error:
            self._warn(self._left.add_failed(segment, error))
        else:
            _log.info("cage %s: %s labelled", self._plan.cage.label, segment.stem)
            self._drop(segment)
        finally:
            del self._current[_BEHIND], self._alive_s[_BEHIND]
        self._undescribed.popleft()

    def _watch(self, segment: Segment, line: str) -> LabellingWatch:
        """Return how a run is led; what stands aside is not what the animal does now."""
        is_now = line == _MAIN
        return LabellingWatch(
            give_up=lambda still_s: self._gives_up(segment, line, still_s),
            is_held=lambda: is_now and self._left.may_be_repaired_before(segment),
            on_rows=self.state.add if is_now else lambda *_: None,
            on_resume=self.state.resume if is_now else lambda *_: None,
        )

    def _gives_up(self, segment: Segment, line: str, still_s: float) -> bool:
        self._alive_s[line] = time.monotonic()
        if self._stop.is_set():
            return True
        if self._drain_until_s is not None:
            return still_s > _DRAIN_STILL_S or time.monotonic() > self._drain_until_s
        return still_s > _ABANDONED_S and not self._is_last(segment)

    def _forget(self, segment: Segment) -> None:
        """Remove what was written about a segment that held no frame, or that somebody removed."""
        part_path(segment.labels).unlink(missing_ok=True)
        self._drop(segment)
        self._warn(f"{segment.video}: is gone")

    def _drop(self, segment: Segment) -> None:
        self._pending = [other for other in self._pending if other.stem != segment.stem]
        self._left.discard(segment)

    def _close_if_idle(self) -> None:
        """End a bout that nothing will follow."""
        since_s, plan = self._idle_since_s, self._plan
        if since_s is None or time.monotonic() - since_s < _IDLE_S:
            return
        self._idle_since_s = time.monotonic()
        try:
            carried = plan.ledger.carried(plan.cage.number)
            if carried is None:
                return
            light = self._light or cage_plan(plan.config, plan.cage)
            findings = BoutTracker(carried).close()
            plan.ledger.drop_carried(
                plan.cage.number, events_of(findings, plan.cage, light, is_late=False)
            )
        except sqlite3.Error as error:
            if is_lost(error):
                raise
            self._warn(f"the event ledger: {error}")

    def _warn(self, reason: str | None) -> None:
        if reason is not None:
            _log.warning("cage %s: %s", self._plan.cage.label, reason)
