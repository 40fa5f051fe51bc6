"""What a rack that nobody disturbed has in the end: every frame, file, event and object."""

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import av

PREFIX: Final = Path("store/ethoprofiler/test/rack-a")
Frames: TypeAlias = dict[int, str]
"""Moment of capture in ns of CLOCK_MONOTONIC to the SHA-256 of the packet."""
Gap: TypeAlias = tuple[int, int, int, str]
"""From, to in ms of the segment, frames lost, cause."""


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the event ledger."""

    topic: str
    seq: int
    body: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A finished segment beside its frames."""

    start_ns: int
    rows: list[str]
    """Of the label file, with its two lines of heading."""
    gaps: set[Gap]


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything that a rack's disk holds after an ordered stop."""

    frames: dict[str, Frames]
    """Of each cage."""
    files: dict[str, str]
    """Path in the data folder to SHA-256."""
    events: dict[int, Event]
    """By row."""
    segments: dict[str, Segment]
    """Labelled ones, by stem."""


def read_truth(rack: Path) -> Truth:
    """Read a rack's folder."""
    frames: dict[str, Frames] = {}
    for video in segments_of(rack):
        frames.setdefault(video.name[:2], {}).update(frames_of(video))
    return Truth(frames, finished_files(rack / "data"), read_events(rack), labelled_segments(rack))


def segments_of(rack: Path) -> list[Path]:
    """Return the finished videos of a rack by name."""
    return sorted((rack / "data").glob("[0-9][0-9]/*/*.mkv"), key=lambda path: path.name)


def frames_of(video: Path) -> Frames:
    """Return every frame of a segment; its start is in its tags."""
    with av.open(str(video)) as container:
        start_ns = int(container.metadata["START_MONOTONIC_NS"])
        return {
            start_ns + packet.pts * 1_000_000: hashlib.sha256(bytes(packet)).hexdigest()
            for packet in container.demux(video=0)
            if packet.size and packet.pts is not None
        }


def labelled_segments(rack: Path) -> dict[str, Segment]:
    """Return the segments that have a manifest, by stem."""
    found = {}
    for path in (rack / "data").glob("[0-9][0-9]/*/*.json"):
        manifest = json.loads(path.read_text())
        gaps = {
            (gap["from_ms"], gap["to_ms"], gap["frames_lost"], gap["cause"])
            for gap in manifest["gaps"]
        }
        rows = path.with_suffix(".csv").read_text().splitlines()
        found[path.stem] = Segment(manifest["start_monotonic_ns"], rows, gaps)
    return found


def finished_files(folder: Path) -> dict[str, str]:
    """Return the files of cages that have their final names, with their SHA-256."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.glob("[0-9][0-9]/*/*.*")
        if path.suffix in {".mkv", ".csv", ".json"}
    }


def read_events(rack: Path, *, is_new: bool = False) -> dict[int, Event]:
    """Return the events of the ledger by row; as `read_ledger`."""
    query = "SELECT row, topic, seq, body FROM event"
    rows = read_ledger(rack / "state" / "events.sqlite", query, is_new=is_new)
    return {row: Event(topic, seq, body) for row, topic, seq, body in rows}


def read_ledger(path: Path, query: str, *, is_new: bool = False) -> list[Any]:
    """Return the rows of a query; none if a ledger `is_new` and is not there, or its table.

    Raises sqlite3.Error: the query does not fit the ledger, or the ledger is damaged.
    """
    if is_new and not path.exists():
        return []
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError as error:
            if is_new and is_missing_table(error):
                return []
            raise


def is_missing_table(error: sqlite3.OperationalError) -> bool:
    """Say whether a query failed because its table is not there, which a new ledger may lack."""
    return str(error).startswith("no such table: ")


def event_fields(event: Event) -> dict[str, object]:
    """Return an event's JSON object; of one that empties a topic, what tells it from others."""
    if not event.body:
        return {"id": f"{event.topic} {event.seq}", "seq": event.seq}
    fields: dict[str, object] = json.loads(event.body)
    return fields
