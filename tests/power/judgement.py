"""Judging a disk that lost its power: is everything there that had been promised?"""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import av

from tests.power.promise import Notes, Promises
from tests.power.truth import (
    PREFIX,
    Event,
    Segment,
    Truth,
    event_fields,
    finished_files,
    frames_of,
    labelled_segments,
    read_events,
    read_ledger,
    segments_of,
)
from tests.rack_validator import Message, Verdict, judge_data, judge_events

LIMIT_NS: Final = 1_000_000_000
"""Contract: a power cut costs at most 1 s per cage."""
RESTART_NS: Final = 2_000_000_000
"""What a killed recorder had not synced its successor syncs as soon as it has started."""
HELD_FRAMES: Final = 1
"""The newest frame waits in the muxer for the next one, however long the camera is silent."""
_STACK: Final = 11
"""Frames are labelled in stacks; the rest at a segment's end is filled up with earlier ones."""
_HEADING: Final = 2
_MS: Final = 1_000_000
FaultKind: TypeAlias = Literal["ledger", "file", "store", "frame", "label", "recovery"]


class Fault(NamedTuple):
    """One thing that is not as it was promised."""

    kind: FaultKind
    sentence: str


class Judgement:
    """What is found on one disk; the methods are called in their order here."""

    def __init__(
        self, truth: Truth, cut_ns: int, notes: Notes, killed_ns: Mapping[str, int]
    ) -> None:
        self.faults: Final[list[Fault]] = []
        self.lost_ms: Final[dict[str, int]] = {}
        """Of each cage that had begun: how long before the cut its first lost frame was taken."""
        self.lost_after_kill_ms: Final[dict[str, int]] = {}
        """The same where its recorder had been killed just before, a second fault."""
        self.told_ahead: Final[dict[str, int]] = {}
        """Frames that the event ledger knows and the video lacks; only segments with some."""
        self._counts: Final[dict[str, int]] = {}
        """Frames of each video after the repair."""
        self._truth: Final = truth
        self._cut_ns: Final = cut_ns
        self._promises: Final[Promises] = notes.promises_at(cut_ns)
        self._killed_ns: Final = killed_ns

    def add(self, kind: FaultKind, sentence: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(kind, sentence))

    def ledgers(self, rack: Path) -> None:
        """Look into the ledgers as they come back."""
        for name in ("events.sqlite", "uploads.sqlite"):
            self._structure(rack / "state" / name)
        promised = self._promises
        events = self._events(rack)
        for row in range(1, promised.event_row + 1):
            if events.get(row) != self._truth.events.get(row):
                self.add("ledger", f"event {row}: was committed and is not there, or differs")
        ledger = rack / "state" / "events.sqlite"
        query = "SELECT count(published_utc_ns) FROM event"
        ((published,),) = self._rows(ledger, query, is_new=not promised.event_row) or [(0,)]
        if published < promised.published:
            self.add(
                "ledger", f"{promised.published} events were marked published, {published} are"
            )
        labelled = self._labelled(rack)
        for stem, frames in promised.labelled.items():
            if labelled.get(stem, 0) < frames:
                self.add(
                    "ledger", f"{stem}: {frames} frames were told, {labelled.get(stem, 0)} are"
                )

    def files(self, rack: Path) -> None:
        """Look at finished files and stored objects, before anything is repaired."""
        files, promised = finished_files(rack / "data"), self._promises
        for path, digest in files.items():
            if self._truth.files.get(path) != digest:
                self.add("file", f"{path}: has its final name and not its final content")
        for path in sorted((promised.files | promised.verified) - set(files)):
            self.add("file", f"{path}: was finished and is not there")
        query = "SELECT path FROM file WHERE state = 'verified'"
        ledger, is_new = rack / "state" / "uploads.sqlite", not promised.verified
        verified = {path for (path,) in self._rows(ledger, query, is_new=is_new)}
        for path in sorted(promised.verified - verified):
            self.add("ledger", f"{path}: was verified, and the ledger does not know it")
        for path in sorted(promised.verified | verified):
            stored = rack / PREFIX / path
            if not stored.exists() or _sha256(stored) != self._truth.files.get(path):
                self.add("store", f"{path}: is verified and not in the store as it was")

    def frames(self, rack: Path) -> None:
        """Compare the frames after the repair with those that had been captured."""
        found: dict[str, dict[int, str]] = {}
        for video in segments_of(rack):
            try:
                frames = frames_of(video)
            except av.FFmpegError as error:
                self.add("frame", f"{video.name}: cannot be read: {error}")
                frames = {}
            self._counts[video.stem] = len(frames)
            found.setdefault(video.name[:2], {}).update(frames)
        for cage, expected in self._truth.frames.items():
            self._cage(cage, expected, found.get(cage, {}))

    def told_frames(self, rack: Path) -> None:
        """Find rows of the event ledger that know frames which their video lacks."""
        known = self._labelled(rack)
        for event in self._events(rack).values():
            for stem, frame in _named_frames(event):
                known[stem] = max(known.get(stem, 0), frame + 1)
        for stem, frames in known.items():
            there = self._counts.get(stem, 0)
            if frames > there:
                self.told_ahead[stem] = frames - there
                self.add("frame", f"{stem}: {frames} frames in the event ledger, {there} on disk")

    def labels(self, rack: Path) -> None:
        """Judge the rack after its recovery as any rack, and compare its labels and gaps."""
        verdict = Verdict()
        judge_data(rack / "data", verdict, real_time_cameras=False)
        rows = sorted(read_events(rack).items())
        messages = [Message(event.topic, event_fields(event)) for _, event in rows]
        judge_events(rack / "data", messages, verdict)
        for fault in verdict.faults:
            self.add("label", fault)
        for stem, segment in labelled_segments(rack).items():
            self._segment(stem, segment, self._truth.segments[stem])

    def _labelled(self, rack: Path) -> dict[str, int]:
        """Return of how many frames of each segment the ledger says that they are labelled."""
        query, is_new = "SELECT stem, frames FROM label_segment", not self._promises.labelled
        return dict(self._rows(rack / "state" / "events.sqlite", query, is_new=is_new))

    def _events(self, rack: Path) -> dict[int, Event]:
        try:
            return read_events(rack, is_new=not self._promises.event_row)
        except sqlite3.Error as error:
            self.add("ledger", f"events.sqlite: {error}")
            return {}

    def _rows(self, ledger: Path, query: str, *, is_new: bool) -> list[Any]:
        """Ask a ledger; one that does not answer is a fault, and has no rows."""
        try:
            return read_ledger(ledger, query, is_new=is_new)
        except sqlite3.Error as error:
            self.add("ledger", f"{ledger.name}: {error}")
            return []

    def _cage(self, cage: str, expected: Mapping[int, str], there: Mapping[int, str]) -> None:
        invented = [ns for ns, digest in there.items() if expected.get(ns) != digest]
        if invented:
            self.add("frame", f"cage {cage}: {len(invented)} frames that never were")
        if not any(ns <= self._cut_ns for ns in expected):
            return
        missing = [ns for ns in expected if ns <= self._cut_ns and ns not in there]
        lost_ns = self._cut_ns - min(missing, default=self._cut_ns)
        since_kill_ns = self._cut_ns - self._killed_ns.get(cage, 0)
        if 0 <= since_kill_ns <= RESTART_NS:
            self.lost_after_kill_ms[cage] = lost_ns // _MS
            lost_ns -= since_kill_ns
        else:
            self.lost_ms[cage] = lost_ns // _MS
        if lost_ns > LIMIT_NS and len(missing) > HELD_FRAMES:
            text = f"{len(missing)} frames are lost, the first {lost_ns // _MS} ms before the cut"
            self.add("frame", f"cage {cage}: {text}")

    def _segment(self, stem: str, segment: Segment, truth: Segment) -> None:
        """A segment that was cut has the truth's labels up to its last whole stack, its gaps."""
        frames = len(segment.rows) - _HEADING
        is_whole = frames == len(truth.rows) - _HEADING
        same = _HEADING + (frames if is_whole else frames // _STACK * _STACK)
        if segment.rows[:same] != truth.rows[:same]:
            self.add("label", f"{stem}: its labels are not those of an undisturbed rack")
        due_ms = (self._cut_ns - LIMIT_NS - truth.start_ns) // _MS
        if lost := {gap for gap in truth.gaps - segment.gaps if gap[1] <= due_ms}:
            self.add("label", f"{stem}: gaps are not in its manifest: {sorted(lost)}")
        if invented := segment.gaps - truth.gaps:
            self.add("label", f"{stem}: gaps that never were: {sorted(invented)}")

    def _structure(self, path: Path) -> None:
        if not path.exists():
            return
        try:
            with closing(sqlite3.connect(path)) as connection:
                (said,) = connection.execute("PRAGMA integrity_check").fetchone()
        except sqlite3.DatabaseError as error:
            said = str(error)
        if said != "ok":
            self.add("ledger", f"{path.name}: {said}")


def _named_frames(event: Event) -> Iterator[tuple[str, int]]:
    if not event.body:
        return
    fields = event_fields(event)
    if event.topic.endswith("/bout"):
        yield str(fields["end_segment"]), int(str(fields["last_frame"]))
    elif event.topic.endswith("/behavior"):
        yield str(fields["segment"]), int(str(fields["frame"]))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
