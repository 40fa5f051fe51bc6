"""A data set as one project of BORIS, an observation a clip."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from inference.dataset.boris_data_set import RECORDING, STRAIN
from inference.dataset.boris_new_project import new_project
from inference.dataset.boris_observation import Event, Media, Observation, Status
from inference.dataset.bout_table import bouts_of
from inference.dataset.export_clip import ExportedClip
from inference.dataset.frame_time import read_frame_times
from inference.ethogram import BEHAVIORS

_KEYS: Final = dict(zip(BEHAVIORS, "deghmrsw", strict=True))
"""The keyboard's key for each behavior: first letters, and s (sleep) for rest."""


def boris_document(name: str, clips: Iterable[ExportedClip]) -> dict[str, object]:
    """Return a project's document with what is learned; the videos are named where they lie.

    Frames that are `none` are in no bout. Dates are those of the annotations. Raises DataSetError
    if a video does not tell when its frames are shown.
    """
    observations = [_observation(clip) for clip in clips]
    newest = max((each.date for each in observations), default="")
    return new_project(name, newest.replace(" ", "T"), observations, _KEYS)


def _observation(clip: ExportedClip) -> Observation:
    source = clip.source
    times = read_frame_times(source.video, len(clip.learned))
    changed_s = source.annotation.path.stat().st_mtime
    media = Media("1", str(source.video.resolve()), times.end_s, times.frames_per_second)
    bouts = bouts_of(clip.learned, times, BEHAVIORS)
    return Observation(
        path=source.annotation.path,
        name=source.name,
        media=(media,),
        events=tuple(
            chain.from_iterable(
                (
                    Event(bout.start_s, source.animal, bout.name, Status.START, ""),
                    Event(bout.stop_s, source.animal, bout.name, Status.STOP, ""),
                )
                for bout in bouts
            )
        ),
        date=f"{datetime.fromtimestamp(changed_s, UTC):%Y-%m-%d %H:%M:%S}",
        variables=((RECORDING, source.recording), (STRAIN, source.strain)),
    )
