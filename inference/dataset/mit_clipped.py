"""The clipped database of Jhuang et al. 2010: a behavior a file, told by its name or folder."""

import re
from pathlib import Path
from typing import Final

from inference.dataset.annotation import OneBehavior
from inference.dataset.mit_name import behavior_of, clip_names, short_behavior_of, videos_in
from inference.dataset.source import ClipSource, DataSet, Fault, Layout
from inference.error import DataSetError
from inference.ethogram import BEHAVIORS

_VIDEO: Final = re.compile(r"(?:^|_)(?P<recording>video\d+)_(?P<behavior>[A-Za-z]+)")
"""`video5_groom_163`: the recording, the behavior, a number."""
_WORD: Final = re.compile(r"[A-Za-z]+")


def read_mit_clipped(folder: Path) -> DataSet:
    """Return the clips of a folder and of the folders in it, those that name a behavior."""
    videos = videos_in(folder)
    names = clip_names(folder, videos)
    clips: list[ClipSource] = []
    faults: list[Fault] = []
    for video in videos:
        try:
            code = _behavior_of(folder, video)
        except DataSetError as error:
            faults.append(Fault(video, str(error)))
            continue
        recording = _recording_of(folder, video)
        if recording is None:
            recording = names[video]
            faults.append(
                Fault(video, "does not name its recording: taken as one of its own", is_remark=True)
            )
        annotation = OneBehavior(video, code)
        clips.append(
            ClipSource(
                name=names[video],
                video=video,
                animal=recording,
                recording=recording,
                annotation=annotation,
                held_out_annotation=annotation,
            )
        )
    if not clips:
        return DataSet(folder, Layout.MIT_CLIPPED, ())  # videos of something else
    ordered = tuple(sorted(clips, key=lambda clip: clip.name))
    return DataSet(folder, Layout.MIT_CLIPPED, ordered, tuple(faults))


def _behavior_of(folder: Path, video: Path) -> int:
    """Return the code that a clip's name or folder tells; raises DataSetError, without the path."""
    named = _VIDEO.search(video.stem)
    told = {short_behavior_of(named["behavior"])} if named else set()
    told |= {behavior_of(word) for word in _WORD.findall(video.stem)}
    told |= {behavior_of(part) for part in video.relative_to(folder).parent.parts}
    codes = sorted(code for code in told if code is not None)
    if not codes:
        raise DataSetError("names no behavior, and neither does its folder")
    if len(codes) > 1:
        both = " and ".join(BEHAVIORS[code] for code in codes)
        raise DataSetError(f"names {both} (in its name or its folder's)")
    return codes[0]


def _recording_of(folder: Path, video: Path) -> str | None:
    """Return the video that a clip was cut from: `video5`, or a folder that is no behavior."""
    named = _VIDEO.search(video.stem)
    if named:
        return named["recording"]
    folders = [part for part in video.relative_to(folder).parent.parts if behavior_of(part) is None]
    return folders[-1] if folders else None
