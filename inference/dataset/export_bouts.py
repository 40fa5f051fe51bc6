"""A data set as one table of bouts: `clip;animal;strain;behavior;start_frame;end_frame;...`."""

import csv
import io
from collections.abc import Iterable
from typing import Final

from inference.dataset.bout_table import runs_of
from inference.dataset.export_clip import ExportedClip
from inference.dataset.frame_time import read_frame_times
from inference.ethogram import BEHAVIORS, NONE_CODE

_COLUMNS: Final = (
    "clip",
    "animal",
    "strain",
    "behavior",
    "start_frame",
    "end_frame",
    "start_s",
    "duration_s",
)


def bout_table_text(clips: Iterable[ExportedClip]) -> str:
    """Return the table of what is learned; `end_frame` is the first frame after the bout.

    Frames that are `none` are in no bout. Raises DataSetError if a video does not tell when its
    frames are shown.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(_COLUMNS)
    for clip in clips:
        source = clip.source
        times = read_frame_times(source.video, len(clip.learned))
        for first, end, code in runs_of(clip.learned):
            if code != NONE_CODE:
                start_s = times.starts_s[first]
                seconds = (f"{start_s:.3f}", f"{times.ends_s[end - 1] - start_s:.3f}")
                named = (source.name, source.animal, source.strain, BEHAVIORS[code])
                writer.writerow((*named, first, end, *seconds))
    return text.getvalue()
