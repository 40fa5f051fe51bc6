"""A data set in the published layout: clips under published names, `_map.csv` beside them."""

import csv
import io
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import av

from disk.durable_file import sync_to_disk, write_durably
from inference.dataset.animal_table import ANIMAL_TABLE, write_animal_table
from inference.dataset.export_clip import ExportedClip
from inference.dataset.frame_count import count_frames
from inference.dataset.published_name import SUFFIXES, PublishedName, parse_stem
from inference.error import DataSetError, VideoError
from inference.label_file import write_annotation

_INITIAL: Final = "_map.csv"
_REVIEW_2: Final = "_map_new_v2.csv"
"""Learned and never judged by, as in the published data set."""
_CLIP_TABLE: Final = "clips.csv"
_STAMP: Final = re.compile(r"(?<!\d)(?P<day>20\d{6})[_-]?(?P<time>[0-2]\d[0-5]\d)")
_LAST_ANIMAL: Final = 99
_FIRST_DAY: Final = date(2000, 1, 1)
_DAYS: Final = 9000
"""More recordings than these would reach our time."""


def write_published(clips: Sequence[ExportedClip], folder: Path) -> None:
    """Write clips into an empty folder; raises DataSetError or OSError.

    Videos are linked where the file system can, copied where not; those whose kind of file the
    layout does not know are put into Matroska, picture by picture the same. `clips.csv` says which
    clip is which, `animals.csv` the strains. What is no UTF-8 in a name is escaped.
    """
    names = published_names(clips)
    for clip in clips:
        name = names[clip.source.name]
        _write_video(clip, folder / name)
        stem = folder / Path(name).stem
        if clip.judged is not None:
            write_annotation(stem.with_name(stem.name + _INITIAL), clip.judged)
        if clip.judged is not clip.learned:
            write_annotation(stem.with_name(stem.name + _REVIEW_2), clip.learned)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(("clip", "original", "animal", "recording", "video"))
    for clip in clips:
        source = clip.source
        name = names[source.name]
        writer.writerow((name, source.name, source.animal, source.recording, source.video))
    write_durably(folder / _CLIP_TABLE, text.getvalue().encode(errors="backslashreplace"))
    strains = {names[clip.source.name][:2]: clip.source.strain for clip in clips}
    if any(strains.values()):
        write_animal_table(folder / ANIMAL_TABLE, strains)


def published_names(clips: Sequence[ExportedClip]) -> dict[str, str]:
    """Return the file name of each clip, by the clip's own name; raises DataSetError.

    A published name stays if its number is that of the clip's animal; its count is made right. Else
    the animal is its two-digit number, or one that its clips' names say, or the next that is free;
    the recording its day and time if its name has them, else a day in 2000 that stands for it; the
    start counts the clips of the recording before it.
    """
    numbers = _animal_numbers(clips)
    kept = _kept_names(clips, numbers)
    taken = {name.recording for name in kept.values()}
    recordings: dict[tuple[str, str], str] = {}
    ends: dict[tuple[str, str], int] = {}
    names: dict[str, str] = {}
    for clip in sorted(clips, key=lambda clip: clip.source.name):
        source = clip.source
        key = (source.animal, source.recording)
        if told := kept.get(source.name):
            stem = f"{told.recording}_s{told.first}"
        else:
            if key not in recordings:
                recordings[key] = _recording(numbers[source.animal], source.recording, taken)
                taken.add(recordings[key])
            first = ends.get(key, 0)
            ends[key] = first + len(clip.learned)
            stem = f"{recordings[key]}_s{first}"
        suffix = source.video.suffix.lower()
        suffix = suffix if suffix in SUFFIXES else ".mkv"
        names[source.name] = f"{stem}_n{len(clip.learned)}{suffix}"
    if len({Path(name).stem for name in names.values()}) != len(names):
        raise DataSetError("two clips would have the same published name")
    return names


def _kept_names(
    clips: Sequence[ExportedClip], numbers: Mapping[str, str]
) -> dict[str, PublishedName]:
    """Return what the names that stay say: those of the right animal and recording."""
    told = ((clip.source, parse_stem(clip.source.name)) for clip in clips)
    return {
        source.name: name
        for source, name in told
        if name is not None
        and (name.animal, name.recording) == (numbers[source.animal], source.recording)
    }


def _animal_numbers(clips: Sequence[ExportedClip]) -> dict[str, str]:
    """Return the two digits of each animal, no two alike; raises DataSetError if there are none."""
    animals = sorted({clip.source.animal for clip in clips})
    if len(animals) > _LAST_ANIMAL:
        raise DataSetError(f"{len(animals)} animals: the published layout has room for 99")
    numbers = {animal: animal for animal in animals if re.fullmatch(r"(?!00)[0-9]{2}", animal)}
    for clip in sorted(clips, key=lambda clip: clip.source.name):
        told = parse_stem(clip.source.name)
        if told is not None and told.animal not in numbers.values():
            numbers.setdefault(clip.source.animal, told.animal)
    free = (f"{number:02}" for number in range(1, _LAST_ANIMAL + 1))
    unused = iter([number for number in free if number not in numbers.values()])
    return {animal: numbers.get(animal) or next(unused) for animal in animals}


def _recording(number: str, recording: str, taken: set[str]) -> str:
    """Return `NN_YYYYMMDD_HHMM` of a recording, none that is taken."""
    stamp = _STAMP.search(recording)
    wanted = [f"{number}_{stamp['day']}_{stamp['time']}"] if stamp else []
    days = (f"{number}_{_FIRST_DAY + timedelta(days=day):%Y%m%d}_0000" for day in range(_DAYS))
    for name in (*wanted, *days):
        if name not in taken and _exists(name):
            return name
    raise DataSetError(f"more than {_DAYS} recordings have no day in their names")


def _exists(recording: str) -> bool:
    try:
        return parse_stem(f"{recording}_s0_n1") is not None
    except DataSetError:
        return False


def _write_video(clip: ExportedClip, path: Path) -> None:
    video = clip.source.video.resolve()
    if path.suffix != clip.source.video.suffix.lower():
        _put_into_matroska(video, path, len(clip.learned))
    else:
        try:
            os.link(video, path)
        except OSError:  # another file system, or one without links
            shutil.copyfile(video, path)
    sync_to_disk(path)


def _put_into_matroska(video: Path, path: Path, frames: int) -> None:
    """Copy a video's packets; raises DataSetError if not every frame arrives."""
    try:
        with av.open(f"file:{video}") as source, av.open(f"file:{path}", "w") as target:
            stream = source.streams.video[0]
            copied = target.add_stream_from_template(stream)
            for packet in source.demux(stream):
                if packet.size:
                    packet.stream = copied
                    target.mux(packet)
        arrived = count_frames(path).frames
    except (av.error.FFmpegError, ValueError, VideoError) as error:
        raise DataSetError(f"{video} cannot be put into Matroska: {error}") from error
    if arrived != frames:
        raise DataSetError(f"{video} put into Matroska has {arrived} frames, not {frames}")
