"""One worker's place in the rack: is it wanted, does it run, does it answer, when is it started."""

import logging
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.report import Report
from appliance.restart_policy import RestartPolicy
from appliance.status import WorkerCondition, WorkerStatus
from appliance.worker_process import WorkerProcess, adopt, spawn

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the supervisor waits for a worker, seconds."""

    silence_s: float = 10.0
    """Without a beat when it was ready; then it hangs."""
    ready_s: float = 30.0
    """From its start to ready."""
    stop_s: float = 18.0
    """From SIGTERM to SIGKILL."""
    stale_s: float = 3.0
    """Without a beat; then people are told so."""


class WorkerSlot:
    """A state machine over one process after another. Times are on the monotonic clock, seconds."""

    def __init__(
        self, name: str, lock: Path, stderr: Path, command: Sequence[str], patience: Patience
    ) -> None:
        self.name: Final = name
        self.wanted = True
        self.process: WorkerProcess | None = None
        self.report: Report | None = None
        """The last one of this process."""
        self.heard_s = 0.0
        """When it last said that it is ready; before that, when it was started."""
        self.respited = False
        """Its silence was put down to the machine once; only a beat makes good for it."""
        self._lock: Final = lock
        self._stderr: Final = stderr
        self._command: Final = command
        self._patience: Final = patience
        self._policy: Final = RestartPolicy()
        self._restarts = 0
        self._next_start_s = 0.0
        self._stop_s: float | None = None
        self._killed = False
        self._reason = ""

    @property
    def is_ready(self) -> bool:
        """Whether its last report said that it works."""
        return self.report is not None and self.report.state == "ready"

    @property
    def is_adopted(self) -> bool:
        """Whether its process runs from before this supervisor."""
        return self.process is not None and self.process.adopted

    @property
    def is_stopping(self) -> bool:
        """Whether it runs and was told to end."""
        return self.process is not None and self._stop_s is not None

    @property
    def condition(self) -> WorkerCondition:
        """What people see of it, in a word."""
        if self._killed:
            return "failed"
        if self.process is None:
            if not self.wanted:
                return "stopped"
            return "failed" if self._reason else "starting"
        if self.is_stopping:
            return "stopping"
        return "ready" if self.is_ready else "starting"

    def adopt(self, now_s: float) -> bool:
        """Take over the process that does this work already; say whether there is one."""
        self.process = adopt(self._lock)
        if self.process is None:
            return False
        self._begin(now_s)
        _log.info("%s: adopted, process %d", self.name, self.process.pid)
        return True

    def start_if_due(self, now_s: float) -> bool:
        """Adopt or start the worker if it is wanted and its pause is over; say whether it was."""
        if not self.wanted or self.process is not None or now_s < self._next_start_s:
            return False
        if self.adopt(now_s):
            return True
        try:
            self.process = spawn(self._command, self._stderr)
        except OSError as error:
            self._fail(f"cannot be started: {error.strerror}", now_s, up_s=0.0)
            return False
        self._begin(now_s)
        _log.info("%s: started, process %d", self.name, self.process.pid)
        return True

    def hear(self, report: Report, now_s: float) -> None:
        """Take a report; one of another process than the present is ignored."""
        if self.process is None or report.pid != self.process.pid:
            return
        if report.state == "ready":
            if not self.is_ready:
                _log.info("%s: ready", self.name)
                self._reason = "" if not self._killed else self._reason
            self.heard_s, self.respited = now_s, False
        self.report = report

    def notice_end(self, now_s: float) -> bool:
        """Look whether the process has ended; if so, decide when it is started again."""
        end = self.process.take_end() if self.process else None
        if self.process is None or end is None:
            return False
        up_s, ordered = now_s - self.process.began_s, self._stop_s is not None
        if self._killed:
            end = self._reason
        self.process.close()
        self.process, self.report, self._stop_s, self._killed = None, None, None, False
        if ordered:
            self._reason, self._next_start_s = "", now_s
            _log.info("%s: stopped (%s)", self.name, end)
        else:
            self._restarts += 1
            self._fail(end, now_s, up_s)
        return True

    def overdue_s(self, now_s: float) -> float:
        """Return for how long it has been silent beyond what is allowed; at most 0 if it is not."""
        if self.process is None or self.is_stopping or self._killed:
            return 0.0
        unheard = self.report is None and self.process.adopted
        patient = not self.is_ready and not unheard
        allowed_s = self._patience.ready_s if patient else self._patience.silence_s
        return now_s - self.heard_s - allowed_s

    def forgive(self, now_s: float) -> None:
        """Count its silence from now: it was not its own fault."""
        self.heard_s = max(self.heard_s, now_s)

    def kill_as_hung(self, now_s: float) -> None:
        """End a process that is overdue; its end is noticed later."""
        what = "no beat" if self.is_ready else "not ready"
        self._kill(f"{what} for {now_s - self.heard_s:.0f} s")

    def want(self) -> None:
        """Let it be started, at once even if it had been failing."""
        self.wanted, self._next_start_s = True, 0.0

    def stop(self, now_s: float) -> None:
        """Tell the process to end in order; safe to call again."""
        if self.process is None:
            self._reason = ""
        elif self._stop_s is None:
            self._stop_s = now_s
            self.process.send(signal.SIGTERM)

    def kill_if_deaf(self, now_s: float) -> None:
        """End a process that was told to stop and does not."""
        if self._stop_s is not None and now_s - self._stop_s >= self._patience.stop_s:
            self.kill_now(f"not stopped after {self._patience.stop_s:g} s")

    def kill_now(self, reason: str) -> None:
        """End the process, if there is one, whatever it does."""
        if self.process is not None and not self._killed:
            self._kill(reason)

    def status(self, now_s: float) -> WorkerStatus:
        """Return what people see of it."""
        process, waits = self.process, self.wanted and self.process is None
        return WorkerStatus(
            name=self.name,
            state=self.condition,
            pid=process.pid if process else None,
            restarts=self._restarts,
            up_s=round(now_s - process.began_s, 1) if process else 0.0,
            next_start_s=round(max(0.0, self._next_start_s - now_s), 1) if waits else None,
            reason=self._reason or self._staleness(now_s),
        )

    def _staleness(self, now_s: float) -> str:
        silent_s = now_s - self.heard_s
        if not self.is_ready or silent_s <= self._patience.stale_s:
            return ""
        return f"no report for {silent_s:.0f} s"

    def _begin(self, now_s: float) -> None:
        self.heard_s, self.report, self.respited = now_s, None, False

    def _kill(self, reason: str) -> None:
        assert self.process is not None
        _log.error("%s: %s; killing process %d", self.name, reason, self.process.pid)
        self._reason, self._killed = reason, True
        self.process.send(signal.SIGKILL)

    def _fail(self, reason: str, now_s: float, up_s: float) -> None:
        pause_s = self._policy.delay_s(up_s)
        self._reason, self._next_start_s = reason, now_s + pause_s
        when = (
            ""
            if not self.wanted
            else "; starting it again " + (f"in {pause_s:g} s" if pause_s else "at once")
        )
        _log.error("%s: %s%s", self.name, reason, when)
