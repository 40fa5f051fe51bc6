"""Names in the data set of Jhuang et al. 2010: behaviors, videos, clips.

Source: `docs/datasets.md`, "The 2010 MIT data set".
"""

import re
from collections import Counter
from pathlib import Path
from typing import Final

from inference.dataset.folder import VIDEO_SUFFIXES, files_of, folders_of
from inference.ethogram import BEHAVIORS, SYNONYMS

_WORDS: Final = {name: code for code, name in enumerate(BEHAVIORS)} | {
    name.replace(" ", ""): BEHAVIORS.index(behavior)
    for name, behavior in SYNONYMS.items()
    if name != "mm"  # in a clip's name it may be millimeters
}
_SHORT: Final = {
    short: _WORDS[word]
    for short, word in {
        "d": "drink",
        "e": "eat",
        "g": "groom",
        "gb": "groom",
        "ha": "hang",
        "he": "head",
        "r": "rear",
        "rs": "rest",
        "w": "walk",
    }.items()
}
"""Used in names of clips beside the words."""
_DEEPEST: Final = 2
"""Folders below the data set's own: by behavior or video, and in them by the other."""


def behavior_of(word: str) -> int | None:
    """Return the code of a behavior's word, in any case, `head` and `groomback` among them."""
    return _WORDS.get(re.sub(r"[\s_-]+", "", word.strip().lower()))


def short_behavior_of(text: str) -> int | None:
    """Return the code of a behavior's word or abbreviation in the name of a clip."""
    found = behavior_of(text)
    return _SHORT.get(text.lower()) if found is None else found


def videos_in(folder: Path, depth: int = _DEEPEST) -> list[Path]:
    """Return the videos of a folder and of the folders in it, two levels deep, sorted.

    Raises DataSetError if a folder cannot be read.
    """
    found = [path for path in files_of(folder) if path.suffix.lower() in VIDEO_SUFFIXES]
    if depth:
        for inner in folders_of(folder):
            found += videos_in(inner, depth - 1)
    return sorted(found)


def clip_names(folder: Path, videos: list[Path]) -> dict[Path, str]:
    """Return a unique name for each video: its stem, or its path where stems are not unique."""
    stems = Counter(video.stem for video in videos)
    names: dict[Path, str] = {}
    for video in videos:
        parts = video.relative_to(folder).with_suffix("").parts
        names[video] = video.stem if stems[video.stem] == 1 else "_".join(parts)
    taken = Counter(names.values())
    return {
        # Still the same name: `a/b_c.avi` and `a_b/c.avi`, or two kinds of file of one stem.
        video: name if taken[name] == 1 else f"{name}_{video.suffix[1:].lower()}_{position}"
        for position, (video, name) in enumerate(names.items())
    }
