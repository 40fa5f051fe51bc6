"""Tables of BORIS with a header block, one observation a file: read, and written as it does.

Source: files of BORIS 7 (`Observation id`, media by player, date, offset, independent variables,
then a row an event). Times have three decimals, lines end with CR LF.
"""

import csv
import io
from pathlib import Path
from typing import Final

from inference.dataset.boris_cell import Row
from inference.dataset.boris_observation import Event, Media, Observation, measure, split_modifiers
from inference.dataset.table_file import Rows
from inference.error import DataSetError

_PLAYER: Final = "Player #"
_VARIABLES: Final = "independent variables"
_FIRST_COLUMN: Final = "Time"
_COLUMNS: Final = (
    "Time",
    "Media file path",
    "Total length",
    "FPS",
    "Subject",
    "Behavior",
    "Behavioral category",
    "Comment",
    "Status",
)
_MODIFIERS: Final = "Modifiers"
"""Stands before the comment, in tables of which an event has one."""


def read_block(path: Path, rows: Rows) -> Observation:
    """Return the observation of a table that begins with a header block; raises DataSetError."""
    begin = next((at for at, (_, row) in enumerate(rows) if row[0] == _FIRST_COLUMN), None)
    if begin is None:
        raise DataSetError(f"{path} has no row `{_FIRST_COLUMN}`: not a table exported by BORIS")
    head = [row for _, row in rows[:begin]]
    header = rows[begin][1]
    table = [Row(path, line, header, row) for line, row in rows[begin + 1 :] if any(row)]
    offset = _value(head, "Time offset (s)") or "0"
    try:
        offset_s = float(offset)
    except ValueError as error:
        raise DataSetError(f"{path}: time offset `{offset}` is not a number") from error
    return Observation(
        path=path,
        name=_value(head, "Observation id"),
        media=_media(head, table),
        events=tuple(_event(row) for row in table),
        date=_value(head, "Observation date"),
        description=_value(head, "Description"),
        time_offset_s=offset_s,
        variables=_variables(head),
    )


def block_text(observation: Observation) -> str:
    """Return the table of an observation as BORIS 7 writes it, comma-separated."""
    with_modifiers = any(event.modifiers for event in observation.events)
    columns = [*_COLUMNS]
    if with_modifiers:
        columns.insert(columns.index("Comment"), _MODIFIERS)
    rows: list[list[str]] = []
    for row in (
        ["Observation id", observation.name],
        ["Media file(s)"],
        *([f"{_PLAYER}{media.player}", media.path] for media in observation.media),
        ["Observation date", observation.date],
        ["Description", observation.description],
        ["Time offset (s)", str(observation.time_offset_s)],
    ):
        rows += [row, []]
    variables = [list(variable) for variable in observation.variables]
    rows += [[_VARIABLES], ["variable", "value"], *variables, [], columns]
    rows += [_cells(observation, event, with_modifiers) for event in observation.events]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([*row, *[""] * (len(columns) - len(row))] for row in rows)
    return text.getvalue()


def _cells(observation: Observation, event: Event, with_modifiers: bool) -> list[str]:
    media = observation.media[0] if observation.media else Media("1", "")
    length = "" if media.length_s is None else f"{media.length_s:.3f}"
    rate = "" if media.frames_per_second is None else str(media.frames_per_second)
    return [
        f"{event.time_s:.3f}",
        *(media.path, length, rate),
        *(event.subject, event.behavior, event.category),
        *(["|".join(event.modifiers)] if with_modifiers else []),
        *(event.comment, event.status),
    ]


def _value(head: list[list[str]], name: str) -> str:
    return next((row[1] for row in head if row[0] == name and len(row) > 1), "")


def _media(head: list[list[str]], table: list[Row]) -> tuple[Media, ...]:
    """Return the media of all players; length and rate stand in the rows of events only."""
    first = table[0] if table else None
    length_s = measure(first.get("Total length")) if first else None
    rate = measure(first.rate()) if first else None
    found = [
        (row[0].removeprefix(_PLAYER), row[1])
        for row in head
        if row[0].startswith(_PLAYER) and len(row) > 1
    ]
    is_single = len(found) == 1
    return tuple(
        Media(player, path, length_s if is_single else None, rate) for player, path in found
    )


def _variables(head: list[list[str]]) -> tuple[tuple[str, str], ...]:
    begin = next((at for at, row in enumerate(head) if row[0] == _VARIABLES), len(head))
    return tuple((row[0], row[1]) for row in head[begin + 2 :] if row[0] and len(row) > 1)


def _event(row: Row) -> Event:
    return Event(
        time_s=row.moment("Time"),
        subject=row.get("Subject"),
        behavior=row["Behavior"],
        status=row.status("Status"),
        place=f"line {row.line}",
        modifiers=split_modifiers(row.get(_MODIFIERS)) or row.modifiers(),
        category=row.get("Behavioral category"),
        comment=row.get("Comment"),
    )
