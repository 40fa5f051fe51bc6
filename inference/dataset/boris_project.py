"""Project files of BORIS: one JSON document with an ethogram and all observations.

Source: project files of BORIS 7, `project_format_version` 7.0; events are
`[time, subject, behavior, modifiers, comment]`, newer ones with a frame's number behind.
"""

import gzip
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from inference.dataset.boris_observation import (
    Event,
    Media,
    Observation,
    Status,
    measure,
    split_modifiers,
)
from inference.error import DataSetError

_Json: TypeAlias = Any
_STYLES: Final = tuple(
    (indent, separators)
    for indent in (None, 1, 2, 4, "\t")
    for separators in ((", ", ": "), (",", ":"), (",", ": "))
)
"""How versions of BORIS lay their JSON out."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project file; `document` keeps what is not ours to understand."""

    path: Path
    document: Mapping[str, _Json]
    text: str
    """As it was read."""

    def observations(self) -> list[Observation]:
        """Return the observations by their order in the file; raises DataSetError.

        Those of `pictures` are left out: they have no times.
        """
        entries = self._entries()
        kinds = self._kinds()
        found: list[Observation] = []
        for name, entry in entries.items():
            if _is_of_pictures(entry):
                continue
            each = _mapping(self.path, entry, name)
            try:
                found.append(_observation(self.path, name, each, kinds))
            except (AttributeError, TypeError, ValueError, OverflowError) as error:
                raise DataSetError(
                    f"{self.path}: observation `{name}` is not as BORIS writes it: {error}"
                ) from error
        return found

    def pictures(self) -> list[str]:
        """Return the names of observations of folders of pictures."""
        return [name for name, entry in self._entries().items() if _is_of_pictures(entry)]

    def _entries(self) -> Mapping[str, _Json]:
        return _mapping(self.path, self.document.get("observations", {}), "observations")

    def _kinds(self) -> Mapping[str, bool]:
        """Return for each behavior of the project's ethogram whether it lasts."""
        entries = _mapping(self.path, self.document.get("behaviors_conf", {}), "behaviors_conf")
        return {
            str(entry.get("code")): str(entry.get("type", "")).lower().startswith("state")
            for entry in entries.values()
            if isinstance(entry, dict)
        }


def read_project(path: Path) -> Project:
    """Read a `.boris` file, or a `.boris.gz`; raises DataSetError."""
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
        document = json.loads(text)
    except (OSError, EOFError, ValueError, RecursionError, zlib.error) as error:
        raise DataSetError(f"{path}: not a readable project of BORIS: {error}") from error
    if not isinstance(document, dict) or "observations" not in document:
        raise DataSetError(f"{path}: not a project of BORIS: it has no observations")
    return Project(path, document, text)


def project_text(document: Mapping[str, _Json], model: str = "") -> str:
    """Return a project as text, laid out as `model`: a project that was read comes out the same.

    Unless its layout is none of BORIS's, which only white space then tells.
    """
    for indent, separators in _STYLES:
        text = json.dumps(document, indent=indent, separators=separators)
        if text == model:
            return text
        if text == model.rstrip():
            return model
    return json.dumps(document)


def _observation(
    path: Path, name: str, entry: Mapping[str, _Json], kinds: Mapping[str, bool]
) -> Observation:
    info = entry.get("media_info")
    lengths, rates = (
        (info.get(kind) or {} if isinstance(info, dict) else {}) for kind in ("length", "fps")
    )
    files = entry.get("file")
    variables = entry.get("independent_variables") or {}
    return Observation(
        path=path,
        name=name,
        media=tuple(
            Media(player, str(media), measure(lengths.get(media)), measure(rates.get(media)))
            for player, listed in (files.items() if isinstance(files, dict) else ())
            for media in listed
        ),
        events=_events(path, name, entry.get("events") or [], kinds),
        date=str(entry.get("date", "")).replace("T", " "),
        description=str(entry.get("description", "")),
        time_offset_s=float(entry.get("time offset") or 0),
        variables=tuple((str(key), str(value)) for key, value in variables.items()),
    )


def _events(
    path: Path, name: str, rows: Sequence[_Json], kinds: Mapping[str, bool]
) -> tuple[Event, ...]:
    """Return the events; the first, third and so on of a state begin it, in the order of time."""
    events: list[Event] = []
    running: set[tuple[str, str, str]] = set()
    timed = [(_time(path, name, number, row), number, row) for number, row in enumerate(rows, 1)]
    for time_s, number, row in sorted(timed, key=lambda timed_row: timed_row[:2]):
        subject, behavior, modifiers, comment = (str(cell) for cell in row[1:5])
        place = f"observation `{name}`, event {number}"
        if behavior not in kinds:
            raise DataSetError(f"{path}: {place}: `{behavior}` is not in the project's ethogram")
        status = Status.POINT
        if kinds[behavior]:
            key = (subject.strip(), behavior, modifiers)
            status = Status.STOP if key in running else Status.START
            running ^= {key}
        split = split_modifiers(modifiers)
        events.append(Event(time_s, subject, behavior, status, place, split, "", comment))
    return tuple(events)


def _is_of_pictures(entry: _Json) -> bool:
    return isinstance(entry, dict) and entry.get("type") == "IMAGES"


def _time(path: Path, name: str, number: int, row: _Json) -> float:
    if (
        not isinstance(row, list)
        or len(row) < 5
        or isinstance(row[0], bool)
        or not isinstance(row[0], int | float)
        or not math.isfinite(row[0])
    ):
        raise DataSetError(f"{path}: observation `{name}`, event {number} is not an event")
    return float(row[0])


def _mapping(path: Path, value: _Json, name: str) -> Mapping[str, _Json]:
    if not isinstance(value, dict):
        raise DataSetError(f"{path}: `{name}` is not a table of names and values")
    return value
