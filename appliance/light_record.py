"""What light there was: a row a minute and at every change, a file a day, for years."""

import csv
import io
import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timezone
from itertools import groupby
from pathlib import Path
from typing import Final, Literal, TypeAlias

from appliance.event import rfc3339
from disk.durable_file import sync_to_disk

LightCause: TypeAlias = Literal[
    "start",
    "minute",
    "schedule",
    "override",
    "override-end",
    "reason",
    "upload",
    "clock",
    "reboot",
    "stop",
]
"""Why a row was written: the worker started or stopped, a minute passed, the schedule changed the
light, a technician began or ended an override, the reason changed, the panel got a program, the
panel's clock was set, the panel started anew."""

COLUMNS: Final = (
    "time",
    "standard_time",
    "panel",
    "cause",
    "author",
    "text",
    "zt_h",
    "white_scheduled",
    "white_commanded",
    "white_measured",
    "ir_commanded",
    "ir_measured",
    "clock_off_s",
    "phase",
)
"""`phase` is last: no torn line ends with one of its two words and has all columns."""
DELIMITER: Final = ";"
_SYNC_S: Final = 5.0
"""The disk is made to write a row that only says that a minute passed at most that often."""


@dataclass(frozen=True, slots=True)
class LightRow:
    """One panel at one moment; levels in percent, None if unknown."""

    utc_ns: int
    """Kept in whole milliseconds."""
    panel: str
    cause: LightCause
    phase: Literal["light", "dark"]
    """As due by the plan."""
    zt_h: float
    white_scheduled: int
    white_commanded: int | None
    white_measured: int | None
    ir_commanded: int | None
    ir_measured: int | None
    clock_off_s: float | None
    author: str
    """Of an override or its end, else empty."""
    text: str
    """The reason, of an override or of a disagreement, a sensor that is lost, else empty."""


class LightRecord:
    """The files of a folder, one for each day of standard time; one thread at a time.

    No file stays open between two calls, so a volume that goes away and comes back is no matter.
    """

    def __init__(
        self,
        folder: Path,
        standard_time: timezone,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._standard_time = standard_time
        self._monotonic_s = monotonic_s
        self._synced_s = -_SYNC_S
        self._unsynced: Path | None = None

    def write(self, rows: Sequence[LightRow]) -> None:
        """Add rows, in the order of time; changes are on the disk when it returns.

        A row a minute may wait for the next call. Raises OSError: then none of the last day's rows
        has been written, those of earlier days may be. Blocks as long as the disk.
        """
        for day, of_day in groupby(rows, self._day):
            self._write_day(day_path(self._folder, day), list(of_day))

    def _day(self, row: LightRow) -> date:
        return _moment(row.utc_ns, self._standard_time).date()

    def _write_day(self, path: Path, rows: list[LightRow]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._unsynced not in (None, path):
            self._sync_rest()
        lines = "".join(_line(_fields(row, self._standard_time)) for row in rows)
        now_s = self._monotonic_s()
        is_due = now_s - self._synced_s >= _SYNC_S or any(row.cause != "minute" for row in rows)
        is_new = _append(path, lines, is_synced=is_due)
        self._unsynced = None if is_due else path
        if is_due:
            self._synced_s = now_s
        if is_new:
            sync_to_disk(self._folder)

    def _sync_rest(self) -> None:
        """See to the last rows of a day that is over; a file that was removed needs nothing."""
        path, self._unsynced = self._unsynced, None
        if path is not None and path.exists():
            sync_to_disk(path)


def day_path(folder: Path, day: date) -> Path:
    """Return the file of a day."""
    return folder / f"{day.isoformat()}.csv"


def header() -> str:
    """Return the first line of a file, with its end."""
    return _line(COLUMNS)


def _append(path: Path, lines: str, *, is_synced: bool) -> bool:
    """Add lines to a file, all or none; return whether it is new. Raises OSError."""
    with path.open("ab+", buffering=0) as file:
        size = file.tell()
        if not size:
            lines = header() + lines
        elif os.pread(file.fileno(), 1, size - 1) != b"\n":
            lines = "\n" + lines  # a cut tore the last line; it is left alone
        rest = lines.encode()
        try:
            while rest:
                rest = rest[file.write(rest) :]
            if is_synced:
                os.fsync(file.fileno())
        except OSError:
            # A full disk takes a part, and whoever tries again would write that twice.
            with suppress(OSError):
                os.ftruncate(file.fileno(), size)
            raise
    return not size


def _fields(row: LightRow, standard_time: timezone) -> Iterable[str]:
    yield rfc3339(row.utc_ns)
    yield f"{_moment(row.utc_ns, standard_time):%Y-%m-%d %H:%M:%S}"
    yield from (row.panel, row.cause, _one_line(row.author), _one_line(row.text))
    yield f"{row.zt_h:.4f}"
    for level in (
        row.white_scheduled,
        row.white_commanded,
        row.white_measured,
        row.ir_commanded,
        row.ir_measured,
    ):
        yield "" if level is None else str(level)
    yield "" if row.clock_off_s is None else f"{row.clock_off_s:.3f}"
    yield row.phase


def _one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _line(fields: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, delimiter=DELIMITER, lineterminator="\n").writerow(fields)
    return line.getvalue()


def _moment(utc_ns: int, standard_time: timezone) -> datetime:
    return datetime.fromtimestamp(utc_ns // 1_000_000_000, UTC).astimezone(standard_time)
