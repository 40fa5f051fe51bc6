"""All workers of a rack: who is needed, who runs, who is replaced, who hangs."""

import logging
import re
import select
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from appliance.config import RackConfig
from appliance.rack_path import lock_path, log_path
from appliance.report import Report
from appliance.worker import RECORDER
from appliance.worker_slot import Patience, WorkerSlot

_log = logging.getLogger(__name__)
CommandOf: TypeAlias = Callable[[str], list[str]]
"""Returns the command that runs the worker of a name."""

_WORKER: Final = re.compile(r"recorder-\d\d|classifier|watcher|lights|publisher|uploader")
_TOGETHER_S: Final = 1.0
_HUSHED: Final = 0.3
"""Of the allowed silence: six reports are missing, so it is silent, if not yet hung."""
_FEWEST: Final = 2


class WorkerTable:
    """The slots of a rack. `fileno` is readable when a process ended. One thread."""

    def __init__(
        self, config: RackConfig, config_sha256: str, command_of: CommandOf, patience: Patience
    ) -> None:
        self._config: Final = config
        self._sha256: Final = config_sha256
        self._command_of: Final = command_of
        self._patience: Final = patience
        self._ends: Final = select.epoll()
        self.slots: Final = {name: self._slot(name) for name in worker_names(config)}

    def fileno(self) -> int:
        """Return a descriptor that is readable when a process has ended."""
        return self._ends.fileno()

    def close(self) -> None:
        """Let go of all processes without ending them."""
        self._ends.close()
        for slot in self.slots.values():
            if slot.process is not None:
                slot.process.close()

    def running(self) -> list[WorkerSlot]:
        """Return the slots that have a process."""
        return [slot for slot in self.slots.values() if slot.process is not None]

    def dismiss_strangers(self, now_s: float) -> None:
        """Stop the workers that an earlier configuration needed and this one does not."""
        folder = lock_path(self._config, RECORDER).parent
        names = [lock.name for lock in folder.iterdir()] if folder.is_dir() else []
        for name in sorted(set(names) - set(self.slots)):
            slot = self._slot(name)
            if _WORKER.fullmatch(name) and slot.adopt(now_s):
                _log.warning("%s: not in the configuration any more; stopping it", name)
                slot.wanted = False
                self.slots[name] = slot
                self._watch(slot)
                slot.stop(now_s)

    def hear(self, reports: Iterable[Report], now_s: float) -> None:
        """Give each report to its slot."""
        for report in reports:
            if slot := self.slots.get(report.worker):
                slot.hear(report, now_s)

    def forgive(self, now_s: float) -> None:
        """Count nobody's silence up to now: nobody was listening."""
        for slot in self.slots.values():
            slot.forgive(now_s)

    def turn(self, now_s: float) -> None:
        """Notice ends, start what is due, replace what is outdated, end what hangs."""
        for slot in list(self.slots.values()):
            ended = slot.notice_end(now_s)
            if slot.start_if_due(now_s):
                self._watch(slot)
            elif ended and slot.name not in worker_names(self._config):
                del self.slots[slot.name]
            slot.kill_if_deaf(now_s)
        self._replace_outdated(now_s)
        self._kill_hung(now_s)

    def _replace_outdated(self, now_s: float) -> None:
        """Stop adopted workers of another configuration or software; recorders one by one.

        Who was started from here has this configuration. If it says otherwise, an update has come
        under the running supervisor, and a successor would say the same.
        """
        recorders = [slot for slot in self.slots.values() if slot.name.startswith(RECORDER)]
        # A recorder in a crash loop does not keep the others from their new configuration.
        busy = any(slot.condition in ("starting", "stopping") for slot in recorders)
        for slot in self.slots.values():
            if not self._is_outdated(slot) or (slot in recorders and busy):
                continue
            _log.info("%s: runs with another configuration; replacing it", slot.name)
            slot.stop(now_s)
            busy = busy or slot in recorders

    def _is_outdated(self, slot: WorkerSlot) -> bool:
        return (
            slot.report is not None
            and slot.is_adopted
            and not slot.is_stopping
            and slot.wanted
            and slot.report.config_sha256 != self._sha256
        )

    def _kill_hung(self, now_s: float) -> None:
        """End who has been silent too long, unless so many fell silent at once that it is not them.

        A respite comes once between two beats: a rack that really hangs as a whole is restarted.
        """
        for slot in self.running():
            if slot.overdue_s(now_s) <= 0:
                continue
            if not slot.respited and self._fell_silent_together(slot, now_s):
                for other in self.running():
                    other.forgive(now_s)
                    other.respited = True
                _log.warning("most workers fell silent in the same second; waiting once more")
                return
            slot.kill_as_hung(now_s)

    def _fell_silent_together(self, hung: WorkerSlot, now_s: float) -> bool:
        running = [slot for slot in self.running() if not slot.is_stopping]
        hushed_s = self._patience.silence_s * _HUSHED
        together = [
            slot
            for slot in running
            if now_s - slot.heard_s > hushed_s and abs(slot.heard_s - hung.heard_s) <= _TOGETHER_S
        ]
        return len(together) >= _FEWEST and 2 * len(together) > len(running)

    def _slot(self, name: str) -> WorkerSlot:
        return WorkerSlot(
            name,
            lock=lock_path(self._config, name),
            stderr=log_path(self._config, name).with_suffix(".stderr"),
            command=self._command_of(name),
            patience=self._patience,
        )

    def _watch(self, slot: WorkerSlot) -> None:
        assert slot.process is not None
        # Closing the descriptor ends the watch by itself.
        self._ends.register(slot.process.fileno(), select.EPOLLIN)


def worker_names(config: RackConfig) -> list[str]:
    """Return the workers that a configuration needs, recorders first."""
    names = [f"{RECORDER}-{cage.label}" for cage in config.cage]
    names += ["lights"] if config.lights.panel else []
    names += ["classifier", "watcher"]
    names += ["publisher"] if config.mqtt else []
    names += ["uploader"] if config.store else []
    return names
