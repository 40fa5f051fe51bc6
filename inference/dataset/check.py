"""Inspecting a data set before anything is learned from it: what is in it, and every fault."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from inference.dataset.band_cache import check_room
from inference.dataset.check_clip import ClipCheck, check_clip, fault_of
from inference.dataset.inspection import ClipGroup, InspectedClip, Inspection
from inference.dataset.source import ClipSource, DataSet, Fault
from inference.error import DataSetError
from inference.ethogram import BEHAVIORS
from inference.frame_rate import is_at_rate
from inference.preprocessing import Preprocessing

_READERS: Final = 4
_TRAINED_RATE: Final = 25
_Progress = Callable[[int, int], None]
"""Takes how many clips are done, of how many."""


def inspect(
    data_set: DataSet,
    progress: _Progress | None = None,
    *,
    frames_per_second: int | None = None,
) -> Inspection:
    """Read every file of a data set, decoding no more than a picture of each video.

    `frames_per_second` is what a training needs; None asks only for clips that are alike.
    """
    checks: list[ClipCheck] = []
    with ThreadPoolExecutor(_READERS) as pool:
        for check in pool.map(check_clip, data_set.clips):
            checks.append(check)
            if progress is not None:
                progress(len(checks), len(data_set.clips))
    clips = tuple(check.clip for check in checks if check.clip is not None)
    faults = [
        *data_set.faults,
        *(fault for check in checks for fault in check.faults),
        *_rate_faults(data_set, checks, frames_per_second),
        *_same_name_faults(data_set.clips),
        *_same_video_faults(data_set.clips),
        *_whole_faults(data_set, clips),
    ]
    ordered = sorted(set(faults), key=lambda fault: (fault.is_remark, fault))
    return Inspection(data_set, clips, tuple(ordered))


def with_cache(
    inspection: Inspection, cache: Path, frames_per_second: int | None = None
) -> Inspection:
    """Return the same with a fault if what is not decoded yet has no room in the folder `cache`.

    Decoded is what a training on so many frames a second would find; None: on the clips' own.
    """
    rates = Counter(round(clip.frames / clip.seconds) for clip in inspection.clips if clip.seconds)
    usual = rates.most_common(1)[0][0] if rates else _TRAINED_RATE
    try:
        spec = Preprocessing(frames_per_second=frames_per_second or usual or _TRAINED_RATE)
        check_room(inspection.data_set.clips, cache, spec)
    except DataSetError as error:
        return replace(inspection, faults=(fault_of(cache, error), *inspection.faults))
    return inspection


def training_faults(inspection: Inspection) -> tuple[Fault, ...]:
    """Return the faults because of which no training starts; none is a data set to learn from."""
    return tuple(fault for fault in inspection.faults if not fault.is_remark)


def export_faults(inspection: Inspection) -> tuple[Fault, ...]:
    """Return the faults because of which nothing is exported: all but those of the whole.

    What a network would lack to learn from does no harm in another layout.
    """
    folder = inspection.data_set.folder
    return tuple(fault for fault in training_faults(inspection) if fault.path != folder)


def _rate_faults(
    data_set: DataSet, checks: Sequence[ClipCheck], frames_per_second: int | None
) -> Iterator[Fault]:
    intervals_ms = {
        clip.video: check.interval_ms
        for clip, check in zip(data_set.clips, checks, strict=True)
        if check.interval_ms is not None
    }
    usual = Counter(
        round(1000 / step_ms) for step_ms in intervals_ms.values() if step_ms
    ).most_common(1)
    wanted = frames_per_second or (usual[0][0] if usual else _TRAINED_RATE)
    for video, step_ms in intervals_ms.items():
        if not step_ms:
            yield Fault(video, "has no frame rate: its frames all have one time")
        elif not is_at_rate(step_ms, wanted):
            whose = "training needs" if frames_per_second else "the others have"
            yield Fault(video, f"has {1000 / step_ms:.3g} frames a second, {whose} {wanted}")
    if frames_per_second is None and wanted != _TRAINED_RATE:
        text = f"has {wanted} frames a second: train with --frames-per-second {wanted}"
        yield Fault(data_set.folder, text, is_remark=True)


def _same_name_faults(clips: Sequence[ClipSource]) -> Iterator[Fault]:
    first: dict[str, ClipSource] = {}
    for clip in clips:
        other = first.setdefault(clip.name, clip)
        if other is not clip:
            yield Fault(clip.video, f"has the name of another clip, {other.video}")


def _same_video_faults(clips: Sequence[ClipSource]) -> Iterator[Fault]:
    """Yield copies of a video under another name, which would be on both sides of a split."""
    by_size: dict[int, list[Path]] = {}
    for clip in clips:
        try:
            by_size.setdefault(clip.video.stat().st_size, []).append(clip.video)
        except OSError:
            continue  # that it cannot be read has been said already
    for size, videos in by_size.items():
        if size == 0 or len(videos) == 1:
            continue
        first: dict[str, Path] = {}
        for video in videos:
            other = first.setdefault(_digest(video), video)
            if other is not video:
                yield Fault(video, f"is the same video as {other.name}")


def _digest(path: Path) -> str:
    """Return what is equal for equal files; the path itself of one that cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return str(path)


def _whole_faults(data_set: DataSet, clips: Sequence[InspectedClip]) -> Iterator[Fault]:
    """Yield what is wrong with the data set as a whole."""
    folder = data_set.folder
    if not clips:
        yield Fault(folder, "has no clip that can be used")
        return
    if missing := ClipGroup("", tuple(clips)).missing:
        yield Fault(folder, f"shows no {', no '.join(missing)}: a network learns all eight")
    if all(clip.source.held_out_annotation is None for clip in clips):
        yield Fault(folder, "has no clip to judge a network by: review 2 is not used for that")
    if len(clips) < len(BEHAVIORS):
        text = (
            f"has {len(clips)} clips, fewer than the {len(BEHAVIORS)} behaviors: "
            "the stacks of a minibatch cannot all come from different clips"
        )
        yield Fault(folder, text, is_remark=True)
    animals = sorted({clip.source.animal for clip in clips})
    if len(animals) == 1:
        text = f"shows animal {animals[0]} only: none can be left out"
        yield Fault(folder, text, is_remark=True)
