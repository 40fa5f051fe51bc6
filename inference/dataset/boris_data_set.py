"""A folder of videos with what BORIS wrote about them: exported tables or project files."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from inference.dataset.boris_behavior import BehaviorMap, read_behavior_map
from inference.dataset.boris_bout import StateBout, bouts_in, frames_by_code
from inference.dataset.boris_observation import NO_SUBJECTS, Media, Observation, Status
from inference.dataset.boris_project import read_project
from inference.dataset.boris_table import is_boris_table, read_boris_table
from inference.dataset.folder import files_of, folders_of
from inference.dataset.mit_name import clip_names, videos_in
from inference.dataset.source import ClipSource, Codes, DataSet, Fault, Layout
from inference.error import DataSetError
from inference.ethogram import CODE_NAMES, NONE_CODE

RECORDING: Final = "recording"
STRAIN: Final = "strain"
"""Independent variables that say what a video was cut from, and what strain its animal is."""

_TABLES: Final = (".csv", ".tsv")
_PROJECTS: Final = (".boris", ".boris.gz")
_SAME_LENGTH: Final = 0.01
_TOLERATED_S: Final = 1.0
"""A file's stated length and its frames may differ by so much, or by one in a hundred."""


@dataclass(frozen=True, slots=True)
class BorisAnnotation:
    """An observation of one video, with our codes of its behaviors."""

    path: Path
    observation: str
    bouts: tuple[StateBout, ...]
    behaviors: BehaviorMap
    media: Media

    def read(self, frames: int) -> Codes:
        """Return the codes (frames,), `none` where no bout is; raises DataSetError.

        A frame belongs to the bout that holds its middle. Two behaviors at once are an error;
        behaviors that are `none` to us are as if they were not there.
        """
        rate = self._frames_per_second(frames)
        codes = np.full(frames, NONE_CODE, np.int64)
        owners: dict[int, StateBout] = {}
        for first, end, code, bout in frames_by_code(self.bouts, rate, self._code_of):
            if code == NONE_CODE:
                continue
            if end > frames + _TOLERATED_S * rate:
                raise DataSetError(
                    f"{self.path}: {bout.stop.place}: `{bout.stop.behavior}` stops at "
                    f"{bout.stop.time_s:g} s, its video ends at {frames / rate:.3f} s"
                )
            taken = codes[first:end]
            if other := {int(code) for code in taken} - {code, NONE_CODE}:
                held = owners[other.pop()]
                raise DataSetError(f"{self.path}: {bout.place} is within {held.place}")
            owners[code] = bout
            codes[first:end] = code
        return codes

    def _code_of(self, behavior: str) -> int:
        code = self.behaviors.code_of(behavior)
        assert code is not None  # `read_boris` takes no observation with others
        return code

    def _frames_per_second(self, frames: int) -> float:
        rate, length_s = self.media.frames_per_second, self.media.length_s
        what = f"{self.path}: observation `{self.observation}`"
        if rate is None and length_s is None:
            raise DataSetError(f"{what} says neither the frame rate nor the length of its video")
        if rate is None:
            return frames / (length_s or 1.0)
        tolerated_s = max(_TOLERATED_S, _SAME_LENGTH * frames / rate)
        if length_s is not None and abs(frames / rate - length_s) > tolerated_s:
            raise DataSetError(
                f"{what} is of a video of {length_s:g} s at {rate:g} frames a second, "
                f"{self.media.name} has {frames} frames"
            )
        return rate


def read_boris(folder: Path, behaviors: Iterable[str] = ()) -> DataSet:
    """Return the videos of a folder and of the folders in it, each with its observation.

    Names are ours, or told by `behaviors.csv` in the folder or by `behaviors`, NAME=BEHAVIOR each.
    A video is found by the name in the observation, else by the name of a table of one
    observation. Raises DataSetError if the map is wrong.
    """
    videos = videos_in(folder)
    names = clip_names(folder, videos)
    faults: list[Fault] = []
    clips: dict[Path, ClipSource] = {}
    said: dict[Path, Observation] = {}
    observations = _observations_in(folder, faults)
    if not observations and not faults:
        return DataSet(folder, Layout.BORIS, ())
    known = read_behavior_map(folder, behaviors)
    counts = Counter(observation.path for observation in observations)
    for observation in observations:
        try:
            alone = counts[observation.path] == 1
            video = _video_of(observation, videos, is_alone=alone)
            if video in said:
                _check_same(observation, said[video], video)
                continue
            said[video] = observation
            clips[video] = _clip_of(observation, video, names[video], known)
        except DataSetError as error:
            faults.append(_fault(observation, str(error)))
            continue
        faults += _remarks(observation, known)
    named = {media.name for observation in observations for media in observation.media}
    faults += [
        Fault(video, "is in no observation of BORIS")
        for video in videos
        if video not in said and video.name not in named
    ]
    ordered = tuple(sorted(clips.values(), key=lambda clip: clip.name))
    return DataSet(folder, Layout.BORIS, ordered, tuple(sorted(faults)))


def is_boris_file(path: Path) -> bool:
    """Return whether a file is, by its name or first line, of BORIS."""
    name = path.name.lower()
    return name.endswith(_PROJECTS) or (name.endswith(_TABLES) and is_boris_table(path))


def _observations_in(folder: Path, faults: list[Fault]) -> list[Observation]:
    found: list[Observation] = []
    for place in (folder, *folders_of(folder)):
        for path in filter(is_boris_file, files_of(place)):
            try:
                if path.name.lower().endswith(_PROJECTS):
                    project = read_project(path)
                    found += project.observations()
                    faults += [
                        Fault(path, f"observation `{name}` is of pictures: left out", True)
                        for name in project.pictures()
                    ]
                else:
                    found += read_boris_table(path)
            except DataSetError as error:
                faults.append(Fault(path, str(error).removeprefix(f"{path}: ")))
    return found


def _fault(observation: Observation, text: str) -> Fault:
    return Fault(observation.path, text.removeprefix(f"{observation.path}: "))


def _video_of(observation: Observation, videos: list[Path], *, is_alone: bool) -> Path:
    """Return the video that an observation names, or that its file does if it `is_alone` there."""
    what = f"observation `{observation.name}`"
    shown = [media for media in observation.media if media.player == observation.media[0].player]
    if len(shown) > 1:
        raise DataSetError(f"{what} is of {len(shown)} videos one after another: code each alone")
    name = shown[0].name if shown else "no video"
    found = [video for video in videos if video.name == name]
    if not found and is_alone:
        found = [video for video in videos if video.stem == _stem(observation.path)]
    if len(found) > 1:  # of one name in several folders: the one beside the observation
        found = [video for video in found if video.parent == observation.path.parent] or found
    if not found:
        raise DataSetError(f"{what} names {name}: it is not here")
    if len(found) > 1:
        raise DataSetError(f"{what} names {name}: there are {len(found)} of it")
    return found[0]


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").rpartition(".")[0]


def _check_same(observation: Observation, other: Observation, video: Path) -> None:
    """Raise DataSetError unless two observations of a video say the same, as export and project."""
    first, second = (
        sorted((round(e.time_s, 3), e.behavior, str(e.status)) for e in each.events)
        for each in (observation, other)
    )
    if first != second:
        raise DataSetError(
            f"observation `{observation.name}` is of {video.name}, of which "
            f"observation `{other.name}` in {other.path.name} says something else"
        )


def _clip_of(observation: Observation, video: Path, name: str, known: BehaviorMap) -> ClipSource:
    what = f"observation `{observation.name}`"
    if observation.time_offset_s:
        raise DataSetError(
            f"{what} has a time offset of {observation.time_offset_s:g} s: remove it"
        )
    subjects = sorted({event.subject for event in observation.events} - {*NO_SUBJECTS})
    if len(subjects) > 1:
        raise DataSetError(f"{what} is of {len(subjects)} animals: {', '.join(subjects)}")
    bouts = bouts_in(observation)
    unknown = {bout.start.behavior: bout.start.place for bout in reversed(bouts)}
    unknown = {key: place for key, place in unknown.items() if known.code_of(key) is None}
    if unknown:
        each = ", ".join(f"`{key}` ({place})" for key, place in sorted(unknown.items()))
        raise DataSetError(
            f"{what} has behaviors that are not ours: {each}; say which they are in behaviors.csv"
        )
    media = observation.media[0] if observation.media else Media("1", video.name)
    annotation = BorisAnnotation(observation.path, observation.name, bouts, known, media)
    return ClipSource(
        name=name,
        video=video,
        animal=subjects[0] if subjects else name,
        recording=dict(observation.variables).get(RECORDING) or name,
        annotation=annotation,
        held_out_annotation=annotation,
        strain=dict(observation.variables).get(STRAIN, ""),
    )


def _remarks(observation: Observation, known: BehaviorMap) -> list[Fault]:
    what = f"observation `{observation.name}`"
    points = [event for event in observation.events if event.status is Status.POINT]
    texts = [f"{what} has {len(points)} point events: they have no frames"] if points else []
    for name in sorted({event.behavior for event in observation.events}):
        code = known.code_of(name)
        if code is not None and known.is_guess(name):
            texts.append(f"{what}: `{name}` is taken for {CODE_NAMES[code]}")
    return [Fault(observation.path, text, is_remark=True) for text in texts]
