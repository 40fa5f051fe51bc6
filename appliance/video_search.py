"""From the paths a person names to the videos meant and where their labels go."""

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.classify_job import Job

VIDEO_SUFFIXES: Final = frozenset(
    (
        ".avi",
        ".m2ts",
        ".m4v",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".ts",
        ".webm",
        ".wmv",
    )
)
"""What counts as a video inside a folder; a file named by itself may have any suffix."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A path that cannot be a job, with the sentence that says why."""

    path: Path
    message: str


@dataclass(frozen=True, slots=True)
class _Found:
    video: Path
    relative: Path
    """Its path below the folder that was named."""


def find_jobs(paths: Sequence[str], out: Path | None) -> tuple[list[Job], list[Refusal]]:
    """Return the jobs for files, folders (searched through) and glob patterns, in order.

    Labels go beside each video, or under `out` in the same folders as below the path named. A video
    named twice is one job. Two videos whose labels would have one name are refused, but for the
    first. What cannot be looked at is a refusal too.
    """
    jobs: dict[Path, Job] = {}
    refusals: list[Refusal] = []
    for text in paths:
        for found in _search(text):
            if isinstance(found, Refusal):
                refusals.append(found)
                continue
            labels = ((out / found.relative) if out else found.video).with_suffix(".csv")
            first = jobs.setdefault(labels.absolute(), Job(found.video, labels))
            if first.video.absolute() != found.video.absolute():
                message = f"{found.video}: its results would have the names of {first.video}'s"
                refusals.append(Refusal(found.video, message))
    return list(jobs.values()), refusals


def _search(text: str) -> Iterator[_Found | Refusal]:
    try:
        found = list(_looked_up(text))
    except OSError as error:
        yield Refusal(Path(text), f"{text}: {error.strerror}")
        return
    yield from found or [Refusal(Path(text), _why_nothing(text))]


def _looked_up(text: str) -> Iterator[_Found | Refusal]:
    path = Path(text)
    try:
        path.lstat()
    except FileNotFoundError:
        yield from _matches(text)
        return
    if path.is_dir():
        yield from _below(path, path)
    else:
        yield _Found(path, Path(path.name))


def _matches(pattern: str) -> Iterator[_Found | Refusal]:
    fixed = Path(*_fixed_parts(pattern))
    for text in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207 - absolute ones too
        match = Path(text)
        if match.is_dir():
            yield from _below(match, fixed)
        elif match.suffix.lower() in VIDEO_SUFFIXES:
            yield _Found(match, match.relative_to(fixed))


def _fixed_parts(pattern: str) -> Iterator[str]:
    """Yield the leading parts of a pattern that hold no wildcard."""
    for part in Path(pattern).parts:
        if glob.has_magic(part):
            return
        yield part


def _below(folder: Path, root: Path) -> Iterator[_Found | Refusal]:
    """Yield the videos below a folder by name, and a refusal for each folder that is closed."""
    closed: list[OSError] = []
    videos = [
        Path(parent, name)
        for parent, _, names in os.walk(folder, onerror=closed.append)
        for name in names
        if Path(name).suffix.lower() in VIDEO_SUFFIXES
    ]
    for video in sorted(videos):
        yield _Found(video, video.relative_to(root))
    for error in closed:
        yield Refusal(Path(error.filename), f"{error.filename}: {error.strerror}")


def _why_nothing(text: str) -> str:
    if Path(text).is_dir():
        return f"{text}: holds no video ({' '.join(sorted(VIDEO_SUFFIXES))})"
    if glob.has_magic(text):
        return f"{text}: matches no video"
    return f"{text}: no such file or folder"
