"""The layout of DeepEthoProfile's data set: clips with label files beside them."""

import re
from pathlib import Path
from typing import Final

from inference.dataset.annotation import AnnotationFile
from inference.dataset.source import ClipSource, DataSet, Fault, Layout

_NAME: Final = re.compile(r"(?P<recording>(?P<animal>\d\d)_\d{8}_\d{4})_s\d+_n\d+\.(avi|mkv|mp4)$")
_INITIAL: Final = "_map.csv"
_REVIEW_1: Final = "_map_new.csv"
_REVIEW_2: Final = "_map_new_v2.csv"
"""The only one that knows `none`; learned from, never judged by. Source: paper, Training."""


def read_published(folder: Path) -> DataSet:
    """Return the clips of a folder, each with its most reviewed annotation."""
    clips: list[ClipSource] = []
    faults: list[Fault] = []
    for video in sorted(path for path in folder.iterdir() if _NAME.match(path.name)):
        clip = _clip_of(video)
        if clip is None:
            faults.append(Fault(video, f"has no annotation {video.stem}{_INITIAL}"))
        else:
            clips.append(clip)
    return DataSet(folder, Layout.PUBLISHED, tuple(clips), tuple(faults))


def _clip_of(video: Path) -> ClipSource | None:
    name = _NAME.match(video.name)
    assert name is not None
    found = [
        AnnotationFile(path)
        for ending in (_REVIEW_2, _REVIEW_1, _INITIAL)
        if (path := video.with_name(video.stem + ending)).exists()
    ]
    if not found:
        return None
    judged_by = [file for file in found if not file.path.name.endswith(_REVIEW_2)]
    return ClipSource(
        name=video.stem,
        video=video,
        animal=name["animal"],
        recording=name["recording"],
        annotation=found[0],
        held_out_annotation=judged_by[0] if judged_by else None,
    )
