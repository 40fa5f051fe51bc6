"""A folder of videos with what BORIS wrote about them: exported tables or project files."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from inference.dataset.boris_annotation import BorisAnnotation
from inference.dataset.boris_behavior import BehaviorMap, read_behavior_map
from inference.dataset.boris_bout import bouts_in
from inference.dataset.boris_observation import NO_SUBJECTS, Media, Observation, Status
from inference.dataset.boris_project import read_project
from inference.dataset.boris_table import is_boris_table, read_boris_table
from inference.dataset.folder import files_of, folders_of
from inference.dataset.mit_name import clip_names, videos_in
from inference.dataset.published_name import parse_stem
from inference.dataset.source import ClipSource, DataSet, Fault, Layout
from inference.error import DataSetError
from inference.ethogram import CODE_NAMES

RECORDING: Final = "recording"
STRAIN: Final = "strain"
"""Independent variables that say what a video was cut from, and what strain its animal is."""

_TABLES: Final = (".csv", ".tsv")
_PROJECTS: Final = (".boris", ".boris.gz")


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
    if guessed := [video for video in clips if _is_guessed(said[video], video)]:
        text = f"has {len(guessed)} videos of no subject: each is taken for an animal of its own"
        faults.append(Fault(folder, text, is_remark=True))
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
    subjects = _subjects_of(observation)
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
    annotation = BorisAnnotation(observation.path, observation.name, bouts, known, media, video)
    told = parse_stem(video.stem)
    variables = {label: value.strip() for label, value in observation.variables}
    return ClipSource(
        name=name,
        video=video,
        animal=subjects[0] if subjects else told.animal if told else name,
        recording=variables.get(RECORDING) or (told.recording if told else name),
        annotation=annotation,
        held_out_annotation=annotation,
        strain=variables.get(STRAIN, ""),
    )


def _subjects_of(observation: Observation) -> list[str]:
    return sorted({event.subject.strip() for event in observation.events} - {*NO_SUBJECTS})


def _is_guessed(observation: Observation, video: Path) -> bool:
    """Return whether neither subject nor name says which animal a video shows."""
    return not _subjects_of(observation) and parse_stem(video.stem) is None


def _remarks(observation: Observation, known: BehaviorMap) -> list[Fault]:
    what = f"observation `{observation.name}`"
    points = [event for event in observation.events if event.status is Status.POINT]
    texts = [f"{what} has {len(points)} point events: they have no frames"] if points else []
    for name in sorted({event.behavior for event in observation.events}):
        code = known.code_of(name)
        if code is not None and known.is_guess(name):
            texts.append(f"{what}: `{name}` is taken for {CODE_NAMES[code]}")
    return [Fault(observation.path, text, is_remark=True) for text in texts]
