"""Whose override a panel runs, and when it ended and why."""

import logging
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
_SAME_NS: Final = 5 * _NS_PER_S
_log = logging.getLogger(__name__)


class OverrideWatch:
    """One panel's white override, from look to look; one thread at a time."""

    def __init__(self, name: str, book: OverrideBook) -> None:
        self._name: Final = name
        self._book: Final = book
        self._running: PanelOverride | None = None
        self._ends_s: float | None = None
        """By the monotonic clock, which nobody steps; None if it was never seen running."""

    @property
    def running(self) -> PanelOverride | None:
        """Return what ran at the last look."""
        return self._running

    def ordered(self, order: OrderedOverride, monotonic_s: float, for_s: float) -> str:
        """Note what the panel has just confirmed; return what could not be noted on the disk."""
        self._running = _detail(order)
        self._ends_s = monotonic_s + for_s
        try:
            self._book.begin(order)
        except OSError as error:
            return _unwritten(self._name, error)
        return ""

    def ended(self) -> None:
        """Note that a person ended it."""
        self._running = self._ends_s = None
        self._forget()

    def look(self, reading: Reading, *, is_restarted: bool) -> list[Happening]:
        """Take a state in; return begins and ends that nobody here ordered."""
        white = next((one for one in reading.state.overrides if one.lamp == "white"), None)
        if white is None:
            return self._over(reading, is_restarted=is_restarted)
        until_ns = reading.utc_ns + round(white.remaining_s * _NS_PER_S)
        before = self._running
        self._ends_s = reading.monotonic_s + white.remaining_s
        self._running = self._known(white, until_ns) or PanelOverride(
            white_percent=round(white.permille / 10), until_utc_ns=until_ns, author="", reason=""
        )
        if self._running.author or (before is not None and not before.author):
            return []
        return [Happening("override", "an override runs that nobody ordered here")]

    def _known(self, white: RunningOverride, until_ns: int) -> PanelOverride | None:
        """Return who ordered what runs, or what was said of it before; None if it is new.

        Its end is said as it was, so that it does not tremble with each look.
        """
        percent = round(white.permille / 10)
        ordered = self._book.ordered
        if ordered is not None and ordered.white_percent == percent:
            return _detail(ordered)
        before = self._running
        if before is None or before.author or before.white_percent != percent:
            return None
        if abs(before.until_utc_ns - until_ns) <= _SAME_NS:
            return before
        return before.model_copy(update={"until_utc_ns": until_ns})

    def _over(self, reading: Reading, *, is_restarted: bool) -> list[Happening]:
        ordered, before, ends_s = self._book.ordered, self._running, self._ends_s
        self._running = self._ends_s = None
        if ordered is None and before is None:
            return []
        self._forget()
        author = ordered.author if ordered is not None else ""
        if ends_s is not None:
            is_timely = reading.monotonic_s >= ends_s - _UNSEEN_S
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


def _detail(ordered: OrderedOverride) -> PanelOverride:
    return PanelOverride(
        white_percent=ordered.white_percent,
        until_utc_ns=ordered.until_utc_ns,
        author=ordered.author,
        reason=ordered.reason,
    )


def _unwritten(name: str, error: OSError) -> str:
    return f"panel {name}: {error.filename} cannot be written: {error.strerror}"
