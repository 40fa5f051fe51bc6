"""Whose override a panel runs, and when it ended and why."""

import logging
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final

from appliance.override_book import OrderedOverride, OverrideBook
from appliance.panel_look import Happening
from appliance.panel_time import Reading
from appliance.report import PanelOverride
from capture_hw.panel.state import RunningOverride

_NS_PER_S: Final = 1_000_000_000
_UNSEEN_S: Final = 3.0
"""An override with less left was not cut short if it is gone at the next look."""
_SAME_S: Final = 5.0
_SAME_NS: Final = 5 * _NS_PER_S
_DRIFT: Final = 0.02
"""By so much a panel's quartz may be wrong. Source: docs/panel-protocol.md, `trim`."""
_RESTARTED_NS: Final = 75 * _NS_PER_S
"""After a restart of the worker: an hour by a quartz that is wrong by as much."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _End:
    """When an override ends, by the monotonic clock, which nobody steps."""

    ends_s: float
    said_s: float
    """When the panel said so."""

    def is_same(self, now_s: float, remaining_s: float) -> bool:
        """Whether an override with so much left is the one that ends then."""
        drift_s = _DRIFT * (now_s - self.said_s)
        return abs(now_s + remaining_s - self.ends_s) <= _SAME_S + drift_s


class OverrideWatch:
    """One panel's white override, from look to look; one thread at a time."""

    def __init__(self, name: str, book: OverrideBook) -> None:
        self._name: Final = name
        self._book: Final = book
        self._running: PanelOverride | None = None
        self._end: _End | None = None
        """None if it was never seen running."""
        self._looked_s: float | None = None
        self._unconfirmed: tuple[OrderedOverride, _End] | None = None
        """What the panel was told and has not confirmed; its end is known within seconds."""
        self._ending: Happening | None = None
        """What is to be told of an end that a person has seen to."""

    @property
    def running(self) -> PanelOverride | None:
        """Return what ran at the last look."""
        return self._running

    def ordered(self, order: OrderedOverride, monotonic_s: float, for_s: float) -> str:
        """Note what the panel has just confirmed; return what could not be noted on the disk."""
        self._running = _detail(order)
        self._end = _End(monotonic_s + for_s, monotonic_s)
        self._unconfirmed = self._ending = None
        try:
            self._book.begin(order)
        except OSError as error:
            return _unwritten(self._name, error)
        return ""

    def unconfirmed(self, order: OrderedOverride, for_s: float) -> None:
        """Note what the panel was told just now: it is whose it is, should it be seen running."""
        if self._looked_s is not None:
            self._unconfirmed = order, _End(self._looked_s + for_s, self._looked_s)

    def ending(self, text: str, author: str) -> None:
        """Note that a person ends what runs: so it is told when it is seen to be over."""
        self._ending = Happening("override-end", text, author)

    def ended(self) -> None:
        """Note that a person ended it."""
        self._running = self._end = self._unconfirmed = self._ending = None
        self._forget()

    def look(self, reading: Reading, *, is_restarted: bool) -> list[Happening]:
        """Take a state in; return begins and ends that were not told yet."""
        self._looked_s = reading.monotonic_s
        white = next((one for one in reading.state.overrides if one.lamp == "white"), None)
        if white is None:
            return self._over(reading, is_restarted=is_restarted)
        self._ending = None
        if confirmed := self._confirmed(white, reading):
            return confirmed
        ordered, is_ordered = self._book.ordered, self._is_ordered(white, reading)
        self._end = _End(reading.monotonic_s + white.remaining_s, reading.monotonic_s)
        if ordered is not None and is_ordered:
            self._running = _detail(ordered)
            return []
        self._forget()
        before = self._running
        self._running = self._foreign(white, reading)
        if before is not None and not before.author:
            return []
        return [Happening("override", "an override runs that nobody ordered here")]

    def _confirmed(self, white: RunningOverride, reading: Reading) -> list[Happening]:
        """Return what is told of an order that is seen running though nobody has confirmed it."""
        waiting, self._unconfirmed = self._unconfirmed, None
        if waiting is None:
            return []
        order, end = waiting
        is_same = end.is_same(reading.monotonic_s, white.remaining_s)
        if order.white_percent != _percent(white) or not is_same:
            return []
        known = order.model_copy(update={"until_utc_ns": _until_ns(white, reading)})
        if fault := self.ordered(known, reading.monotonic_s, white.remaining_s):
            _log.warning("%s", fault)
        return [Happening("override", order.reason, order.author)]

    def _is_ordered(self, white: RunningOverride, reading: Reading) -> bool:
        """Whether what runs is what was ordered: as bright, and with the same end."""
        ordered = self._book.ordered
        if ordered is None or ordered.white_percent != _percent(white):
            return False
        if self._end is not None:
            return self._end.is_same(reading.monotonic_s, white.remaining_s)
        return abs(ordered.until_utc_ns - _until_ns(white, reading)) <= _RESTARTED_NS

    def _foreign(self, white: RunningOverride, reading: Reading) -> PanelOverride:
        """Return an override without author; its end is said as it was, so that it stands still."""
        percent, until_ns = _percent(white), _until_ns(white, reading)
        before = self._running
        is_known = before is not None and not before.author and before.white_percent == percent
        if before is not None and is_known and abs(before.until_utc_ns - until_ns) <= _SAME_NS:
            return before
        return PanelOverride(white_percent=percent, until_utc_ns=until_ns, author="", reason="")

    def _over(self, reading: Reading, *, is_restarted: bool) -> list[Happening]:
        ordered, before, end = self._book.ordered, self._running, self._end
        ending = self._ending
        self._running = self._end = self._unconfirmed = self._ending = None
        self._forget()
        if ending is not None:
            return [ending]
        if ordered is None and before is None:
            return []
        author = ordered.author if ordered is not None else ""
        if end is not None:
            is_timely = reading.monotonic_s >= end.ends_s - _UNSEEN_S
        else:
            is_timely = ordered is not None and reading.utc_ns >= ordered.until_utc_ns - _SAME_NS
        if is_timely:
            text = "the override ended by itself"
        elif is_restarted:
            text = "the override ended with the panel's restart"
        else:
            text = "the override ended early, and nobody here ended it"
        return [Happening("override-end", text, author)]

    def _forget(self) -> None:
        if self._book.ordered is None:
            return
        try:
            self._book.end()
        except OSError as error:
            _log.warning("%s", _unwritten(self._name, error))


def until_text(until_utc_ns: int, standard_time: timezone) -> str:
    """Return an end as people read it, in the facility's standard time."""
    return f"{datetime.fromtimestamp(until_utc_ns / _NS_PER_S, standard_time):%Y-%m-%d %H:%M:%S}"


def _percent(white: RunningOverride) -> int:
    return round(white.permille / 10)


def _until_ns(white: RunningOverride, reading: Reading) -> int:
    return reading.utc_ns + round(white.remaining_s * _NS_PER_S)


def _detail(ordered: OrderedOverride) -> PanelOverride:
    return PanelOverride(
        white_percent=ordered.white_percent,
        until_utc_ns=ordered.until_utc_ns,
        author=ordered.author,
        reason=ordered.reason,
    )


def _unwritten(name: str, error: OSError) -> str:
    return f"panel {name}: {error.filename} cannot be written: {error.strerror}"
