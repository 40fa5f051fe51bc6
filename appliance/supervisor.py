"""The supervisor: starts the rack's workers, watches them, answers people, ends all in order.

One thread, one loop. It touches no device and no network; its death costs the workers nothing.
"""

import logging
import selectors
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from appliance import rack_path
from appliance.alarm import Alarm
from appliance.alert import Finding
from appliance.cage_plan import cage_plan
from appliance.clock_state import is_clock_synchronized
from appliance.config import RackConfig
from appliance.control_server import ControlServer
from appliance.data_folder import prepare_folders
from appliance.disk_space import RackDisks
from appliance.instance_lock import InstanceLock
from appliance.ledger_writer import LedgerWriter
from appliance.operator_desk import OperatorDesk
from appliance.ordered_stop import OrderedStop
from appliance.rack_path import SUPERVISOR
from appliance.rack_status import RackReporter
from appliance.recording_event import RecordingEvents
from appliance.report_inbox import ReportInbox
from appliance.status import RackStatus, Severity
from appliance.stop_signal import StopSignals
from appliance.stopped_cages import StoppedCages
from appliance.systemd import ServiceNotice
from appliance.worker import RECORDER
from appliance.worker_slot import Patience
from appliance.worker_table import CommandOf, WorkerTable

_log = logging.getLogger(__name__)
_TURN_S: Final = 0.25
_LEDGER_CLOSE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The supervisor's times, seconds."""

    patience: Patience = field(default_factory=Patience)
    late_s: float = 2.0
    """A loop that comes back so much too late was stopped itself; nobody is to blame then."""
    stop_s: float = 18.0
    """From the first order to stop to SIGKILL for who is left."""
    look_s: float = 1.0
    """Between two looks at alerts, disk and recordings."""


class Supervisor:
    """A context manager that holds the rack's lock and sockets; `run` is its life."""

    def __init__(
        self,
        config: RackConfig,
        config_sha256: str,
        command_of: CommandOf,
        limits: Limits | None = None,
    ) -> None:
        self._config: Final = config
        self._sha256: Final = config_sha256
        self._command_of: Final = command_of
        self._limits: Final = limits or Limits()
        self._held: Final = ExitStack()

    def __enter__(self) -> Self:
        """Take the lock and the sockets. Raises AlreadyRunning, OSError."""
        with ExitStack() as held:
            held.enter_context(InstanceLock(rack_path.lock_path(self._config, SUPERVISOR)))
            prepare_folders(self._config)
            self._signals = held.enter_context(StopSignals())
            self._inbox = held.enter_context(ReportInbox(rack_path.reports_socket(self._config)))
            self._ledger = LedgerWriter(rack_path.event_ledger(self._config))
            self._alarm = Alarm(self._config, self._ledger, self._ledger.start())
            held.callback(self._ledger.close, _LEDGER_CLOSE_S)
            self._stopped = StoppedCages(rack_path.stopped_cages(self._config))
            self._table = WorkerTable(
                self._config, self._sha256, self._command_of, self._limits.patience
            )
            held.callback(self._table.close)
            self._stop = OrderedStop(self._table, self._limits.stop_s)
            self._control = held.enter_context(self._open_control())
            self._selector = held.enter_context(selectors.DefaultSelector())
            for source in (self._signals, self._inbox, self._table, self._control):
                self._selector.register(source, selectors.EVENT_READ)
            self._held.push(held.pop_all())
        self._disks = RackDisks(self._config)
        self._reporter = RackReporter(self._config, self._table.slots, self._stopped)
        self._recordings = RecordingEvents(
            {cage.number: cage_plan(self._config, cage) for cage in self._config.cage}
        )
        self._notice = ServiceNotice()
        self._looked_s = 0.0
        self._clock_synchronized = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.close()

    def run(self) -> bool:
        """Keep the rack running until a signal or a person ends it; say whether nothing is left."""
        self._begin(time.monotonic())
        expected_s = time.monotonic()
        while True:
            now_s = time.monotonic()
            if now_s - expected_s > self._limits.late_s:
                _log.warning("the supervisor itself was held up for %.1f s", now_s - expected_s)
                self._table.forgive(now_s)
            if self._turn(now_s):
                break
            expected_s = self._wait(now_s)
        left = ", ".join(slot.name for slot in self._table.running())
        if left:
            _log.error("%s: ends, but the kernel does not let go of %s", SUPERVISOR, left)
        else:
            _log.info("%s: stopped in order", SUPERVISOR)
        return not left

    def _begin(self, now_s: float) -> None:
        for cage in self._config.cage:
            stopped = self._stopped.get(cage.number) is not None
            self._table.slots[f"{RECORDER}-{cage.label}"].wanted = not stopped
        self._table.dismiss_strangers(now_s)
        _log.info("%s: runs %s", SUPERVISOR, ", ".join(self._table.slots))
        self._notice.send("READY=1", f"STATUS={len(self._config.cage)} cages")

    def _turn(self, now_s: float) -> bool:
        """Do all that is due; say whether the rack has ended."""
        for _ in range(self._signals.take()):
            self._begin_stop()
        self._table.hear(self._inbox.take(), now_s)
        self._table.turn(now_s)
        self._control.serve(0)
        if now_s - self._looked_s >= self._limits.look_s:
            self._looked_s = now_s
            self._look(now_s)
        return self._stop.turn(now_s)

    def _wait(self, now_s: float) -> float:
        """Wait for something to do; return when the wait should have been over."""
        due_s = self._control.due_in_s()
        wait_s = _TURN_S if due_s is None else min(_TURN_S, due_s)
        self._selector.select(wait_s)
        return now_s + wait_s

    def _look(self, now_s: float) -> None:
        """Look after what changes slowly: disk, clock, alerts, recordings, the watchdog."""
        self._notice.send("WATCHDOG=1")
        self._clock_synchronized = is_clock_synchronized()
        self._disks.look(self._reporter.bytes_per_s(), now_s)
        status = self._status()
        self._alarm.judge(status, self._own_findings(), now_s)
        for event in self._recordings.take(status, now_s):
            self._ledger.put(event)

    def _own_findings(self) -> list[Finding]:
        """Return what hinders the supervisor itself."""
        spool = self._disks.spool
        faults: tuple[tuple[str, Severity, str], ...] = (
            ("disk-unreadable", "critical", self._disks.data.fault),
            ("spool-unreadable", "warning", spool.fault if spool else ""),
            ("event-ledger", "critical", self._ledger.fault),
        )
        return [Finding(name, "disk", severity, text) for name, severity, text in faults if text]

    def _status(self) -> RackStatus:
        return self._reporter.status(
            time.monotonic(),
            self._disks.data.status,
            self._alarm.open_alerts(),
            spool=self._disks.spool.status if self._disks.spool else None,
            clock_synchronized=self._clock_synchronized,
        )

    def _begin_stop(self) -> None:
        self._notice.send("STOPPING=1")
        _log.info("%s: ends the rack in order", SUPERVISOR)
        self._stop.begin(time.monotonic())

    def _open_control(self) -> ControlServer:
        desk = OperatorDesk(
            self._config,
            self._table,
            self._stopped,
            self._alarm,
            self._ledger,
            self._status,
            self._begin_stop,
        )
        return ControlServer(rack_path.control_socket(self._config), desk.answer)
