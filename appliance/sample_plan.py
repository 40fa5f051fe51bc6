"""Which recordings of a rack are sampled, and what of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from appliance.sample_interval import (
    Intervals,
    Recorded,
    Rhythm,
    evenly_spaced,
    intervals_of,
    standard_moment,
)
from appliance.segment_manifest import SegmentManifest, read_manifest
from capture_hw.segment_place import finished_videos

_CAGES: Final = range(1, 100)


class SampleError(Exception):
    """Recordings cannot be sampled as asked; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class SampleChoice:
    """What to sample; moments are standard time, without a zone."""

    rhythm: Rhythm
    cages: tuple[int, ...] = ()
    """All if none is named."""
    begin: datetime | None = None
    end: datetime | None = None
    recordings: int | None = None
    """Of each cage, evenly spaced; None: all."""
    with_labels: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """A finished segment and its stretches that become clips."""

    video: Path
    manifest: SegmentManifest
    start_utc_ns: int
    zone: timezone
    intervals: Intervals

    @property
    def cage(self) -> str:
        """Two digits."""
        return self.video.stem[:2]


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """Recordings by cage and time; `remarks` are sentences about what is left out."""

    recordings: tuple[Recording, ...]
    remarks: tuple[str, ...]


def plan_sample(data: Path, choice: SampleChoice) -> SamplePlan:
    """Look for what was asked for in a rack's data folder; raises SampleError, OSError."""
    if fault := choice.rhythm.fault():
        raise SampleError(fault)
    recordings: list[Recording] = []
    remarks: list[str] = []
    for cage in sorted(set(choice.cages)) or _cages_in(data):
        folder = data / f"{cage:02d}"
        if not folder.is_dir():
            raise SampleError(f"{folder}: there is no recording of cage {cage:02d}")
        found = [
            recording
            for video in finished_videos(folder, cage)
            if (recording := _recording_of(video, choice, remarks)) is not None
        ]
        recordings += _chosen(found, choice, f"cage {cage:02d}", remarks)
    remarks += [
        _partial_text(one, moment) for one in recordings for moment in one.intervals.partial
    ]
    sampled = tuple(one for one in recordings if one.intervals.whole)
    if not sampled:
        raise SampleError(f"{data}: holds no finished recording of what is asked for")
    remarks += [text for one in sampled for text in _clock_texts(one)]
    return SamplePlan(sampled, tuple(remarks))


def _cages_in(data: Path) -> list[int]:
    if not data.is_dir():
        raise SampleError(f"{data} is not a folder")
    names = [path.name for path in data.iterdir() if path.is_dir() and len(path.name) == 2]
    return sorted(int(name) for name in names if name.isdecimal() and int(name) in _CAGES)


def _recording_of(video: Path, choice: SampleChoice, remarks: list[str]) -> Recording | None:
    path = video.with_suffix(".json")
    try:
        manifest = read_manifest(path)
    except FileNotFoundError:
        remarks.append(f"{video.stem}: left out, it has no manifest yet: it is not labelled")
        return None
    except ValidationError:
        remarks.append(f"{video.stem}: left out, {path.name} is not a manifest of ours")
        return None
    zone = _zone(manifest.utc_offset)
    if manifest.start_utc_ns is None or zone is None:
        remarks.append(f"{video.stem}: left out, its manifest does not say when it began")
        return None
    recorded = Recorded(
        standard_moment(manifest.start_utc_ns, zone),
        standard_moment(manifest.start_utc_ns + manifest.last_ms * 1_000_000, zone),
    )
    intervals = intervals_of(recorded, choice.rhythm, choice.begin, choice.end)
    return Recording(video, manifest, manifest.start_utc_ns, zone, intervals)


def _chosen(
    found: Sequence[Recording], choice: SampleChoice, cage: str, remarks: list[str]
) -> list[Recording]:
    """Return as many as asked for, of those with the most clips if these are enough."""
    useful = [one for one in found if one.intervals.whole]
    if choice.recordings is None:
        return [one for one in found if one.intervals.whole or one.intervals.partial]
    most = max((len(one.intervals.whole) for one in useful), default=0)
    full = [one for one in useful if len(one.intervals.whole) == most]
    candidates = full if len(full) >= choice.recordings else useful
    if len(candidates) < choice.recordings:
        remarks.append(f"{cage}: {len(candidates)} recordings instead of {choice.recordings}")
    begins = [one.intervals.whole[0] for one in candidates]
    return [candidates[place] for place in evenly_spaced(begins, choice.recordings)]


def _partial_text(recording: Recording, moment: datetime) -> str:
    return f"{recording.video.stem}: {moment:%Y-%m-%d %H:%M:%S} left out, recorded in part only"


def _clock_texts(recording: Recording) -> Iterator[str]:
    """Yield why the moments of a recording's clips may be wrong."""
    manifest, stem = recording.manifest, recording.video.stem
    if manifest.clock_synchronized is False:
        yield f"{stem}: the clock was not synchronized when it began, so its clips may be off"
    if manifest.anchors:
        last = manifest.anchors[-1]
        moved_ns = last.utc_ns - recording.start_utc_ns - last.at_ms * 1_000_000
        yield (
            f"{stem}: the clock was moved by {moved_ns / 1e9:+.0f} s within it, its clips keep to "
            "the time of its begin"
        )


def _zone(offset: str | None) -> timezone | None:
    try:
        zone: tzinfo | None = datetime.strptime(offset or "", "%z").tzinfo
    except ValueError:
        return None
    passed = None if zone is None else zone.utcoffset(None)
    return None if passed is None else timezone(passed + timedelta())
