"""Finding the finished files of a rack on its disk."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from disk.durable_file import PART_SUFFIX
from sync.error import SourceChanged
from sync.light_day import finished_light_days
from sync.object_key import (
    CAGE_FOLDER,
    DAY_FOLDER,
    INVENTORY_FOLDER,
    LIGHTS_FOLDER,
    RackFile,
    object_key,
    parse_rack_file,
)
from sync.upload_ledger import FileOnDisk


@dataclass(frozen=True, slots=True)
class Scan:
    """What is on the disk now."""

    finished: tuple[FileOnDisk, ...]
    open_days: frozenset[str]
    """Days of which a file is still being written."""
    strangers: tuple[str, ...]
    """Paths in the rack's folders that are no file of ours; they are not uploaded."""


def scan_rack(data: Path, rack: str, standard_time: timezone, now: datetime) -> Scan:
    """List all finished files below a data folder; `rack` is what `rack_key` returns.

    `standard_time` and `now` tell which days of the light record are over.
    Raises SourceChanged if the folder cannot be read.
    """
    finished: list[FileOnDisk] = []
    open_days: set[str] = set()
    strangers: list[str] = []
    try:
        for entry, path in _entries(data, standard_time, now):
            file = parse_rack_file(path)
            if file is not None:
                _add(finished, entry, file, rack)
            elif path.endswith(PART_SUFFIX):
                open_days.add(path.split("/")[1])
            else:
                strangers.append(path)
    except OSError as error:
        raise SourceChanged(f"{data}: cannot be listed: {error.strerror}") from error
    return Scan(tuple(finished), frozenset(open_days), tuple(sorted(strangers)))


def _entries(
    data: Path, standard_time: timezone, now: datetime
) -> Iterator[tuple["os.DirEntry[str]", str]]:
    """Yield each file of cages' days, inventory and light record with its path below `data`.

    Of the light record only what is finished.
    """
    for top in _listed(data):
        if top.name == INVENTORY_FOLDER:
            for entry in _listed(top.path):
                yield entry, f"{top.name}/{entry.name}"
        elif top.name == LIGHTS_FOLDER and top.is_dir():
            found = {entry.name: entry for entry in _listed(top.path)}
            for name in finished_light_days(Path(top.path), [*found], standard_time, now):
                yield found[name], f"{top.name}/{name}"
        elif CAGE_FOLDER.fullmatch(top.name) and top.is_dir():
            for day in _listed(top.path):
                if DAY_FOLDER.fullmatch(day.name) and day.is_dir():
                    for entry in _listed(day.path):
                        yield entry, f"{top.name}/{day.name}/{entry.name}"


def _listed(folder: "Path | str") -> "list[os.DirEntry[str]]":
    """Return a folder's entries; none if it was removed meanwhile."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []


def _add(finished: list[FileOnDisk], entry: "os.DirEntry[str]", file: RackFile, rack: str) -> None:
    try:
        stat = entry.stat()
    except FileNotFoundError:
        return
    if entry.is_file():
        key = object_key(rack, file)
        finished.append(FileOnDisk(file, key, stat.st_size, stat.st_mtime_ns))
