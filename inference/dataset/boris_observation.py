"""What a person coded in BORIS, as its project files and its exports have it.

Source: BORIS user guide, "Export events"; `docs/datasets.md`, "BORIS".
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath, PureWindowsPath

NO_SUBJECTS = ("", "No focal subject")
"""How BORIS writes that an event is of no subject in particular."""


class Status(StrEnum):
    """What an event is."""

    START = "START"
    STOP = "STOP"
    POINT = "POINT"


@dataclass(frozen=True, slots=True)
class Event:
    """One row of an observation."""

    time_s: float
    subject: str
    behavior: str
    status: Status
    place: str
    """Where in its file, such as `line 21`."""
    modifiers: tuple[str, ...] = ()
    category: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """A video of an observation; players show theirs at the same time, each one after another."""

    player: str
    path: str
    """As the file has it: of another machine, perhaps of another system."""
    length_s: float | None = None
    frames_per_second: float | None = None

    @property
    def name(self) -> str:
        """The file's name without folders, whatever the system it comes from."""
        posix = PurePosixPath(self.path).name
        return PureWindowsPath(posix).name if "\\" in posix else posix


@dataclass(frozen=True, slots=True)
class Observation:
    """All events of one observation, in the order of its file."""

    path: Path
    """The file that it was read from."""
    name: str
    """BORIS calls it the observation id."""
    media: tuple[Media, ...]
    events: tuple[Event, ...]
    date: str = ""
    """As `2021-06-15 13:39:34`."""
    description: str = ""
    time_offset_s: float = 0.0
    variables: tuple[tuple[str, str], ...] = ()
    """Its independent variables."""


def split_modifiers(text: str) -> tuple[str, ...]:
    """Return the modifiers of an event as BORIS joins them, by `|`."""
    return tuple(text.split("|")) if text else ()


def measure(value: object) -> float | None:
    """Return a video's length or rate; None if there is none: missing, NA, or not above zero."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 < number < math.inf else None
