"""Tables that BORIS exports: reading the three kinds there are.

- *Tabular events with a header block* (version 7 and before): `Observation id`, media, date and so
  on in rows of their own, then a row an event with `Status`.
- *Tabular events* (newer versions): a row an event, everything in columns, `Behavior type` is
  START, STOP or POINT.
- *Aggregated events*: a row a bout, `Start (s)` and `Stop (s)`, `Behavior type` STATE or POINT.
"""

from collections.abc import Sequence
from pathlib import Path

from inference.dataset.boris_block import read_block
from inference.dataset.boris_cell import Row
from inference.dataset.boris_observation import Event, Media, Observation, Status, measure
from inference.dataset.table_file import read_rows
from inference.error import DataSetError


def read_boris_table(path: Path) -> list[Observation]:
    """Return the observations of an exported table, CSV or TSV; raises DataSetError."""
    rows = read_rows(path, ",\t")
    if not rows:
        raise DataSetError(f"{path} is empty")
    header = rows[0][1]
    if header[0] == "Observation id" and not any(header[2:]):
        return [read_block(path, rows)]
    if "Observation id" not in header or "Behavior" not in header:
        raise DataSetError(f"{path}: line 1 is not the header of a table exported by BORIS")
    table = [Row(path, line, header, row) for line, row in rows[1:]]
    names = list(dict.fromkeys(row["Observation id"] for row in table))
    return [_observation(path, [row for row in table if row["Observation id"] == n]) for n in names]


def is_boris_table(path: Path) -> bool:
    """Return whether a file begins as such a table does."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            first = file.readline(4096)
    except (OSError, UnicodeDecodeError):
        return False
    return "Observation id" in first.replace('"', "").replace("\t", ",").split(",")


def _observation(path: Path, rows: Sequence[Row]) -> Observation:
    first = rows[0]
    is_aggregated = first.has("Start (s)")
    if is_aggregated:  # else a bout that another one touches would begin before that one stops
        rows = sorted(rows, key=_span_s)
    return Observation(
        path=path,
        name=first["Observation id"],
        media=_media(rows),
        events=tuple(
            event
            for row in rows
            for event in (_events_of_bout(row) if is_aggregated else [_event(row)])
        ),
        date=first.get("Observation date"),
        description=first.get("Description"),
        time_offset_s=first.number("Time offset (s)") or 0.0,
        variables=first.variables(),
    )


def _event(row: Row) -> Event:
    return Event(
        time_s=row.moment("Time"),
        subject=row.get("Subject"),
        behavior=row["Behavior"],
        status=row.status("Behavior type" if row.has("Behavior type") else "Status"),
        place=f"line {row.line}",
        modifiers=row.modifiers(),
        category=row.get("Behavioral category"),
        comment=row.get("Comment"),
    )


def _events_of_bout(row: Row) -> list[Event]:
    kind = row["Behavior type"]
    if kind not in ("STATE", "POINT"):
        raise DataSetError(f"{row.place}: `{kind}` is not STATE or POINT")
    start = Event(
        time_s=row.moment("Start (s)"),
        subject=row.get("Subject"),
        behavior=row["Behavior"],
        status=Status.START if kind == "STATE" else Status.POINT,
        place=f"line {row.line}",
        modifiers=row.modifiers(),
        category=row.get("Behavioral category"),
        comment=row.get("Comment start"),
    )
    if kind == "POINT":
        return [start]
    stop = Event(
        time_s=row.moment("Stop (s)"),
        subject=start.subject,
        behavior=start.behavior,
        status=Status.STOP,
        place=start.place,
        modifiers=start.modifiers,
        category=start.category,
        comment=row.get("Comment stop"),
    )
    return [start, stop]


def _span_s(row: Row) -> tuple[float, float]:
    return row.moment("Start (s)"), row.number("Stop (s)") or 0.0


def _media(rows: Sequence[Row]) -> tuple[Media, ...]:
    """Return the media of an observation: its source, or all that its events name."""
    first = rows[0]
    lengths = _numbers(first.get("Media duration (s)") or first.get("Total length"))
    rates = _numbers(first.rate())
    source = first.get("Source")
    if "#" in source:
        places = [
            (player.removeprefix("player #"), path.strip())
            for part in source.split("|")
            for player, _, paths in [part.strip().partition(":")]
            for path in paths.split(";")
        ]
    else:
        columns = ("Media file name", "Media file path", "Media file", "Source")
        named = [next((row[name] for name in columns if row.has(name)), "") for row in rows]
        places = [("1", path) for path in dict.fromkeys(named) if path not in ("", "NA")]
    if len(places) > 1 and len(lengths) == 1:
        lengths = []  # the length of all of them together
    return tuple(
        Media(player, path, _at(lengths, position), _at(rates, position))
        for position, (player, path) in enumerate(places)
    )


def _at(values: Sequence[float | None], position: int) -> float | None:
    """Return a medium's value; a single one is that of all."""
    if len(values) == 1:
        return values[0]
    return values[position] if position < len(values) else None


def _numbers(text: str) -> list[float | None]:
    """Return the numbers of `25.000;25.000|30.000`, None for NA and the like."""
    return [measure(part.rpartition(":")[2]) for part in text.replace("|", ";").split(";")]
