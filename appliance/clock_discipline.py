"""How fast a panel's clock runs, measured over hours, and the trim that makes it right: pure."""

import math
from typing import Final

_FIRST_S: Final = 3600.0
"""The first measurement after a start; what it leaves is some ppm."""
_LATER_S: Final = 6 * 3600.0
"""A trim is kept in EEPROM: four writes a day at most, of 100,000 that it bears."""
_SHORTEST_S: Final = 60.0
"""A resonator that is off by per mille reaches the second at which it is set within minutes."""
_FEWEST: Final = 30
_LEAST_PPM: Final = 2.0
"""0.2 s a day; temperature moves a crystal by as much."""
_SIGNIFICANT: Final = 4.0
"""Times the standard error; neighbors in a row of readings are not independent."""
_JUMP_S: Final = 0.5
_FASTEST: Final = 0.02
"""No clock runs wrong by more. Source: docs/panel-protocol.md, `trim`."""
_MILLION: Final = 1_000_000
_MOST_PPM: Final = 20_000
_TRUSTED_PPM: Final = 20.0
"""An error above this must shrink by its trim, or the trim had no effect."""
_SHRUNK: Final = 0.8
_MOST_VAIN: Final = 2
"""Once, a change of temperature may undo what a trim has done."""
_USELESS_S: Final = 86_400.0
"""A panel that was seen to take no trims gets another one after so long."""


class ClockDiscipline:
    """Readings between two settings of a panel's clock; forgets them when the clock is set."""

    def __init__(self) -> None:
        self._corrected_ppm: int | None = None
        """The error that the last trim was to end."""
        self._vain = 0
        """Trims in a row that had no effect."""
        self._useless_until_s: float | None = None
        self._now_s = 0.0
        self.restart()

    @property
    def is_useless(self) -> bool:
        """Return whether trims were seen to have no effect; then there are none for a day."""
        return self._useless_until_s is not None

    def forget_trims(self) -> None:
        """Forget whether trims had an effect: another panel may answer."""
        self._corrected_ppm = self._useless_until_s = None
        self._vain = 0

    def restart(self) -> None:
        """Forget all readings: one of the clocks was set, or the host's cannot be trusted."""
        self._first: tuple[float, float] | None = None
        self._last = (0.0, 0.0)
        self._count = 0
        self._x = self._y = self._xx = self._xy = self._yy = 0.0

    def note(self, monotonic_s: float, off_s: float) -> None:
        """Take a reading: by how much the panel's clock is ahead of the host's."""
        self._now_s = monotonic_s
        if self._useless_until_s is not None and monotonic_s >= self._useless_until_s:
            self.forget_trims()
        if self._first is None:
            self._first = monotonic_s, off_s
        x, y = monotonic_s - self._first[0], off_s - self._first[1]
        if self._count and abs(y - self._last[1]) > _JUMP_S + _FASTEST * (x - self._last[0]):
            self.restart()  # a step of one of the clocks says nothing about their rates
            self._first = monotonic_s, off_s
            x = y = 0.0
        self._last = x, y
        self._count += 1
        self._x += x
        self._y += y
        self._xx += x * x
        self._xy += x * y
        self._yy += y * y

    def error_ppm(self, *, is_set_due: bool) -> int | None:
        """Return by how much the panel's clock runs too fast.

        None: too early to say, right enough, or the panel does not take trims. `is_set_due`: the
        clock is about to be set, so this is the last chance to use these readings.
        """
        if self.is_useless or not self._is_ripe(is_set_due):
            return None
        error_ppm, noise_ppm = self._rate_ppm()
        is_clear = abs(error_ppm) >= max(_LEAST_PPM, _SIGNIFICANT * noise_ppm)
        return round(error_ppm) if is_clear else None

    def trim(self, error_ppm: int, kept_ppm: int) -> int | None:
        """Return the trim that a panel should get instead of the one that it keeps.

        None: it is at its bound, or two trims in a row had no effect, and then there are no more
        for a day.
        """
        rate = (1 + kept_ppm / _MILLION) / (1 + error_ppm / _MILLION)
        wanted = max(-_MOST_PPM, min(_MOST_PPM, round((rate - 1) * _MILLION)))
        if wanted == kept_ppm or (self._is_vain(error_ppm) and self._vain + 1 >= _MOST_VAIN):
            self._useless_until_s = self._now_s + _USELESS_S
            return None
        return wanted

    def trimmed(self, error_ppm: int) -> None:
        """Note that the panel keeps the trim that `trim` has returned for this error."""
        self._vain = self._vain + 1 if self._is_vain(error_ppm) else 0
        self._corrected_ppm = error_ppm
        self.restart()

    def _is_vain(self, error_ppm: int) -> bool:
        """Whether the error is still the one that the last trim was to end."""
        before = self._corrected_ppm
        if before is None or abs(before) <= _TRUSTED_PPM:
            return False
        return error_ppm / before > _SHRUNK

    def _is_ripe(self, is_set_due: bool) -> bool:
        length_s = self._last[0]
        enough_s = _FIRST_S if self._corrected_ppm is None else _LATER_S
        is_long = length_s >= enough_s or (is_set_due and length_s >= _SHORTEST_S)
        return is_long and self._count >= _FEWEST

    def _rate_ppm(self) -> tuple[float, float]:
        """Return the slope of the readings by least squares, and its standard error."""
        n = self._count
        spread = self._xx - self._x * self._x / n
        joint = self._xy - self._x * self._y / n
        slope = joint / spread
        rest = max(0.0, self._yy - self._y * self._y / n - slope * joint)
        return slope * _MILLION, math.sqrt(rest / (n - 2) / spread) * _MILLION
