"""Keeping one light panel right: its program, its clock, and what it shows."""

from collections.abc import Sequence
from datetime import timezone
from typing import Final

from appliance.light_clock import LightClock
from appliance.line_watch import LineWatch
from appliance.override_watch import OverrideWatch
from appliance.panel_comparison import Seen, disagreement
from appliance.panel_look import REMARK_S, Happening, PanelLook
from appliance.panel_time import PanelTime, Reading
from appliance.program_keeping import ProgramKeeping
from appliance.report import PanelDetail
from appliance.sentence import about
from capture_hw.error import PanelRefused, PanelSilent
from capture_hw.light_plan import LightPlan
from capture_hw.panel.panel import Panel
from capture_hw.panel.state import PanelIdentity, PanelState

_NS_PER_S: Final = 1_000_000_000
_JUMP: Final = 50
"""Per mille; after such a change a sensor may be a moment behind."""


class PanelKeeper:
    """Sees to one panel; one thread at a time."""

    def __init__(
        self,
        panel: Panel,
        plan: LightPlan,
        ir_percent: int,
        clock: LightClock,
        standard_time: timezone,
        overrides: OverrideWatch,
    ) -> None:
        self.panel: Final = panel
        self.overrides: Final = overrides
        self.identity: PanelIdentity | None = None
        """None while it does not answer."""
        self._plan = plan
        self._clock = clock
        self._ir_percent = ir_percent
        offset_s = standard_time.utcoffset(None).total_seconds()
        self._time = PanelTime(panel, clock, round(offset_s / 60))
        self._program = ProgramKeeping(panel, plan, ir_percent)
        self._line = LineWatch()
        self._openings = self._resets_by_opening = 0
        self._serial_number = ""
        self._own_serial_number = ""
        """Of the panel that answered first; another one may have another plan."""
        self._last: PanelState | None = None
        self._remark = ""
        self._remarked_s = 0.0

    def look(self, *done: Happening) -> PanelLook:
        """Bring the panel up if that is due, read it back, compare; call it once a second.

        What a panel does or refuses is the look's reason and never an error. `done`: what was done
        since the last look, to be told with this one.
        """
        happenings = list(done)
        try:
            reading = self._read(happenings)
        except (PanelSilent, PanelRefused) as error:
            self.identity = self._last = None
            self._program.doubt()
            return self.unseen(str(error), happenings)
        look = self._seen(reading, happenings)
        self._last = reading.state
        return look

    def read(self) -> Reading:
        """Ask the panel for its state. Raises PanelSilent, PanelRefused."""
        before_ns, before_s = self._clock.utc_ns(), self._clock.monotonic_s()
        state = self.panel.read_state()
        took_s = self._clock.monotonic_s() - before_s
        took_ns = round(took_s * _NS_PER_S)
        return Reading(state, before_ns + took_ns * 7 // 8, took_ns, before_s + took_s)

    def _read(self, done: list[Happening]) -> Reading:
        """Do what is due, and return what the panel says after it.

        What it does not take is a complaint of the clock's or the program's keeping.
        """
        if self.identity is None or self.panel.line_count.openings != self._openings:
            self._meet()
        reading = self.read()
        line = self.panel.line_count
        is_restarted = self._line.note(reading.monotonic_s, reading.state, line)
        is_restarted |= line.resets_by_opening != self._resets_by_opening
        if is_restarted and not self._is_stranger:
            self._note_restart(reading, done)
        done += self.overrides.look(reading, is_restarted=is_restarted)
        has_rtc = self.identity is not None and self.identity.has_rtc
        if said := self._time.keep(reading, has_rtc=has_rtc):
            done.append(Happening("clock", said))
            reading = self.read()
        if self._is_stranger:
            return reading
        if said := self._program.keep(reading):
            done.append(Happening("upload", said))
            if self._program.was_foreign:
                self._say("another program was on it and ours was uploaded again")
            reading = self.read()
        return reading

    @property
    def _is_stranger(self) -> bool:
        """Whether another panel answers: perhaps one with a plan of its own, in swapped ports."""
        return self._serial_number != self._own_serial_number

    def _meet(self) -> None:
        """Learn who answers, after a start, a silence or a new line."""
        self.identity = self.panel.identify()
        self._openings = self.panel.line_count.openings
        self._program.doubt()
        before, self._serial_number = self._serial_number, self.identity.serial_number
        self._own_serial_number = self._own_serial_number or self._serial_number
        self._time.meet(is_other=before != self._serial_number)

    def _note_restart(self, reading: Reading, done: list[Happening]) -> None:
        """Say why it was started again; its clock, program and overrides are seen to as ever."""
        self._program.doubt()
        text = f"it was started again ({self._reset_cause()})"
        by_opening = self.panel.line_count.resets_by_opening
        if by_opening != self._resets_by_opening:
            self._resets_by_opening = by_opening
            text = "opening its line resets it, so its wiring is wrong"
        if self.overrides.running is not None and not reading.state.overrides:
            text += ", and an override ended with its restart"
        done.append(Happening("reboot", text))
        self._say(text)

    def _reset_cause(self) -> str:
        """Ask for it; a panel that does not say is asked who it is at the next look."""
        try:
            self.identity = self.panel.identify()
        except (PanelSilent, PanelRefused):
            self.identity = None
            return "it has not said why"
        return self.identity.reset_cause

    def _say(self, remark: str) -> None:
        self._remark, self._remarked_s = remark, self._clock.monotonic_s()

    def is_steady(self, state: PanelState) -> bool:
        """Return whether both lamps are commanded to what they were at the last look."""
        return self._change_since(state) == 0

    def _change_since(self, state: PanelState) -> int:
        """Return by how much a commanded level differs from the last look's, at most 1000."""
        last = self._last
        if last is None:
            return 1000
        white, infrared = last.white.commanded, last.ir.commanded
        return max(abs(white - state.white.commanded), abs(infrared - state.ir.commanded))

    def _reason(self, reading: Reading) -> str:
        seen = Seen(
            reading=reading,
            plan=self._plan,
            ir_permille=self._ir_percent * 10,
            keeps_schedule=self.panel.keeps_schedule,
            is_moving=self._change_since(reading.state) > _JUMP,
            program_complaint=self._program.complaint,
            clock_waiting=self._time.waiting,
        )
        if self._remark and self._clock.monotonic_s() - self._remarked_s > REMARK_S:
            self._remark = ""
        reason = (
            self._stranger()
            or disagreement(seen)
            or self._remark
            or self._time.complaint(reading.monotonic_s)
            or self._line.complaint()
        )
        return f"panel {self.panel.name}: {reason}" if reason else ""

    def _stranger(self) -> str:
        """Return that another panel answers, one clause: what its light should be is unknown."""
        if not self._is_stranger:
            return ""
        return (
            f"another panel answers, {self._serial_number} instead of {self._own_serial_number}, "
            "so it is not given this plan until the rack is started again"
        )

    def _seen(self, reading: Reading, done: Sequence[Happening]) -> PanelLook:
        state, off_ns = reading.state, reading.clock_off_ns
        detail = self._detail(reading.due_ns, self._reason(reading)).model_copy(
            update={
                "white_commanded": _percent(state.white.commanded),
                "ir_commanded": _percent(state.ir.commanded),
                "white_measured": _percent(state.white.measured),
                "ir_measured": _percent(state.ir.measured),
                "clock_off_s": None if off_ns is None else round(off_ns / _NS_PER_S, 3),
            }
        )
        return self._look(reading.utc_ns, reading.due_ns, detail, done)

    def unseen(self, reason: str, done: Sequence[Happening] = ()) -> PanelLook:
        """Say what the panel should do, since it does not say what it does."""
        name, now_ns = f"panel {self.panel.name}", self._clock.utc_ns()
        return self._look(now_ns, now_ns, self._detail(now_ns, about(name, name, reason)), done)

    def _look(
        self, utc_ns: int, due_ns: int, detail: PanelDetail, done: Sequence[Happening]
    ) -> PanelLook:
        span, _began_ns, _ends_ns = self._plan.era_at(due_ns).photoperiod.span_at(due_ns)
        return PanelLook(
            utc_ns=utc_ns,
            zt_h=self._plan.zt_h(due_ns),
            detail=detail,
            is_ramp=span.from_permille != span.to_permille,
            happenings=tuple(done),
        )

    def _detail(self, due_ns: int, reason: str) -> PanelDetail:
        """Return what is known without the panel; its levels are None."""
        return PanelDetail(
            panel=self.panel.name,
            phase=self._plan.phase(due_ns),
            white_scheduled=_percent_of(self._plan.white_permille(due_ns)),
            white_commanded=None,
            ir_commanded=None,
            white_measured=None,
            ir_measured=None,
            next_change_utc_ns=self._plan.next_change_ns(due_ns),
            override=self.overrides.running,
            keeps_schedule=self.panel.keeps_schedule,
            serial_number=self._serial_number,
            port=self.panel.port,
            resets=self._line.restarts,
            line_faults=self._line.faults,
            reason=reason,
        )


def _percent_of(permille: int) -> int:
    return round(permille / 10)


def _percent(permille: int | None) -> int | None:
    return None if permille is None else _percent_of(permille)
