"""Keeping one light panel right: its schedule, its clock, and what it shows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from appliance.report import PanelDetail
from capture_hw.error import PanelRefused, PanelSilent
from capture_hw.panel import PanelState
from capture_hw.panel_schedule import PanelSchedule
from capture_hw.photoperiod import Photoperiod
from capture_hw.simulated_panel import SimulatedPanel

_NS_PER_S: Final = 1_000_000_000
_NEAR_CHANGE_NS: Final = 2 * _NS_PER_S
"""Two clocks and a lamp may disagree that long about the moment of a change."""
_CLOCK_TOLERANCE_NS: Final = _NS_PER_S
_LIGHT_TOLERANCE: Final = 5
"""Percent points that a sensor may differ from what was commanded."""
_DRIFT_NS: Final = 60 * _NS_PER_S
"""A panel's clock that is off by less has drifted and is set at once."""
_STEP_PATIENCE_S: Final = 600.0
"""A larger difference is a step of one of the clocks. It must last that long, with this machine's
clock synchronized, before the panel follows: a passing step must not move the animals' day."""


@dataclass(frozen=True, slots=True)
class LightClock:
    """What the time is and whether to trust it."""

    utc_ns: Callable[[], int]
    monotonic_s: Callable[[], float]
    is_synchronized: Callable[[], bool]


class PanelKeeper:
    """Sees to one panel; one thread at a time."""

    def __init__(
        self,
        panel: SimulatedPanel,
        photoperiod: Photoperiod,
        schedule: PanelSchedule,
        clock: LightClock,
    ) -> None:
        self._panel = panel
        self._photoperiod = photoperiod
        self._schedule = schedule
        self._clock = clock
        self._runs_schedule = False
        self._clocks_differ_since_s: float | None = None

    def look(self) -> PanelDetail:
        """Bring the panel up if that is due, read it back, compare; call it once a second."""
        try:
            if not self._runs_schedule:
                self._bring_up()
            state = self._panel.read_state()
            if state.schedule_crc != self._schedule.crc:
                self._bring_up()
                state = self._panel.read_state()
            self._keep_time(state)
        except (PanelSilent, PanelRefused) as error:
            self._runs_schedule = False
            return self._unseen(str(error))
        return PanelDetail(
            panel=self._panel.name,
            phase=state.phase,
            white_commanded=state.white_commanded,
            ir_commanded=state.ir_commanded,
            white_measured=state.white_measured,
            ir_measured=state.ir_measured,
            reason=self._disagreement(state),
        )

    def _bring_up(self) -> None:
        """Give the panel its schedule, unless it runs that already: a restart changes no light."""
        self._panel.identify()
        if self._panel.committed_schedule() != self._schedule:
            crc = self._panel.stage_schedule(self._schedule)
            if crc != self._schedule.crc:
                raise PanelRefused(
                    f"panel {self._panel.name}: the schedule arrived with CRC {crc:04x}, "
                    f"where {self._schedule.crc:04x} was sent"
                )
            self._panel.commit_schedule(crc)
        self._runs_schedule = True

    def _keep_time(self, state: PanelState) -> None:
        """Set the panel's clock if it is off and this machine's clock is worth following."""
        now_s = self._clock.monotonic_s()
        if state.utc_ns is None:
            self._panel.set_time(self._clock.utc_ns())
            return
        off_ns = abs(state.utc_ns - self._clock.utc_ns())
        if off_ns <= _CLOCK_TOLERANCE_NS or not self._clock.is_synchronized():
            self._clocks_differ_since_s = None
            return
        if self._clocks_differ_since_s is None:
            self._clocks_differ_since_s = now_s
        if off_ns <= _DRIFT_NS or now_s - self._clocks_differ_since_s >= _STEP_PATIENCE_S:
            self._panel.set_time(self._clock.utc_ns())
            self._clocks_differ_since_s = None

    def _disagreement(self, state: PanelState) -> str:
        """Return one sentence on what is not as it should be, or nothing."""
        now_ns = self._clock.utc_ns()
        name = self._panel.name
        if state.utc_ns is not None and abs(state.utc_ns - now_ns) > _DRIFT_NS:
            off_min = (state.utc_ns - now_ns) / _NS_PER_S / 60
            return f"panel {name}: its clock differs from this machine's by {off_min:+.0f} min"
        if self._photoperiod.to_nearest_change_ns(now_ns) <= _NEAR_CHANGE_NS:
            return ""
        due = self._photoperiod.phase(now_ns)
        if state.phase != due:
            return f"panel {name}: it gives the {state.phase} phase where {due} is due"
        for light, commanded, scheduled, measured in (
            ("white", state.white_commanded, self._schedule.white_at(now_ns), state.white_measured),
            ("infrared", state.ir_commanded, self._schedule.ir_percent, state.ir_measured),
        ):
            if commanded != scheduled:
                return (
                    f"panel {name}: {light} is commanded to {commanded} % "
                    f"where {scheduled} % is scheduled"
                )
            if abs(measured - commanded) > _LIGHT_TOLERANCE:
                return (
                    f"panel {name}: {light} is measured at {measured} % "
                    f"where {commanded} % is commanded"
                )
        return ""

    def _unseen(self, reason: str) -> PanelDetail:
        """Say what the panel should do, since it does not say what it does."""
        now_ns = self._clock.utc_ns()
        return PanelDetail(
            panel=self._panel.name,
            phase=self._photoperiod.phase(now_ns),
            white_commanded=self._schedule.white_at(now_ns),
            ir_commanded=self._schedule.ir_percent,
            white_measured=None,
            ir_measured=None,
            reason=reason,
        )
