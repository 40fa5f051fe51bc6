"""The program of one panel: compared, uploaded if it differs, not again and again."""

from typing import Final

from appliance.backoff import Backoff
from appliance.panel_time import Reading
from appliance.sentence import about
from capture_hw.error import PanelLost, PanelRefused, PanelSilent
from capture_hw.light_plan import LightPlan
from capture_hw.panel.panel import Panel
from capture_hw.panel.program import PanelProgram, program_of

_FIRST_WAIT_S: Final = 5.0
_LONGEST_WAIT_S: Final = 600.0
"""A panel's EEPROM bears 100,000 writes; two hosts that disagree must not use them up."""
_QUIET_S: Final = 3600.0
"""A program that has stood so long is nobody's quarrel any more."""
_MINUTE_S: Final = 60.0
_QUARREL: Final = "it runs another program, and ours is uploaded again within 10 min"


class ProgramKeeping:
    """Gives a panel its program, unless it runs that already: a restart changes no light."""

    def __init__(self, panel: Panel, plan: LightPlan, ir_percent: int) -> None:
        self._panel = panel
        self._plan = plan
        self._ir_percent = ir_percent
        self._is_known = False
        self._ours: int | None = None
        """CRC of what it ran when it ran ours."""
        self._backoff = Backoff(_FIRST_WAIT_S, _LONGEST_WAIT_S)
        self._not_before_s = 0.0
        self._quiet_since_s: float | None = None
        self._is_unconfirmed = False
        """Whether the last upload is not confirmed; the first such one is repeated at once."""
        self.was_foreign = False
        """Whether the last call found somebody else's program."""
        self.complaint = ""
        """Why the panel does not run its program, one clause; empty if it does."""

    def doubt(self) -> None:
        """Let the next call read the whole program back: another panel may answer."""
        self._is_known = False

    def keep(self, reading: Reading) -> str:
        """Upload the program if the panel runs another; return what was done, mostly nothing.

        What the panel does not take or not confirm is the complaint.
        """
        self.was_foreign = False
        now_s = reading.monotonic_s
        program = program_of(self._plan, self._ir_percent, reading.due_ns)
        is_alike = reading.state.program_crc == program.crc
        if self._is_known and is_alike:
            self._settle(program, now_s)
            return ""
        if not is_alike and now_s < self._not_before_s:
            self.complaint = self.complaint or _QUARREL
            return ""
        try:
            running = self._panel.read_program()
        except (PanelSilent, PanelRefused) as error:
            self._complain(error, "its program cannot be read back", now_s)
            return ""
        if running is not None and running.image == program.image:
            self._settle(program, now_s)
            return ""
        return self._replace(running, program, now_s)

    def _replace(self, running: PanelProgram | None, program: PanelProgram, now_s: float) -> str:
        if now_s < self._not_before_s:
            self.complaint = self.complaint or _QUARREL
            return ""
        is_again = self._ours is not None and (running is None or running.crc != self._ours)
        self._is_known = False
        self._put_off(now_s)  # first of all: it counts as a write, whatever becomes of it
        try:
            self._panel.upload(program)
        except (PanelSilent, PanelRefused) as error:
            self._fail(error, now_s)
            return ""
        if not is_again:
            self._backoff.reset()
            self._not_before_s = 0.0
        self.was_foreign = is_again and running is not None
        self._is_known, self._ours, self.complaint = True, program.crc, ""
        self._is_unconfirmed = False
        return f"its program was uploaded, CRC {program.crc:04X}"

    def _fail(self, error: PanelSilent | PanelRefused, now_s: float) -> None:
        again = f"tried again within {_wait(self._not_before_s - now_s)}"
        if isinstance(error, PanelRefused):
            why = about("it does not take its program", f"panel {self._panel.name}", str(error))
        else:
            why = "it does not take its program: the upload is not confirmed"
        self.complaint = f"{why}; {again}"
        if isinstance(error, PanelSilent) and not self._is_unconfirmed:
            self._not_before_s = 0.0  # a cable that was pulled is no quarrel
            self._is_unconfirmed = True

    def _complain(self, error: PanelSilent | PanelRefused, what: str, now_s: float) -> None:
        self.complaint = about(what, f"panel {self._panel.name}", str(error))
        if not isinstance(error, PanelLost):
            self._put_off(now_s)

    def _settle(self, program: PanelProgram, now_s: float) -> None:
        if not self._is_known or self._quiet_since_s is None:
            self._quiet_since_s = now_s
        elif now_s - self._quiet_since_s > _QUIET_S:
            self._backoff.reset()
        self._is_known, self._ours, self.complaint = True, program.crc, ""
        self._is_unconfirmed = False

    def _put_off(self, now_s: float) -> None:
        self._quiet_since_s = None
        self._not_before_s = now_s + self._backoff.next_s()


def _wait(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _MINUTE_S else f"{seconds / _MINUTE_S:.0f} min"
