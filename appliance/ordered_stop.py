"""Ending a rack in order: recorders first, so that their last labels and events still get out."""

import logging
from typing import Final

from appliance.report import PublisherDetail
from appliance.worker_slot import WorkerSlot
from appliance.worker_table import WorkerTable

_log = logging.getLogger(__name__)

_STAGE_OF: Final = {"classifier": 1, "publisher": 2, "uploader": 2}
"""All others, recorders, watcher and lights, are stage 0."""
_LAST: Final = 2
_LINGER_S: Final = (2.0, 1.0)
"""From the end of a stage to the next: the classifier is a fraction of a second behind the
recorders, the publisher behind the classifier."""
_SHARE: Final = (0.6, 0.8)
"""Of the whole time; then the next stage begins although this one has not ended."""
_HASTE_S: Final = 3.0
_GIVE_UP_S: Final = 5.0
"""After SIGKILL; who is left then waits in the kernel for a dead device."""


class OrderedStop:
    """Three stages: recorders, watcher, lights; the classifier; the senders.

    Each waits for the last.
    Who is left `stop_s` after `begin` is killed. Times are monotonic seconds.
    """

    def __init__(self, table: WorkerTable, stop_s: float) -> None:
        self._table: Final = table
        self._stop_s: Final = stop_s
        self._stage = 0
        self._quiet_s: float | None = None
        """When the workers up to this stage had ended."""
        self._kill_s = 0.0
        self._hasty = False
        self.begun_s: float | None = None

    def begin(self, now_s: float) -> None:
        """Begin; called once more, end it in haste."""
        if self.begun_s is None:
            self.begun_s, self._kill_s = now_s, now_s + self._stop_s
        elif not self._hasty:
            _log.warning("told to stop once more: not waiting for last labels and events")
            self._hasty, self._kill_s = True, min(self._kill_s, now_s + _HASTE_S)

    def turn(self, now_s: float) -> bool:
        """Do what is due; say whether the rack has ended, or cannot be ended further."""
        if self.begun_s is None:
            return False
        for slot in self._table.slots.values():
            slot.wanted = False
        while self._stage < _LAST and self._may_go_on(now_s):
            self._stage, self._quiet_s = self._stage + 1, None
        for slot in self._slots_up_to(self._stage):
            slot.stop(now_s)
        if now_s >= self._kill_s:
            for slot in self._table.running():
                slot.kill_now(f"not stopped {now_s - self.begun_s:.0f} s after the rack was to end")
        return not self._table.running() or now_s >= self._kill_s + _GIVE_UP_S

    def _may_go_on(self, now_s: float) -> bool:
        assert self.begun_s is not None
        if self._hasty or now_s >= self.begun_s + self._stop_s * _SHARE[self._stage]:
            return True
        if any(slot.process for slot in self._slots_up_to(self._stage)):
            return False
        if self._quiet_s is None:
            self._quiet_s = now_s
        following = [slot for slot in self._table.running() if _stage_of(slot) == self._stage + 1]
        if not following:
            return True
        lingered = now_s >= self._quiet_s + _LINGER_S[self._stage]
        return lingered and not any(_is_sending(slot) for slot in following)

    def _slots_up_to(self, stage: int) -> list[WorkerSlot]:
        return [slot for slot in self._table.slots.values() if _stage_of(slot) <= stage]


def _stage_of(slot: WorkerSlot) -> int:
    return _STAGE_OF.get(slot.name, 0)


def _is_sending(slot: WorkerSlot) -> bool:
    """Say whether a publisher still gets events out."""
    detail = slot.report.detail if slot.report else None
    return isinstance(detail, PublisherDetail) and detail.connected and detail.waiting > 0
