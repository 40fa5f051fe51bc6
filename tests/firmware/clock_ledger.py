"""What a panel's clock may say: what it was told, and what crystals and resets have made of it."""

from dataclasses import dataclass
from typing import Final

from capture_hw.panel.line import Line
from tests.firmware.kept_state import KeptClock
from tests.firmware.order_ledger import ANSWER_S

_BEAT_S: Final = 0.03
_RESET_S: Final = 0.03
"""That a start may cost: a tick, and reading EEPROM."""
_MOST_TOLD: Final = 8
_HANG_S: Final = 0.2
"""The watchdog's second is another one than the crystal's."""
_HUNG_S: Final = 1.15
_RTC_LOOK_S: Final = 18.5
"""The DS3231 is looked at every 16 s, for up to 1.2 s. Source: rtc.c."""


@dataclass(slots=True)
class _Origin:
    """The clock was set to a moment, `slack_s` later at most than `at_s`."""

    line: Line
    at_s: float
    utc_s: float
    slack_s: float
    resets_s: float = 0.0
    """What starts since then may have cost."""


class ClockLedger:
    """Every value that the clock may have, so that any other is a fault."""

    def __init__(self, crystal_ppm: float, acceleration: int = 1) -> None:
        self._worst_ppm = abs(crystal_ppm) + 10
        self._worst_trim_ppm = 0
        self._faster: Final = acceleration
        self._origins: list[_Origin] = []
        self._rtc: tuple[float, float, float] | None = None
        """When it could last be read, what it showed, and how wrong it runs."""
        self._rtc_slack_s = 0.0
        self._is_hung = False
        self._is_hang_cut = False
        self._reset_s = 0.0
        self._told: list[tuple[float, float]] = []
        """When a time arrived, and which, also if another one came at once."""

    def crystal(self, ppm: float) -> None:
        """Note that the crystal runs wrong by so much from now on."""
        self._worst_ppm = max(self._worst_ppm, abs(ppm) + 10)

    def fed(self, line: Line, now_s: float, arrives_s: float) -> None:
        """Note a whole line that is on its way to the panel."""
        if line.words[0] == "time" and len(line.words) == 4:
            utc_s = int(line.words[1]) + int(line.words[2]) / 1000
            slack_s = arrives_s - now_s + ANSWER_S
            self._origins.append(_Origin(line, now_s, utc_s, slack_s))
            self._told = [*self._told[-_MOST_TOLD:], (arrives_s, utc_s)]
        elif line.words[0] == "trim" and len(line.words) == 2:
            self._worst_trim_ppm = max(self._worst_trim_ppm, abs(int(line.words[1])))

    def told_between(self, from_s: float, until_s: float) -> list[float]:
        """Return the times that a panel was told meanwhile, until its answer at the latest."""
        return [utc_s for at_s, utc_s in self._told if from_s - ANSWER_S <= at_s <= until_s]

    def answered(self, line: Line, now_s: float) -> None:
        """Note a whole line that the panel has sent: settings before its question are over."""
        for origin in reversed(self._origins):
            if (origin.line.number, origin.line.words) == (line.number, line.words):
                origin.slack_s = min(origin.slack_s, now_s - origin.at_s)
                self._origins = [one for one in self._origins if one.at_s >= origin.at_s]
                return

    def hung(self) -> None:
        """Note that the program stands still."""
        self._is_hung = True

    def reset(self, now_s: float) -> None:
        """Note a reset from outside: what it cuts of a hang is lost to the clock."""
        self._is_hang_cut = self._is_hung
        self._reset_s = now_s

    def started(self, *, is_power: bool) -> None:
        """Note a start."""
        cost_s = _HANG_S if self._is_hung else _RESET_S
        if self._is_hang_cut:
            cost_s = _HUNG_S
        for origin in self._origins:
            origin.resets_s += cost_s
        self._rtc_slack_s += cost_s
        if is_power:
            # What was sent since may have come after the start, which is seen late.
            self._origins = [one for one in self._origins if one.at_s >= self._reset_s]
        self._is_hung = self._is_hang_cut = False

    def rtc_seen(self, now_s: float, utc_s: float, drift_ppm: float) -> None:
        """Note what the clock on the board shows, while it can be read."""
        self._rtc = now_s, utc_s, drift_ppm
        self._rtc_slack_s = 0.0

    def fault(self, clock: KeptClock, now_s: float) -> str:
        """Return what is wrong with the clock, one clause, or nothing."""
        if clock.source == "none":
            return ""
        if clock.source == "rtc":
            return self._rtc_fault(clock, now_s)
        if not self._origins:
            return f"it believes {clock.utc_s:.3f}, and nobody has told it the time"
        if any(self._explains(origin, clock, now_s) for origin in self._origins):
            return ""
        origin = self._origins[-1]
        passed_s = (now_s - origin.at_s) * self._faster
        return f"its clock is {clock.utc_s - origin.utc_s - passed_s:+.3f} s off what it was set to"

    @property
    def _rate(self) -> float:
        return (self._worst_ppm + self._worst_trim_ppm) / 1e6

    def _explains(self, origin: _Origin, clock: KeptClock, now_s: float) -> bool:
        passed_s = (now_s - origin.at_s) * self._faster
        off_s = clock.utc_s - origin.utc_s - passed_s
        wrong_s = passed_s * self._rate + _BEAT_S * self._faster + origin.resets_s * self._faster
        hung_s = _HUNG_S * self._faster if self._is_hung else 0.0
        return -wrong_s - hung_s - origin.slack_s * self._faster <= off_s <= wrong_s

    def _rtc_fault(self, clock: KeptClock, now_s: float) -> str:
        if self._rtc is None:
            return "it says that its time comes from a clock that could never be read"
        seen_s, utc_s, drift_ppm = self._rtc
        passed_s = (now_s - seen_s) * self._faster
        off_s = clock.utc_s - utc_s - passed_s
        # Between two looks by its own crystal; since the last one possible, all the time.
        wrong_s = (_RTC_LOOK_S * (1 + self._faster / 16) + passed_s) * (
            self._rate + drift_ppm / 1e6
        )
        wrong_s += (_BEAT_S + 0.05 + self._rtc_slack_s) * self._faster
        hung_s = _HUNG_S * self._faster if self._is_hung else 0.0
        if -wrong_s - hung_s <= off_s <= wrong_s:
            return ""
        return f"its clock is {off_s:+.3f} s off the clock on the board"
