"""Whether a day's light record is whole: only then can its report be signed."""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from appliance.light_record_reading import DayRecord, LightRecordError, read_day
from capture_hw.photoperiod import SECOND_NS

_SETTLED_NS: Final = 60 * SECOND_NS
"""So long after midnight the last rows of the day may still be written."""
_LONGEST_WAIT_DAYS: Final = 4
"""Rows that wait for a disk that is away are given up before: `light_record_writer` holds so many
of three days."""


def unfinished(record: DayRecord, folder: Path, day: date, end_ns: int, now_ns: int) -> str:
    """Return why a day's record may still grow, one clause; empty if it is whole.

    Rows are written in order, so a later row of a panel says that none of the day waits.
    """
    if now_ns < end_ns:
        return f"{day} is not over yet; it can be signed after its midnight"
    if now_ns < end_ns + _SETTLED_NS:
        return f"{day} is not over yet; it can be signed a minute after its midnight"
    last_day = day + timedelta(days=_LONGEST_WAIT_DAYS)
    if now_ns >= end_ns + _LONGEST_WAIT_DAYS * 86_400 * SECOND_NS:
        return ""
    waiting = {row.panel: row.cause for row in record.rows}
    names = {panel for panel, last_cause in waiting.items() if last_cause != "stop"}
    for later in range(1, _LONGEST_WAIT_DAYS + 1):
        if names:
            names -= _panels(folder, day + timedelta(days=later), end_ns)
    if not names:
        return ""
    return (
        f"rows of {day} may still wait to be written: {_said(names)} no later row; it can be "
        f"signed when there is one, or after {last_day}"
    )


def _panels(folder: Path, day: date, end_ns: int) -> set[str]:
    try:
        return {row.panel for row in read_day(folder, day).rows if row.utc_ns >= end_ns}
    except (FileNotFoundError, LightRecordError):
        return set()


def _said(names: Iterable[str]) -> str:
    listed = sorted(names)
    word = "panel" if len(listed) == 1 else "panels"
    return f"{word} {', '.join(listed)} {'has' if len(listed) == 1 else 'have'}"
