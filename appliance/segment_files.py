"""From the paths that a person names to segments and foreign videos with all their files."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.video_search import VIDEO_SUFFIXES, Refusal

_STEM: Final = re.compile(r"\d{2}_\d{8}_\d{6}")
_ENDINGS: Final = ("mkv", "csv", "json", "journal")
"""Of a segment's files; `.part`, `.repair` or `.unreadable` may follow."""


@dataclass(frozen=True, slots=True)
class SegmentFiles:
    """All files of one stem in one folder."""

    folder: Path
    stem: str
    video_suffix: str
    """".mkv" for a segment; whatever a foreign video has."""
    names: frozenset[str]

    @property
    def is_named_as_segment(self) -> bool:
        """Whether it bears the name that a recorder gives."""
        return _STEM.fullmatch(self.stem) is not None and self.video_suffix == ".mkv"

    @property
    def video(self) -> Path:
        """The finished video's path, whether it is there or not."""
        return self.path(self.video_suffix)

    def path(self, ending: str) -> Path:
        """Return the path with an ending such as ".csv.part"."""
        return self.folder / f"{self.stem}{ending}"

    def has(self, ending: str) -> bool:
        """Say whether there is a file with an ending such as ".csv.part"."""
        return f"{self.stem}{ending}" in self.names


def find_segments(paths: Sequence[str]) -> tuple[list[SegmentFiles], list[Refusal]]:
    """Return what is named: videos, other files of a segment, stems, folders; each once, by name.

    Folders are searched through, but for hidden ones. A path at which there is nothing is refused.
    """
    found: dict[Path, SegmentFiles] = {}
    refusals: list[Refusal] = []
    for text in paths:
        try:
            segments = list(_named(Path(text)))
        except OSError as error:
            refusals.append(Refusal(Path(text), f"{text}: {os.strerror(error.errno or 0)}"))
            continue
        if not segments:
            refusals.append(Refusal(Path(text), _why_nothing(Path(text))))
        for segment in segments:
            found.setdefault(segment.video.absolute(), segment)
    return list(found.values()), refusals


def _named(path: Path) -> Iterator[SegmentFiles]:
    if path.is_dir():
        for parent, folders, names in os.walk(path, onerror=_raise):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            yield from _in_folder(Path(parent), names)
        return
    names = [sibling.name for sibling in path.parent.iterdir()]
    stem, suffix = _parted(path.name)
    if not path.exists():
        yield from (one for one in _in_folder(path.parent, names) if one.stem == path.name)
    elif suffix is not None:
        siblings = frozenset(name for name in names if name.startswith(f"{stem}."))
        yield SegmentFiles(path.parent, stem, suffix, siblings)
    else:  # a file named by itself may be a video whatever its suffix
        siblings = frozenset(name for name in names if name.startswith(f"{path.stem}."))
        yield SegmentFiles(path.parent, path.stem, path.suffix, siblings)


def _in_folder(folder: Path, names: Sequence[str]) -> Iterator[SegmentFiles]:
    suffixes: dict[str, str] = {}
    for name in sorted(names):
        stem, suffix = _parted(name)
        if suffix is not None and not (stem in suffixes and suffix == ".mkv"):
            suffixes[stem] = suffix
    for stem, suffix in suffixes.items():
        siblings = frozenset(name for name in names if name.startswith(f"{stem}."))
        yield SegmentFiles(folder, stem, suffix, siblings)


def _parted(name: str) -> tuple[str, str | None]:
    """Return stem and video suffix; no suffix for what is no file of a segment or a video."""
    stem, _, rest = name.partition(".")
    if _STEM.fullmatch(stem) and rest.partition(".")[0] in _ENDINGS:
        return stem, ".mkv"
    path = Path(name)
    return path.stem, path.suffix if path.suffix.lower() in VIDEO_SUFFIXES else None


def _raise(error: OSError) -> None:
    raise error


def _why_nothing(path: Path) -> str:
    if path.is_dir():
        return f"{path}: holds no segment and no video"
    return f"{path}: no such file, segment or folder"
