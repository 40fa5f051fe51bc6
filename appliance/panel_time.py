"""Keeping a panel's clock: when it is set, when it is trimmed, and when it is left alone."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from appliance.clock_discipline import ClockDiscipline
from appliance.light_clock import LightClock
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
        self._discipline = ClockDiscipline()
        self._differ_since_s: float | None = None
        self._settings_s: deque[float] = deque(maxlen=_MOST_SETTINGS + 1)

    def complaint(self, now_s: float) -> str:
        """Return that the clock was set too often in the last hour, one clause, or nothing."""
        lately = sum(at_s > now_s - _HOUR_S for at_s in self._settings_s)
        if lately <= _MOST_SETTINGS:
            return ""
        return f"its clock does not keep time: it was set more than {_MOST_SETTINGS} times an hour"

    def keep(self, reading: Reading, *, has_rtc: bool) -> str:
        """Set or trim the clock if that is due; return what was done, mostly nothing.

        Raises PanelSilent, PanelRefused.
        """
        off_ns = reading.clock_off_ns
        if off_ns is None:
            if self._was_set_within(_LOST_PAUSE_S, reading.monotonic_s):
                return ""
            self._set()
            return "the clock was set: the panel did not know the time"
        if not self._clock.is_synchronized():
            self._differ_since_s = None
            self._discipline.restart()
            return ""
        if reading.took_ns <= _PROMPT_NS:
            self._discipline.note(reading.monotonic_s, off_ns / _NS_PER_S)
        is_set_due = self._is_set_due(off_ns, reading.monotonic_s)
        is_set_due &= not self._was_set_within(_PAUSE_S, reading.monotonic_s)
        said = "" if has_rtc else self._trim(is_set_due and abs(off_ns) <= DRIFT_NS)
        if is_set_due:
            self._set()
            set_now = f"the clock was set: it was off by {off_ns / _NS_PER_S:+.1f} s"
            return f"{set_now}; {said}" if said else set_now
        return said

    def _was_set_within(self, seconds: float, now_s: float) -> bool:
        return bool(self._settings_s) and now_s - self._settings_s[-1] < seconds

    def _is_set_due(self, off_ns: int, now_s: float) -> bool:
        if abs(off_ns) <= _TOLERANCE_NS:
            self._differ_since_s = None
            return False
        if self._differ_since_s is None:
            self._differ_since_s = now_s
        return abs(off_ns) <= DRIFT_NS or now_s - self._differ_since_s >= _STEP_PATIENCE_S

    def _set(self) -> None:
        self._panel.set_time(self._clock.utc_ns(), self._offset_min)
        self._settings_s.append(self._clock.monotonic_s())
        self._differ_since_s = None
        self._discipline.restart()

    def _trim(self, is_set_due: bool) -> str:
        error_ppm = self._discipline.error_ppm(is_set_due=is_set_due)
        if error_ppm is None:
            return ""
        kept_ppm = self._panel.sense().trim_ppm
        wanted_ppm = self._discipline.trim(error_ppm, kept_ppm)
        if wanted_ppm is None:
            return f"its clock runs {error_ppm:+d} ppm fast, and trims do not help"
        self._panel.trim_clock(wanted_ppm)
        return f"the clock was trimmed to {wanted_ppm:+d} ppm: it ran {error_ppm:+d} ppm fast"
