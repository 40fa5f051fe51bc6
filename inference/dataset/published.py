"""The layout of DeepEthoProfile's data set: clips with label files beside them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inference.dataset.annotation import (
    ENDINGS,
    MAP,
    annotated_stem,
    ending_fault,
    label_files,
    same_annotation_faults,
)
from inference.dataset.folder import VIDEO_SUFFIXES, files_of, folders_of
from inference.dataset.published_name import (
    PATTERN,
    SUFFIXES,
    PublishedName,
    is_nearly_clip,
    parse_stem,
)
from inference.dataset.source import ClipSource, DataSet, Fault, Layout
from inference.error import DataSetError

_DEEPEST: Final = 2
"""Folders below the data set's own that are searched for clips, which should not be there."""


@dataclass(frozen=True, slots=True)
class _Video:
    path: Path
    name: PublishedName


def read_published(folder: Path) -> DataSet:
    """Return the clips of a folder, each with its most reviewed annotation.

    Raises DataSetError if the folder cannot be read.
    """
    paths = files_of(folder)
    files = {path.name.lower(): path for path in paths}
    faults: list[Fault] = []
    videos = _videos(paths, faults)
    clips = []
    for video in videos:
        clip = _clip_of(video, files)
        if clip is None:
            initial = f"{video.path.stem}{next(reversed(ENDINGS.values()))}"
            faults.append(Fault(video.path, f"has no annotation {initial}"))
        else:
            clips.append(clip)
    faults += _overlaps(videos)
    faults += _lone_annotations(paths)
    faults += same_annotation_faults(paths)
    if clips:
        faults += _inner_clips(folder, _DEEPEST)
    return DataSet(folder, Layout.PUBLISHED, tuple(clips), tuple(sorted(faults)))


def _videos(paths: Sequence[Path], faults: list[Fault]) -> list[_Video]:
    """Return the clips' videos by name, one of each stem; note what is wrong with the others."""
    found: dict[str, _Video] = {}
    for path in paths:
        if path.suffix.lower() not in VIDEO_SUFFIXES:
            continue
        try:
            name = parse_stem(path.stem) if path.suffix.lower() in SUFFIXES else None
        except DataSetError as error:
            faults.append(Fault(path, f"cannot be right: {error}"))
            continue
        if name is None:
            faults.append(_other_name(path, paths))
        elif path.stem.lower() in found:
            other = found[path.stem.lower()].path.name
            faults.append(Fault(path, f"is the same clip as {other}: one of them must go"))
        else:
            found[path.stem.lower()] = _Video(path, name)
    return [found[stem] for stem in sorted(found)]


def _other_name(path: Path, paths: Sequence[Path]) -> Fault:
    """Return what to say of a video that is no clip by its name."""
    start = f"{path.stem}{MAP}".lower()
    if is_nearly_clip(path) or any(other.name.lower().startswith(start) for other in paths):
        endings = ", ".join(SUFFIXES)
        return Fault(path, f"is nearly named as a clip, which is {PATTERN} with one of {endings}")
    return Fault(path, "is not named as a clip: left out", is_remark=True)


def _clip_of(video: _Video, files: dict[str, Path]) -> ClipSource | None:
    learned, judge = label_files(video.path.stem, files)
    if learned is None:
        return None
    return ClipSource(
        name=video.path.stem,
        video=video.path,
        animal=video.name.animal,
        recording=video.name.recording,
        annotation=learned,
        held_out_annotation=judge,
        stated_frames=video.name.count,
    )


def _overlaps(videos: Sequence[_Video]) -> Iterator[Fault]:
    """Yield each clip that shows frames of another one before it in the same recording."""
    furthest: _Video | None = None
    for video in sorted(videos, key=lambda one: (one.name.recording, one.name.first)):
        if furthest is None or furthest.name.recording != video.name.recording:
            furthest = video
            continue
        shared = min(furthest.name.end, video.name.end) - video.name.first
        if shared > 0:
            text = f"shows {shared} frames of its recording that {furthest.path.name} shows too"
            yield Fault(video.path, text)
        furthest = max(furthest, video, key=lambda one: one.name.end)


def _lone_annotations(paths: Sequence[Path]) -> Iterator[Fault]:
    """Yield the annotations without a video, and those that are not named as annotations."""
    stems = {path.stem.lower() for path in paths if path.suffix.lower() in VIDEO_SUFFIXES}
    for path in paths:
        stem = annotated_stem(path)
        if stem is None:
            continue
        text = ending_fault(path)
        if text is None and stem not in stems:
            text = f"has no video {path.name[: len(stem)]}{SUFFIXES[0]} (or .mkv, .mp4)"
        if text is not None:
            is_clip = stem in stems or is_nearly_clip(path)
            yield Fault(path, text, is_remark=not is_clip)


def _inner_clips(folder: Path, depth: int) -> Iterator[Fault]:
    """Yield each folder in a folder of clips that holds clips too."""
    for inner in folders_of(folder) if depth else ():
        if inner.name.startswith("."):
            continue
        try:
            clips = [path.name for path in files_of(inner) if _is_clip(path)]
            if clips:
                text = f"holds clips ({clips[0]}, {len(clips)} in all): all must lie in one folder"
                yield Fault(inner, text)
            yield from _inner_clips(inner, depth - 1)
        except DataSetError:
            yield Fault(inner, "cannot be read: left out", is_remark=True)


def _is_clip(path: Path) -> bool:
    """Say whether a file is named as a clip, if with an impossible day."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    try:
        return parse_stem(path.stem) is not None
    except DataSetError:
        return True
