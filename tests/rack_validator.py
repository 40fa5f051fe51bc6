"""Judges a rack by what it left behind: the data folder, the store, and what a subscriber received.

It shares no code with the program but the label reader and computes everything else another way.
"""

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeAlias

FRAME_NS: Final = 40_000_000
"""A simulated camera takes frame n at n * 40 ms of the monotonic clock."""
LONGEST_STEP_MS: Final = 1000
ROUNDING_MS: Final = 3
NONE: Final = "8"
NAMES: Final = ("drink", "eat", "groom", "hang", "micromovement", "rear", "rest", "walk")


Bout: TypeAlias = tuple[str, int, int, str, int, str, int]
"""Behavior, start, end in ms UTC, segment and frame where it begins, where it ends."""


@dataclass(frozen=True)
class Message:
    """What a subscriber received, with the topic below the rack's root."""

    topic: str
    payload: dict[str, Any]


@dataclass
class Segment:
    """A finished segment as it lies on the disk."""

    manifest: dict[str, Any]
    rows: list[tuple[str, int, float]]
    """Code, milliseconds, confidence of each frame."""
    video: Path

    @property
    def stem(self) -> str:
        return self.video.stem

    def frame_numbers(self) -> list[int]:
        start_ns = self.manifest["start_monotonic_ns"]
        return [round((start_ns + ms * 1_000_000) / FRAME_NS) for _, ms, _ in self.rows]


@dataclass
class Verdict:
    """Faults found, and figures for the record."""

    faults: list[str] = field(default_factory=list)
    frames: dict[str, int] = field(default_factory=dict)
    longest_loss: dict[str, int] = field(default_factory=dict)
    """Frames missing in the longest run, for each cage."""
    losses: dict[str, int] = field(default_factory=dict)
    bouts: int = 0


def read_segments(data: Path) -> dict[str, list[Segment]]:
    """Return each cage's segments in order of their start."""
    cages: dict[str, list[Segment]] = defaultdict(list)
    for manifest_path in sorted(data.glob("[0-9][0-9]/*/*.json")):
        manifest = json.loads(manifest_path.read_text())
        video = manifest_path.with_suffix(".mkv")
        with manifest_path.with_suffix(".csv").open(newline="") as file:
            lines = list(csv.reader(file, delimiter=";"))[2:]
        rows = [(code, int(ms), float(confidence)) for _, code, ms, confidence in lines]
        cages[manifest["cage"]].append(Segment(manifest, rows, video))
    for segments in cages.values():
        segments.sort(key=lambda segment: int(segment.manifest["start_monotonic_ns"]))
    return dict(cages)


def judge_data(data: Path, verdict: Verdict, *, real_time_cameras: bool = True) -> None:
    """Find leftovers, wrong checksums, frames that are neither there nor in a gap record."""
    verdict.faults += [f"{path}: left over" for path in data.rglob("*.part")]
    verdict.faults += [f"{path}: left over" for path in data.rglob("*.repair")]
    stems = {path.with_suffix("") for path in data.glob("[0-9][0-9]/*/*.mkv")}
    for stem in stems:
        verdict.faults += [
            f"{stem}{suffix}: missing"
            for suffix in (".csv", ".json")
            if not Path(f"{stem}{suffix}").exists()
        ]
    for cage, segments in read_segments(data).items():
        for segment in segments:
            _judge_segment(segment, verdict)
        if real_time_cameras:
            _judge_losses(cage, segments, verdict)


def judge_events(data: Path, messages: Iterable[Message], verdict: Verdict) -> None:
    """Compare the received bouts with the label files; look for holes in `seq`."""
    received = _deduplicated(messages)
    for topic, payloads in received.items():
        if topic == "status" or topic.startswith("telemetry/"):
            continue  # a will that was never needed leaves a hole
        numbers = [payload["seq"] for payload in payloads]
        if numbers != list(range(1, len(numbers) + 1)):
            wrong = next(i for i, n in enumerate(numbers, 1) if n != i)
            verdict.faults.append(f"{topic}: seq {numbers[wrong - 1]} stands where {wrong} belongs")
    for cage, segments in read_segments(data).items():
        expected = bouts_of(segments)
        found = [_bout_key(payload) for payload in received.get(f"cage/{cage}/bout", [])]
        verdict.bouts += len(found)
        first = next(
            (i for i, (a, b) in enumerate(zip(found, expected, strict=False)) if not _same(a, b)),
            min(len(found), len(expected)),
        )
        # The last bout was perhaps still open when the rack stopped.
        if first < len(found) or first < len(expected) - 1:
            verdict.faults.append(
                f"cage {cage}: {len(found)} bouts received, {len(expected)} in the label files; "
                f"number {first}: {found[first : first + 1]} for {expected[first : first + 1]}"
            )


def judge_store(data: Path, stored: Mapping[str, str], verdict: Verdict) -> None:
    """Compare `stored`, key below the rack's prefix to SHA-256, with the data folder."""
    local = {
        str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in data.glob("[0-9][0-9]/*/*.*")
        if path.suffix in {".mkv", ".csv", ".json"}
    }
    for name, digest in local.items():
        if name not in stored:
            verdict.faults.append(f"{name}: not in the store")
        elif stored[name] != digest:
            verdict.faults.append(f"{name}: differs in the store")


def bouts_of(segments: Sequence[Segment]) -> list[Bout]:
    """Compute bouts: behavior, start, end in ms UTC, where they begin, where they end."""
    frames = []
    for segment in segments:
        start_ns = segment.manifest["start_utc_ns"]
        breaks = {gap["to_ms"] for gap in segment.manifest["gaps"]}
        # Not the manifest's rate, a mean that gaps make smaller.
        interval_ms = median(
            [after[1] - before[1] for before, after in pairwise(segment.rows)] or [FRAME_NS / 1e6]
        )
        for index, (code, ms, _) in enumerate(segment.rows):
            moment_ms = (start_ns + ms * 1_000_000) // 1_000_000
            frames.append((code, moment_ms, segment.stem, index, ms in breaks, interval_ms))
    bouts = []
    first = 0
    for index, (this, following) in enumerate(pairwise([*frames, None])):
        assert this is not None
        gap = following is not None and (following[4] or following[1] - this[1] > LONGEST_STEP_MS)
        if following is not None and not gap and following[0] == this[0]:
            continue
        begin = frames[first]
        if this[0] != NONE:
            end_ms = round(this[1] + this[5]) if following is None or gap else following[1]
            name = NAMES[int(this[0])]
            bouts.append((name, begin[1], end_ms, begin[2], begin[3], this[2], this[3]))
        first = index + 1
    return bouts


def _judge_segment(segment: Segment, verdict: Verdict) -> None:
    manifest = segment.manifest
    for record, path in (
        (manifest["video"], segment.video),
        (manifest["label_file"], segment.video.with_suffix(".csv")),
    ):
        content = path.read_bytes()
        if (record["size"], record["sha256"]) != (
            len(content),
            hashlib.sha256(content).hexdigest(),
        ):
            verdict.faults.append(f"{path}: not what its manifest says")
    if manifest["frame_count"] != len(segment.rows):
        verdict.faults.append(
            f"{segment.stem}: {manifest['frame_count']} frames in the manifest, "
            f"{len(segment.rows)} rows"
        )


def _judge_losses(cage: str, segments: Sequence[Segment], verdict: Verdict) -> None:
    numbers = [number for segment in segments for number in segment.frame_numbers()]
    verdict.frames[cage] = len(numbers)
    runs = []
    for before, after in pairwise(numbers):
        if after <= before:
            verdict.faults.append(f"cage {cage}: frame {after} comes after frame {before}")
        elif after > before + 1:
            runs.append(after - before - 1)
    gaps = [
        gap
        for segment in segments
        for gap in segment.manifest["gaps"]
        if gap["cause"] != "undecodable"
    ]
    recorded = [gap["frames_lost"] for gap in gaps]
    verdict.losses[cage] = sum(runs)
    verdict.longest_loss[cage] = max(runs, default=0)
    in_one_line = any(gap["count"] for gap in gaps)
    if in_one_line and sum(runs) == sum(recorded):
        return
    if sorted(runs) != sorted(lost for lost in recorded if lost):
        verdict.faults.append(f"cage {cage}: frames missing {runs}, in the gap records {recorded}")


def _deduplicated(messages: Iterable[Message]) -> dict[str, list[dict[str, Any]]]:
    seen: set[str] = set()
    topics: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for message in messages:
        if message.payload["id"] not in seen:
            seen.add(message.payload["id"])
            topics[message.topic].append(message.payload)
    return topics


def _same(one: Bout, other: Bout) -> bool:
    """Compare all but the end exactly; the end may differ by rounding the frame interval."""
    return one[:2] == other[:2] and one[3:] == other[3:] and abs(one[2] - other[2]) <= ROUNDING_MS


def _bout_key(payload: Mapping[str, Any]) -> Bout:
    return (
        payload["behavior"],
        _milliseconds(payload["start"]),
        _milliseconds(payload["end"]),
        payload["segment"],
        payload["first_frame"],
        payload["end_segment"],
        payload["last_frame"],
    )


def _milliseconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return round(moment.timestamp() * 1000)
