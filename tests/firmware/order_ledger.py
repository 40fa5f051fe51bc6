"""What light a panel may give besides its program: orders that reached it, until they end."""

from dataclasses import dataclass
from typing import Final, Literal

from capture_hw.panel.line import Line

ANSWER_S: Final = 0.15
"""From a line's last byte to its answer at the latest. Source: docs/panel-protocol.md, "Line"."""
_WRONG_CRYSTAL: Final = 0.006
"""An override is counted by the crystal, which may be wrong by so much."""
_BEAT_S: Final = 0.03
"""A few ticks of 8 ms."""
_HUNG_S: Final = 1.15
"""A program that stands still does not count; the watchdog starts it again after 1 s."""
_LONGEST_S: Final = {"white": 3600.0, "ir": 2.0}


@dataclass(slots=True)
class _Order:
    line: Line
    level: int
    for_s: float
    fed_s: float
    arrives_s: float
    """At the latest."""
    confirmed_s: float | None = None

    @property
    def ends_s(self) -> float:
        began_s = self.arrives_s + ANSWER_S if self.confirmed_s is None else self.confirmed_s
        return began_s + self.for_s * (1 + _WRONG_CRYSTAL) + _BEAT_S


class OrderLedger:
    """Overrides of one lamp. `may` is never too narrow and `must` never too wide."""

    def __init__(self, lamp: Literal["white", "ir"]) -> None:
        self._lamp: Final = lamp
        self._orders: list[_Order] = []
        self._ends: list[tuple[Line, float]] = []
        self._is_sure = False
        """Whether the first order is known to run and nothing came after it."""
        self._hung_s: float | None = None

    def fed(self, line: Line, now_s: float, arrives_s: float) -> None:
        """Note a whole line that is on its way to the panel."""
        words = line.words
        if words == ("override", "end"):
            self._ends.append((line, now_s))
            self._is_sure = False
        elif words[:2] == ("override", self._lamp) and len(words) == 4:
            for_s = int(words[3]) / 1000
            if for_s > _LONGEST_S[self._lamp]:
                return  # refused: light by it is a fault
            self._orders.append(_Order(line, int(words[2]), for_s, now_s, arrives_s))
            self._is_sure = False

    def answered(self, line: Line, now_s: float) -> None:
        """Note a whole line that the panel has sent: what came before its question is over."""
        for end, fed_s in reversed(self._ends):
            if (end.number, end.words) == (line.number, line.words):
                self._orders = [order for order in self._orders if order.fed_s > fed_s]
                return
        for order in reversed(self._orders):
            if (order.line.number, order.line.words) == (line.number, line.words):
                order.confirmed_s = now_s
                self._orders = [one for one in self._orders if one.fed_s >= order.fed_s]
                self._is_sure = self._orders == [order]
                return

    def hung(self, now_s: float) -> None:
        """Note that the program stands still."""
        self._hung_s = now_s

    def started(self, now_s: float) -> None:
        """Note a start: every override is over but one that may still be on the line."""
        self._hung_s = None
        self._is_sure = False
        self._orders = [
            one for one in self._orders if one.confirmed_s is None and one.arrives_s > now_s - 0.05
        ]

    def may(self, now_s: float) -> set[int]:
        """Return the levels that an order explains."""
        if self._hung_s is not None:
            now_s = min(now_s, max(self._hung_s, now_s - _HUNG_S))
        self._orders = [one for one in self._orders if one.ends_s >= now_s]
        return {one.level for one in self._orders}

    def must(self, from_s: float, until_s: float) -> int | None:
        """Return the level that an order demands all this time; None if none surely does."""
        if not self._is_sure or len(self._orders) != 1:
            return None
        order = self._orders[0]
        if order.confirmed_s is None or from_s < order.confirmed_s:
            return None
        surely_s = order.confirmed_s - ANSWER_S + order.for_s * (1 - _WRONG_CRYSTAL) - _BEAT_S
        return order.level if until_s <= surely_s else None
