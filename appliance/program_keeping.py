"""The program of one panel: compared, uploaded if it differs, not again and again."""

from typing import Final

from appliance.backoff import Backoff
from appliance.panel_time import Reading
from capture_hw.error import PanelRefused
from capture_hw.light_plan import LightPlan
from capture_hw.panel.panel import Panel
from capture_hw.panel.program import PanelProgram, program_of

_FIRST_WAIT_S: Final = 5.0
_LONGEST_WAIT_S: Final = 600.0
"""A panel's EEPROM bears 100,000 writes; two hosts that disagree must not use them up."""
_QUIET_S: Final = 3600.0
"""A program that has stood so long is nobody's quarrel any more."""


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
        self.was_foreign = False
        """Whether the last call found somebody else's program."""
        self.complaint = ""
        """Why the panel does not run its program, one clause; empty if it does."""

    def doubt(self) -> None:
        """Let the next call read the whole program back: another panel may answer."""
        self._is_known = False

    def keep(self, reading: Reading) -> str:
        """Upload the program if the panel runs another; return what was done, mostly nothing.

        Raises PanelSilent; what a panel refuses is the complaint.
        """
        self.was_foreign = False
        program = program_of(self._plan, self._ir_percent, reading.due_ns)
        if self._is_known and reading.state.program_crc == program.crc:
            self._settle(program, reading.monotonic_s)
            return ""
        try:
            running = self._panel.read_program()
            if running is not None and running.image == program.image:
                self._settle(program, reading.monotonic_s)
                return ""
            return self._replace(running, program, reading.monotonic_s)
        except PanelRefused as error:
            self.complaint = f"it does not take its program: {error}"
            self._put_off(reading.monotonic_s)
            return ""

    def _replace(self, running: PanelProgram | None, program: PanelProgram, now_s: float) -> str:
        if now_s < self._not_before_s:
            if not self.complaint:
                self.complaint = "it runs another program, and ours is uploaded again within 10 min"
            return ""
        self.was_foreign = (
            running is not None and self._ours is not None and running.crc != self._ours
        )
        self._panel.upload(program)
        if self.was_foreign:
            self._put_off(now_s)
        self._is_known, self._ours, self.complaint = True, program.crc, ""
        return f"its program was uploaded, CRC {program.crc:04X}"

    def _settle(self, program: PanelProgram, now_s: float) -> None:
        if not self._is_known or self._quiet_since_s is None:
            self._quiet_since_s = now_s
        elif now_s - self._quiet_since_s > _QUIET_S:
            self._backoff.reset()
        self._is_known, self._ours, self.complaint = True, program.crc, ""

    def _put_off(self, now_s: float) -> None:
        self._quiet_since_s = None
        self._not_before_s = now_s + self._backoff.next_s()
