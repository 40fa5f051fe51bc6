"""From the paths a person names to the videos meant and where their labels go."""

import glob
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.classify_job import Job

VIDEO_SUFFIXES: Final = frozenset(
    [
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
    ]
)
"""What counts as a video inside a folder; a file named by itself may have any suffix."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A path that cannot be a job, with the sentence that says why."""

    path: Path
    message: str


def find_jobs(paths: Sequence[str], out: Path | None) -> tuple[list[Job], list[Refusal]]:
    """Return the jobs for files, folders (searched through) and glob patterns, in order.

    Labels go beside each video, or under `out` in the same folders as below the path named. Two
    videos whose labels would have one name are refused, but for the first.
    """
    jobs: dict[Path, Job] = {}
    refusals: list[Refusal] = []
    for text in paths:
        found = list(_videos_of(text))
        if not found:
            refusals.append(Refusal(Path(text), _why_nothing(text)))
        for video, relative in found:
            labels = ((out / relative) if out else video).with_suffix(".csv")
            first = jobs.setdefault(labels, Job(video, labels))
            if first.video != video:
                message = f"{video}: its labels would overwrite those of {first.video}; use --out"
                refusals.append(Refusal(video, message))
    return list(jobs.values()), refusals


def _videos_of(text: str) -> Iterator[tuple[Path, Path]]:
    """Yield videos, each with its path relative to what was named."""
    path = Path(text)
    if path.is_dir():
        for video in _videos_below(path):
            yield video, video.relative_to(path)
    elif path.exists():
        yield path, Path(path.name)
    else:
        for match in sorted(glob.glob(text, recursive=True)):  # noqa: PTH207 - absolute patterns too
            if Path(match).is_dir():
                yield from _videos_of(match)
            elif Path(match).suffix.lower() in VIDEO_SUFFIXES:
                yield Path(match), Path(Path(match).name)


def _videos_below(folder: Path) -> Iterable[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()
    )


def _why_nothing(text: str) -> str:
    if Path(text).is_dir():
        return f"{text}: holds no video ({' '.join(sorted(VIDEO_SUFFIXES))})"
    if any(sign in text for sign in "*?["):
        return f"{text}: matches no video"
    return f"{text}: no such file or folder"
