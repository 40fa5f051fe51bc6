"""Keeping a panel's clock: when it is set, when it is trimmed, and when it is left alone."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from appliance.clock_discipline import ClockDiscipline
from appliance.host_time import HostTime
from appliance.light_clock import LightClock
from appliance.panel_look import REMARK_S
from appliance.sentence import about
from capture_hw.error import PanelRefused, PanelSilent
from capture_hw.panel.panel import Panel
from capture_hw.panel.state import PanelState

_NS_PER_S: Final = 1_000_000_000
_TOLERANCE_NS: Final = _NS_PER_S
DRIFT_NS: Final = 60 * _NS_PER_S
"""A panel's clock that is off by less has drifted and is set at once."""
_STEP_PATIENCE_S: Final = 600.0
"""A larger difference is a step of one of the clocks. It must last that long, with this machine's
clock synchronized, before the panel follows: a passing step must not move the animals' day."""
_LOST_PAUSE_S: Final = 2.0
"""Light is to be right 5 s after a panel has lost its time."""
_PAUSE_S: Final = 10.0
_MOST_SETTINGS: Final = 6
_HOUR_S: Final = 3600.0
_PROMPT_NS: Final = 100_000_000
"""An answer that took longer says too little about when the panel's clock was read."""
UNSURE: Final = "its clock was set from a machine whose time is not synchronized"


@dataclass(frozen=True, slots=True)
class Reading:
    """A panel's state, and when it was asked for by this machine's clocks."""

    state: PanelState
    utc_ns: int
    """Shortly before the last answer, which is about the clock."""
    took_ns: int
    monotonic_s: float

    @property
    def clock_off_ns(self) -> int | None:
        """By how much the panel's clock is ahead of this machine's; None if it has no time."""
        return None if self.state.utc_ns is None else self.state.utc_ns - self.utc_ns

    @property
    def due_ns(self) -> int:
        """The moment whose light is due: the panel's, which is the animals' day.

        Clocks that disagree are a reason of their own.
        """
        return self.utc_ns if self.state.utc_ns is None else self.state.utc_ns


class PanelTime:
    """One panel's clock; one thread at a time."""

    def __init__(self, panel: Panel, clock: LightClock, offset_min: int) -> None:
        self._panel = panel
        self._clock = clock
        self._offset_min = offset_min
        self._host = HostTime(clock)
        self._discipline = ClockDiscipline()
        self._differ_since_s: float | None = None
        self._settings_s: deque[float] = deque(maxlen=_MOST_SETTINGS + 1)
        self._tried_s: float | None = None
        self._is_unsure = False
        """Whether the panel was set to a time that nobody has confirmed yet."""
        self._trouble = ""
        """What the panel did not take when it was last told, one clause; said for a minute."""
        self._trouble_s = 0.0
        self.waiting = ""
        """Why a panel that does not know the time has not been set, one clause; mostly empty."""

    def meet(self, *, is_other: bool) -> None:
        """Note that a panel has just said who it is; `is_other`: not the one before."""
        self._discipline.forget_trims()
        if is_other:
            self._discipline.restart()

    def complaint(self, now_s: float) -> str:
        """Return what is wrong with how the clock is kept, one clause, or nothing."""
        lately = sum(at_s > now_s - _HOUR_S for at_s in self._settings_s)
        if lately > _MOST_SETTINGS:
            often = f"it was set more than {_MOST_SETTINGS} times an hour"
            return f"its clock does not keep time: {often}"
        if self._trouble and now_s - self._trouble_s <= REMARK_S:
            return self._trouble
        return UNSURE if self._is_unsure else ""

    def keep(self, reading: Reading, *, has_rtc: bool) -> str:
        """Set or trim the clock if that is due; return what was done, mostly nothing.

        What the panel does not take is the complaint.
        """
        off_ns, now_s = reading.clock_off_ns, reading.monotonic_s
        has_other_rate = self._host.note(agrees=self._agrees(off_ns))
        self.waiting = ""
        if off_ns is None:
            return self._give_time(now_s)
        off_ns += self._host.step_ns
        if has_other_rate:
            self._discipline.restart()
        if reading.took_ns <= _PROMPT_NS:
            self._discipline.note(now_s, off_ns / _NS_PER_S)
        is_set_due = self._is_set_due(off_ns, now_s) and not self._was_tried_within(_PAUSE_S, now_s)
        error_ppm = None
        if not has_rtc:
            is_last_chance = is_set_due and abs(off_ns) <= DRIFT_NS
            error_ppm = self._discipline.error_ppm(is_set_due=is_last_chance)
        said = []
        if is_set_due and self._is_set():
            said.append(f"the clock was set: it was off by {off_ns / _NS_PER_S:+.1f} s")
        if error_ppm is not None:
            said.append(self._trim(error_ppm))
        return "; ".join(said)

    def _agrees(self, off_ns: int | None) -> bool:
        """Whether the panel confirms this machine's time; at first, a drift is no doubt."""
        most_ns = _TOLERANCE_NS if self._host.is_known else DRIFT_NS
        return off_ns is not None and abs(off_ns) <= most_ns

    def _give_time(self, now_s: float) -> str:
        """Set a panel that does not know the time: it is dark meanwhile, which harms nobody."""
        if not self._host.is_known:
            self.waiting = "it waits up to 10 min for this machine's to be synchronized (NTP)"
            return ""
        if self._was_tried_within(_LOST_PAUSE_S, now_s) or not self._is_set():
            self.waiting = self._trouble
            return ""
        self._is_unsure = self._host.is_guess
        return "the clock was set: the panel did not know the time"

    def _was_tried_within(self, seconds: float, now_s: float) -> bool:
        return self._tried_s is not None and now_s - self._tried_s < seconds

    def _is_set_due(self, off_ns: int, now_s: float) -> bool:
        is_synchronized = self._host.is_synchronized
        if abs(off_ns) <= _TOLERANCE_NS:
            self._differ_since_s = None
            self._is_unsure &= not is_synchronized
            return False
        if not is_synchronized:
            self._differ_since_s = None
        elif self._differ_since_s is None:
            self._differ_since_s = now_s
        if abs(off_ns) <= DRIFT_NS or (self._is_unsure and is_synchronized):
            return True
        since_s = self._differ_since_s
        return since_s is not None and now_s - since_s >= _STEP_PATIENCE_S

    def _is_set(self) -> bool:
        """Set the clock; return whether the panel has confirmed it."""
        self._tried_s = self._clock.monotonic_s()
        try:
            self._panel.set_time(self._host.utc_ns(), self._offset_min)
        except (PanelSilent, PanelRefused) as error:
            self._note_trouble("its clock cannot be set", str(error))
            return False
        finally:
            self._discipline.restart()
        self._settings_s.append(self._clock.monotonic_s())
        self._differ_since_s = None
        self._is_unsure &= not self._host.is_synchronized
        self._trouble = ""
        return True

    def _trim(self, error_ppm: int) -> str:
        """Order a trim and read it back; only what is kept counts as one."""
        try:
            kept_ppm = self._panel.sense().trim_ppm
            wanted_ppm = self._discipline.trim(error_ppm, kept_ppm)
            if wanted_ppm is None:
                return f"its clock runs {error_ppm:+d} ppm fast, and trims do not help"
            self._panel.trim_clock(wanted_ppm)
            kept_ppm = self._panel.sense().trim_ppm
        except (PanelSilent, PanelRefused) as error:
            return self._untrimmed(str(error))
        if kept_ppm != wanted_ppm:
            return self._untrimmed(f"it keeps {kept_ppm:+d} ppm")
        self._discipline.trimmed(error_ppm)
        self._trouble = ""
        return f"the clock was trimmed to {wanted_ppm:+d} ppm: it ran {error_ppm:+d} ppm fast"

    def _untrimmed(self, why: str) -> str:
        """Measure anew: nobody knows since when it has run at which rate."""
        self._discipline.restart()
        return self._note_trouble("its clock cannot be trimmed", why)

    def _note_trouble(self, what: str, why: str) -> str:
        self._trouble = about(what, f"panel {self._panel.name}", why)
        self._trouble_s = self._clock.monotonic_s()
        return self._trouble
