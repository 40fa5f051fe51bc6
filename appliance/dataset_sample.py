"""Cutting clips out of a rack's recordings, in the published layout."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from appliance.clip_gap import gaps_between, zt_h_at
from appliance.instance_lock import AlreadyRunning, InstanceLock
from appliance.sample_animal import check_animals, write_animals
from appliance.sample_interval import utc_ns_of
from appliance.sample_label import write_clip_labels
from appliance.sample_plan import Recording, SampleChoice, SampleError, plan_sample
from appliance.sampled_clip import (
    ClipOrigin,
    SampledClip,
    check_clip_table,
    clips_in,
    write_clip_table,
)
from capture_hw.clip_cut import cut_clip
from capture_hw.error import EncoderError, PictureDamaged
from capture_hw.segment_form import ForeignVideo
from disk.durable_file import part_path, publish
from inference.error import LabelFileError, VideoError
from inference.frame_index import FrameIndex, read_frame_index

_MS: Final = timedelta(milliseconds=1)
_LOCK: Final = ".sample.lock"


@dataclass(frozen=True, slots=True)
class Sample:
    """What a run did; sentences about what was left out, and about what went wrong."""

    clips: tuple[SampledClip, ...]
    """All in the folder that were cut from recordings, of earlier runs too."""
    new: int
    remarks: tuple[str, ...]
    faults: tuple[str, ...]


@dataclass(slots=True)
class _Cutting:
    """A run under way."""

    out: Path
    choice: SampleChoice
    done: set[tuple[str, int, int]]
    """Keys of the clips that are there."""
    progress: Callable[[str], None]
    remarks: list[str]
    faults: list[str]
    new: int = 0


def sample_recordings(
    data: Path,
    out: Path,
    choice: SampleChoice,
    plan_known: Callable[[int], None],
    progress: Callable[[str], None],
) -> Sample:
    """Write the clips of a choice into the folder `out`; what is there already is kept.

    `plan_known` is told how many clips there will be, `progress` the name of each that is there. A
    recording that cannot be cut is a fault, the others go on. Raises SampleError, StorageError,
    VideoError for a clip in `out` that cannot be read, OSError.
    """
    plan = plan_sample(data, choice)
    check_animals(plan.recordings)
    out.mkdir(parents=True, exist_ok=True)
    with _lock(out):
        check_clip_table(out)
        before = clips_in(out)
        check_animals(plan.recordings, [clip.origin for clip in before])
        plan_known(sum(len(one.intervals.whole) for one in plan.recordings))
        run = _Cutting(
            out, choice, {clip.origin.key for clip in before}, progress, list(plan.remarks), []
        )
        write_animals(out, plan.recordings)
        for recording in plan.recordings:
            _cut_recording(run, recording)
        clips = clips_in(out)
        write_clip_table(out, clips)
        if choice.with_labels:
            stems = {recording.video.stem for recording in plan.recordings}
            chosen = [clip for clip in clips if clip.origin.segment in stems]
            run.faults += _labelled(data, chosen)
    return Sample(tuple(clips), run.new, tuple(run.remarks), tuple(run.faults))


def _lock(out: Path) -> InstanceLock:
    try:
        return InstanceLock(out / _LOCK)
    except AlreadyRunning as error:
        raise SampleError(f"{out}: another run is writing clips into it") from error


def _cut_recording(run: _Cutting, recording: Recording) -> None:
    begins = [
        moment
        for moment in recording.intervals.whole
        if _key(run, recording, moment) not in run.done
    ]
    for _ in range(len(recording.intervals.whole) - len(begins)):
        run.progress(recording.video.stem)
    if not begins:
        return
    try:
        index = read_frame_index(recording.video)
        for moment in begins:
            _cut_interval(run, recording, index, moment)
    except (VideoError, PictureDamaged, EncoderError, ForeignVideo) as error:
        run.faults.append(str(error))


def _cut_interval(run: _Cutting, recording: Recording, index: FrameIndex, moment: datetime) -> None:
    since_ns = utc_ns_of(moment, recording.zone) - recording.start_utc_ns
    begin_ms = -(-since_ns // 1_000_000)
    end_ms = -(-(since_ns + run.choice.rhythm.length // _MS * 1_000_000) // 1_000_000)
    times_ms = index.times_ms + index.first_pts_ms
    chosen = np.flatnonzero((times_ms >= begin_ms) & (times_ms < end_ms) & index.is_there)
    if not len(chosen):
        run.remarks.append(
            f"{recording.video.stem}: {moment:%Y-%m-%d %H:%M:%S} left out, it has no frame"
        )
        return
    first_ms, last_ms = (int(times_ms[frame]) for frame in chosen[[0, -1]])
    origin = _origin(run, recording, moment, int(chosen[0]), first_ms)
    name = f"{recording.video.stem[:-2]}_s{chosen[0]}"
    part = part_path(run.out / f"{name}.mkv")
    cut = cut_clip(recording.video, part, first_ms, last_ms, origin.as_tags())
    clip = run.out / f"{name}_n{cut.frames}.mkv"
    if clip.exists():
        part.unlink()
        run.faults.append(f"{clip}: exists and is another clip; nothing is overwritten")
        return
    publish(part, clip)
    run.new += 1
    run.progress(clip.name)


def _key(run: _Cutting, recording: Recording, moment: datetime) -> tuple[str, int, int]:
    length_ms = run.choice.rhythm.length // _MS
    return recording.video.stem, utc_ns_of(moment, recording.zone), length_ms


def _origin(
    run: _Cutting, recording: Recording, moment: datetime, first_frame: int, first_ms: int
) -> ClipOrigin:
    manifest = recording.manifest
    segment, interval_utc_ns, length_ms = _key(run, recording, moment)
    end_ms = (interval_utc_ns - recording.start_utc_ns) // 1_000_000 + length_ms
    utc_ms = (recording.start_utc_ns // 1_000_000) + first_ms
    start = datetime.fromtimestamp(utc_ms // 1000, UTC) + (utc_ms % 1000) * _MS
    return ClipOrigin(
        segment=segment,
        first_frame=first_frame,
        first_ms=first_ms,
        interval_utc_ns=interval_utc_ns,
        length_ms=length_ms,
        start=start.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        zt_h=zt_h_at(manifest.light_phases, first_ms),
        cage=recording.cage,
        animal=manifest.animal or "",
        strain=manifest.strain or "",
        gaps=gaps_between(manifest.gaps, first_ms, end_ms),
    )


def _labelled(data: Path, clips: Sequence[SampledClip]) -> Iterator[str]:
    """Write what a model said beside each clip; yield why it could not be done."""
    for clip in clips:
        try:
            write_clip_labels(data, clip)
        except (LabelFileError, VideoError) as error:
            yield str(error)
