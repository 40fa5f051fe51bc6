"""The clips of a training as a file: what was learned from, and what was left out."""

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from inference.dataset.band_cache import ends_of
from inference.dataset.source import Annotation, ClipSource
from inference.error import TrainingError
from inference.preprocessing import Preprocessing
from inference.train.dataset import Split

_PARTS: Final = {
    "animal": "the animal",
    "annotation": "the annotation",
    "held_out_annotation": "the annotation to judge by",
    "video": "the video",
    "video_bytes": "the video's size",
    "video_ends": "the content of the video",
    "frames": "the number of frames",
}
"""Of a listed clip, in the order in which they are compared."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ListedAnnotation(_Model):
    """A file that says what a clip shows."""

    file: str
    bytes: int
    sha256: str


class ListedClip(_Model):
    """One clip; `held_out_annotation` is what it is judged by, None if it never is."""

    clip: str
    animal: str
    frames: int
    video: str
    video_bytes: int
    video_ends: str
    """What is equal if both ends of the video are."""
    annotation: ListedAnnotation
    held_out_annotation: ListedAnnotation | None


class ClipList(_Model):
    """Everything that, besides the plan, decides the outcome of a training."""

    preprocessing: Preprocessing
    training: tuple[ListedClip, ...]
    held_out: tuple[ListedClip, ...]

    def digest(self) -> str:
        """Return the SHA-256 (hex) of the list."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def list_clips(split: Split, spec: Preprocessing) -> ClipList:
    """Return the list of a split; raises TrainingError if a file is gone."""
    clips = (*split.training, *split.held_out)
    listed = listed_clips((clip.source, len(clip.codes)) for clip in clips)
    return ClipList(
        preprocessing=spec,
        training=tuple(listed[clip.source.name] for clip in split.training),
        held_out=tuple(listed[clip.source.name] for clip in split.held_out),
    )


def listed_clips(clips: Iterable[tuple[ClipSource, int]]) -> dict[str, ListedClip]:
    """Return the entries of clips of so many frames, by name; raises TrainingError."""
    digest = lru_cache(maxsize=None)(_digest)  # one annotation may tell of many clips

    def annotation(of: Annotation) -> ListedAnnotation:
        size, sha256 = digest(of.path)
        return ListedAnnotation(file=of.path.name, bytes=size, sha256=sha256)

    def entry(source: ClipSource, frames: int) -> ListedClip:
        judged_by = source.held_out_annotation
        return ListedClip(
            clip=source.name,
            animal=source.animal,
            frames=frames,
            video=source.video.name,
            video_bytes=source.video.stat().st_size,
            video_ends=ends_of(source.video),
            annotation=annotation(source.annotation),
            held_out_annotation=annotation(judged_by) if judged_by else None,
        )

    try:
        return {source.name: entry(source, frames) for source, frames in clips}
    except OSError as error:
        raise TrainingError(f"{error.filename} cannot be read: {error.strerror}") from error


def contradictions(here: ClipList, there: ClipList) -> Iterator[str]:
    """Yield how two lists differ, a clause for each clip or value."""
    spec = here.preprocessing.model_dump(mode="json")
    other = there.preprocessing.model_dump(mode="json")
    yield from (
        f"{name} is {value} here, {other.get(name)} in the list there"
        for name, value in spec.items()
        if value != other.get(name)
    )
    sides = (
        ("learned", here.training, there.training),
        ("held out", here.held_out, there.held_out),
    )
    for side, ours, theirs in sides:
        mine = {clip.clip: clip for clip in ours}
        its = {clip.clip: clip for clip in theirs}
        yield from (f"clip {name} is {side} only here" for name in mine if name not in its)
        yield from (f"clip {name} is {side} only there" for name in its if name not in mine)
        for name in mine.keys() & its.keys():
            if what := _difference(mine[name], its[name]):
                yield f"{what} of clip {name} is another one"
        if mine == its and list(mine) != list(its):
            yield f"the clips that are {side} have another order"


def _difference(ours: ListedClip, theirs: ListedClip) -> str:
    """Return which part of a clip differs; empty if none does."""
    for name, text in _PARTS.items():
        if getattr(ours, name) != getattr(theirs, name):
            return text
    return ""


def _digest(path: Path) -> tuple[int, str]:
    content = path.read_bytes()
    return len(content), hashlib.sha256(content).hexdigest()
