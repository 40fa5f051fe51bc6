"""Reading the light record of a day: strict, but for lines that a crash tore."""

import csv
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Final, get_args

from appliance.light_record import COLUMNS, DELIMITER, LightCause, LightRow, day_path, header
from capture_hw.photoperiod import Phase

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_LEVEL: Final = re.compile(r"\d{1,4}")
_NUMBER: Final = re.compile(r"-?\d{1,12}\.\d{1,6}")
_CAUSES: Final[dict[str, LightCause]] = {cause: cause for cause in get_args(LightCause)}
_PHASES: Final[dict[str, Phase]] = {phase: phase for phase in get_args(Phase)}
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class LightRecordError(Exception):
    """A record cannot be used; the message names the file and what is wrong, one sentence."""


@dataclass(frozen=True, slots=True)
class SetBack:
    """A time that this machine's clock showed a panel's rows twice, because it was set back."""

    panel: str
    from_ns: int
    until_ns: int
    """Of the last row before the clock was set back."""


@dataclass(frozen=True, slots=True)
class DayRecord:
    """What is written about a day."""

    path: Path
    sha256: str
    """Of the whole file."""
    rows: tuple[LightRow, ...]
    """In the order of time; rows of one moment as in the file."""
    damaged_lines: tuple[int, ...]
    """Numbers, from 1, of lines that are no rows; a power cut may tear one."""
    backward_rows: int
    """Rows that are earlier than one of the same panel before them: the clock was set back."""
    set_back: tuple[SetBack, ...]
    content: bytes = field(repr=False)
    """Of the whole file."""

    def of_panel(self, panel: str) -> list[LightRow]:
        """Return the rows of a panel."""
        return [row for row in self.rows if row.panel == panel]

    def has_grown_from(self, sha256: str) -> bool:
        """Return whether a hash is that of the file's beginning, up to a line's end, or of all."""
        hashed = hashlib.sha256()
        for line in self.content.split(b"\n"):
            hashed.update(line)
            if hashed.hexdigest() == sha256:
                return True  # all of it, or its last line was torn
            hashed.update(b"\n")
            if hashed.hexdigest() == sha256:
                return True
        return False


def read_day(folder: Path, day: date) -> DayRecord:
    """Read the record of a day. Raises LightRecordError, FileNotFoundError if there is none."""
    path = day_path(folder, day)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise LightRecordError(f"{path}: cannot be read: {error.strerror}") from error
    lines = content.decode(errors="replace").split("\n")
    first = lines[0] + "\n"
    is_header_torn = header().startswith(lines[0]) and first != header()
    if first != header() and not is_header_torn:
        raise LightRecordError(f"{path}: is no light record: line 1 is not {header().strip()}")
    rows: list[LightRow] = []
    damaged = [1] if is_header_torn and lines[0] else []
    for number, line in enumerate(lines[1:], start=2):
        row = row_of(line.removesuffix("\r"))
        if row is not None:
            rows.append(row)
        elif line:
            damaged.append(number)
    return DayRecord(
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        rows=tuple(sorted(rows, key=lambda row: row.utc_ns)),
        damaged_lines=tuple(damaged),
        backward_rows=_backward(rows),
        set_back=tuple(_set_back(rows)),
        content=content,
    )


def row_of(line: str) -> LightRow | None:
    """Return what a line says; None if it is no whole row."""
    try:
        fields = next(csv.reader([line], delimiter=DELIMITER, strict=True), [])
    except csv.Error:
        return None
    if len(fields) != len(COLUMNS):
        return None
    moment, _standard_time, panel, cause, author, text, zt_h, *numbers, clock_off_s, phase = fields
    if not (
        _MOMENT.fullmatch(moment)
        and panel
        and cause in _CAUSES
        and phase in _PHASES
        and _NUMBER.fullmatch(zt_h)
        and all(_LEVEL.fullmatch(level) or not level for level in numbers)
        and numbers[0]
        and (_NUMBER.fullmatch(clock_off_s) or not clock_off_s)
    ):
        return None
    try:
        utc_ns = _utc_ns(moment)
    except ValueError:
        return None
    levels = [int(level) if level else None for level in numbers]
    return LightRow(
        utc_ns=utc_ns,
        panel=panel,
        cause=_CAUSES[cause],
        phase=_PHASES[phase],
        zt_h=float(zt_h),
        white_scheduled=int(numbers[0]),
        white_commanded=levels[1],
        white_measured=levels[2],
        ir_commanded=levels[3],
        ir_measured=levels[4],
        clock_off_s=float(clock_off_s) if clock_off_s else None,
        author=author,
        text=text,
    )


def day_bounds_ns(day: date, standard_time: timezone) -> tuple[int, int]:
    """Return the midnights of standard time that a day begins and ends with, in UTC."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=standard_time)
    begin_ns = (midnight - _EPOCH) // timedelta(microseconds=1) * 1000
    return begin_ns, begin_ns + 86_400_000_000_000


def _utc_ns(moment: str) -> int:
    return (datetime.fromisoformat(moment) - _EPOCH) // timedelta(microseconds=1) * 1000


def _backward(rows: Sequence[LightRow]) -> int:
    latest_ns: dict[str, int] = {}
    backward = 0
    for row in rows:
        backward += row.utc_ns < latest_ns.get(row.panel, 0)
        latest_ns[row.panel] = max(row.utc_ns, latest_ns.get(row.panel, 0))
    return backward


def _set_back(rows: Sequence[LightRow]) -> Iterator[SetBack]:
    """Yield what was shown twice, from rows as in the file."""
    before: dict[str, LightRow] = {}
    for row in rows:
        last = before.get(row.panel)
        if last is not None and row.utc_ns < last.utc_ns:
            yield SetBack(row.panel, row.utc_ns, last.utc_ns)
        before[row.panel] = row
