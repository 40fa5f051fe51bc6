"""The layout of a rack: recorded segments, some of them with annotations beside them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from inference.dataset.annotation import (
    annotated_stem,
    ending_fault,
    label_files,
    same_annotation_faults,
)
from inference.dataset.folder import files_of, folders_of
from inference.dataset.source import ClipSource, DataSet, Fault, Layout

_CAGE: Final = re.compile(r"[0-9]{2}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SEGMENT: Final = re.compile(r"(?P<cage>[0-9]{2})_[0-9]{8}_[0-9]{6}")


class _Manifest(BaseModel):
    """What a data set needs of a segment's manifest. Source: docs/schemas/segment.json."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    animal: str | None = None
    strain: str | None = None
    frame_count: int


def read_segments(folder: Path) -> DataSet:
    """Return the annotated segments below a rack's data folder, or a cage's or a day's.

    Segments without annotation are no clips; a remark counts them. Raises DataSetError if a folder
    cannot be read.
    """
    clips: list[ClipSource] = []
    faults: list[Fault] = []
    bare = 0
    for day in _days(folder):
        paths = files_of(day)
        files = {path.name.lower(): path for path in paths}
        for path in paths:
            if path.suffix == ".mkv" and _SEGMENT.fullmatch(path.stem):
                clip = _clip_of(path, files, faults)
                bare += clip is None
                clips += [] if clip is None else [clip]
        faults += [fault for path in paths for fault in _lone(path, files)]
        faults += same_annotation_faults(paths)
    faults += _half_named(clips)
    if bare:
        text = f"holds {bare} segments without annotation: left out"
        faults.append(Fault(folder, text, is_remark=True))
    return DataSet(
        folder,
        Layout.SEGMENTS,
        tuple(sorted(clips, key=lambda clip: clip.name)),
        tuple(sorted(faults)),
    )


def _days(folder: Path) -> list[Path]:
    """Return the folders of days, wherever between rack and day `folder` is."""
    if _DAY.fullmatch(folder.absolute().name):
        return [folder]
    days = [path for path in folders_of(folder) if _DAY.fullmatch(path.name)]
    cages = [path for path in folders_of(folder) if _CAGE.fullmatch(path.name)]
    return days + [day for cage in cages for day in folders_of(cage) if _DAY.fullmatch(day.name)]


def _clip_of(video: Path, files: dict[str, Path], faults: list[Fault]) -> ClipSource | None:
    """Return the clip of a segment, None if it has no annotation; note what is wrong with it."""
    learned, judge = label_files(video.stem, files)
    if learned is None:
        return None
    manifest = _manifest_of(video, faults)
    return ClipSource(
        name=video.stem,
        video=video,
        animal=(manifest and manifest.animal) or video.stem[:2],
        recording=video.stem,
        annotation=learned,
        held_out_annotation=judge,
        strain=(manifest and manifest.strain) or "",
        stated_frames=manifest.frame_count if manifest else None,
    )


def _manifest_of(video: Path, faults: list[Fault]) -> _Manifest | None:
    path = video.with_suffix(".json")
    try:
        return _Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        text = (
            f"has no manifest {path.name}: its animal is taken to be that of cage {path.name[:2]}"
        )
        faults.append(Fault(video, text, is_remark=True))
    except OSError as error:
        faults.append(Fault(path, f"cannot be read: {error.strerror}"))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        faults.append(Fault(path, f"is no manifest: {place}: {first['msg']}".replace(": :", ":")))
    return None


def _half_named(clips: Sequence[ClipSource]) -> Iterator[Fault]:
    """Yield each segment without an animal of a cage whose animal another segment names.

    They would be two animals, on both sides of a split.
    """
    named: dict[str, ClipSource] = {}
    for clip in clips:
        if clip.animal != clip.name[:2]:
            named.setdefault(clip.name[:2], clip)
    for clip in clips:
        other = named.get(clip.name[:2])
        if other is not None and clip.animal == clip.name[:2]:
            text = f"names no animal, {other.name} of the same cage names {other.animal}"
            yield Fault(clip.video, text)


def _lone(path: Path, files: dict[str, Path]) -> list[Fault]:
    """Return what is wrong with an annotation that belongs to no finished segment."""
    stem = annotated_stem(path)
    if stem is None or _SEGMENT.fullmatch(stem) is None:
        return []
    text = ending_fault(path)
    if text is None and f"{stem}.mkv" not in files:
        text = f"has no video {stem}.mkv"
    return [] if text is None else [Fault(path, text)]
