"""What lasted for a while by a panel's rows: light that people asked for, and disagreements."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from appliance.light_record import LightRow
from appliance.sentence import wording
from capture_hw.photoperiod import Phase

_FOR_EVER_NS: Final = 2**63


@dataclass(frozen=True, slots=True)
class Override:
    """White light that a technician asked for."""

    from_ns: int
    until_ns: int | None
    """None if it goes on behind the last row."""
    author: str
    reason: str
    white_percent: int | None
    """As the panel commanded it; None if it did not say."""
    phase: Phase
    """That was due when it began."""
    end_text: str = ""
    """How it ended, as the program said it; empty if nobody saw it end."""

    def covers(self, utc_ns: int) -> bool:
        """Return whether it runs at a moment."""
        return self.from_ns <= utc_ns < (self.until_ns or _FOR_EVER_NS)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Something that was not as it should be, as the keeper of the panel said it."""

    from_ns: int
    until_ns: int | None
    text: str
    """Of its first row; later ones differ in numbers only."""


def overrides_of(rows: Iterable[LightRow]) -> list[Override]:
    """Return overrides in order.

    One whose end nobody saw ends with the first row that commands another level, or a reboot: no
    later light is excused by it.
    """
    overrides: list[Override] = []
    running: Override | None = None
    for row in rows:
        if running is not None and _ends(running, row):
            overrides.append(replace(running, until_ns=row.utc_ns, end_text=_end_text(row)))
            running = None
        if row.cause == "override":
            running = Override(
                from_ns=row.utc_ns,
                until_ns=None,
                author=row.author,
                reason=row.text,
                white_percent=row.white_commanded,
                phase=row.phase,
            )
    return overrides if running is None else [*overrides, running]


def disagreements_of(rows: Iterable[LightRow]) -> list[Disagreement]:
    """Return disagreements in order; the text of one changes its numbers only."""
    found: list[Disagreement] = []
    running: Disagreement | None = None
    for row in rows:
        ends = row.cause in ("reason", "start", "stop")
        says = row.text if row.cause in ("reason", "start", "minute") else ""
        if running is not None and says and wording(says) == wording(running.text):
            continue
        if running is not None and (ends or says):
            found.append(replace(running, until_ns=row.utc_ns))
            running = None
        if says:
            running = Disagreement(row.utc_ns, None, says)
    return found if running is None else [*found, running]


def _end_text(row: LightRow) -> str:
    if row.cause == "override":
        return "another override took its place"
    return row.text if row.cause in ("override-end", "reboot") else ""


def _ends(running: Override, row: LightRow) -> bool:
    if row.cause in ("override", "override-end", "reboot"):
        return True
    return row.white_commanded is not None and row.white_commanded != running.white_percent
