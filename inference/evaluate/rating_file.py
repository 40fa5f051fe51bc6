"""Reading what several raters said: label files, reviews of a data set, tables of bouts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from glob import glob, has_magic
from pathlib import Path
from typing import Final

from inference.dataset.animal_table import ANIMAL_TABLE, read_animal_table
from inference.dataset.annotation import ENDINGS, AnnotationKind, kind_of
from inference.dataset.bout_table import RatedVideo, frames_of, read_bout_table
from inference.dataset.folder import files_of
from inference.error import EvaluationError
from inference.ethogram import BEHAVIORS, NONE_CODE
from inference.evaluate.rating import Rater, Ratings, list_names, pair_clips
from inference.label_file import read_codes

OTHER: Final = "other"
"""Frames without a bout of any name that counts."""
_LABEL_SUFFIX: Final = ".csv"


def read_label_raters(arguments: Sequence[str], frames_per_second: float) -> Ratings:
    """Read label files, one argument a rater: a file, a folder of files or a pattern.

    Files are paired by the clip in their names; if every argument is one file, they are of one
    clip whatever they are called. Raises EvaluationError, LabelFileError, DataSetError.
    """
    found = [_files_by_clip(argument) for argument in arguments]
    if all(Path(argument).is_file() for argument in arguments):
        clip = next(iter(found[0]))
        found = [{clip: next(iter(files.values()))} for files in found]
    raters = [
        Rater(name, {clip: read_codes(path) for clip, path in files.items()})
        for name, files in zip(_short_names(arguments), found, strict=True)
    ]
    clips, remarks = pair_clips(raters, _strains_of(Path(argument) for argument in arguments))
    return Ratings(
        raters=tuple(rater.name for rater in raters),
        names=BEHAVIORS,
        none_code=NONE_CODE,
        background_code=None,
        frames_per_second=frames_per_second,
        clips=clips,
        remarks=remarks,
    )


def read_reviews(folder: Path, frames_per_second: float) -> Ratings:
    """Read the initial annotations of a published data set and the latest review of each clip.

    Every clip is counted under its strain, if known, and under its review; only review 2 offered
    `none`. Raises EvaluationError, LabelFileError, DataSetError.
    """
    initial: dict[str, Path] = {}
    review: dict[str, Path] = {}
    for path in files_of(folder):
        if not any(path.name.lower().endswith(ending) for ending in ENDINGS.values()):
            continue
        clip, kind = clip_of(path), kind_of(path)
        if kind is AnnotationKind.INITIAL:
            initial[clip] = path
        elif clip not in review or kind is AnnotationKind.REVIEW_2:
            review[clip] = path
    if not review:
        raise EvaluationError(
            f"{folder} has no review, such as NAME{ENDINGS[AnnotationKind.REVIEW_1]}"
        )
    raters = [
        Rater("initial", {clip: read_codes(initial[clip]) for clip in initial if clip in review}),
        Rater("review", {clip: read_codes(path) for clip, path in review.items()}),
    ]
    clips, remarks = pair_clips(raters, _strains_of([folder]))
    kinds = {clip: kind_of(path) for clip, path in review.items()}
    without = [clip for clip in initial if clip not in review]
    return Ratings(
        raters=("initial", "review"),
        names=BEHAVIORS,
        none_code=NONE_CODE,
        background_code=None,
        frames_per_second=frames_per_second,
        clips=tuple(
            replace(
                clip,
                groups=(*clip.groups, str(kinds[clip.clip])),
                offers_none=kinds[clip.clip] is AnnotationKind.REVIEW_2,
            )
            for clip in clips
        ),
        remarks=(*remarks, *([f"clips without a review: {len(without)}"] if without else [])),
    )


def read_bout_raters(
    paths: Sequence[Path], frames_per_second: float, left_out: Sequence[str] = ()
) -> Ratings:
    """Read tables of bouts of any ethogram; frames without a bout are `other`.

    Bouts named in `left_out` count as not there. Raises EvaluationError, DataSetError.
    """
    videos = [_named(video, path) for path in paths for video in read_bout_table(path)]
    types = {bout.name for video in videos for bout in video.bouts}
    unknown = sorted(set(left_out) - types)
    if unknown:
        raise EvaluationError(
            f"there is no bout called {', '.join(unknown)}, only {', '.join(sorted(types))}"
        )
    names = sorted(types - set(left_out) - {OTHER})
    durations: dict[str, float] = {}
    for video in videos:
        durations[video.video] = max(durations.get(video.video, 0.0), video.duration_s)
    raters: dict[str, Rater] = {}
    for video in videos:
        rater = raters.setdefault(video.rater, Rater(video.rater, {}))
        if video.video in rater.codes:
            raise EvaluationError(f"{video.rater} labelled {video.video} in two tables")
        codes = frames_of(video.bouts, frames_per_second, durations[video.video], names)
        raters[video.rater] = Rater(video.rater, {**rater.codes, video.video: codes})
    clips, remarks = pair_clips([raters[name] for name in sorted(raters)])
    return Ratings(
        raters=tuple(sorted(raters)),
        names=(*names, OTHER),
        none_code=None,
        background_code=len(names),
        frames_per_second=frames_per_second,
        clips=clips,
        remarks=(*remarks, *(remark for video in videos for remark in video.remarks)),
    )


def is_bout_table(path: Path) -> bool:
    """Say whether a file's first line names the columns of a table of bouts."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            first = file.readline(4096).lower()
    except (OSError, UnicodeDecodeError):
        return False
    cells = {cell.strip(' "\n\r') for cell in first.replace("\t", ";").replace(",", ";").split(";")}
    return {"from", "to", "type"} <= cells


def clip_of(path: Path) -> str:
    """Return the clip that a label file's name speaks of."""
    for ending in ENDINGS.values():
        if path.name.lower().endswith(ending):
            return path.name[: -len(ending)]
    return path.stem


def _files_by_clip(argument: str) -> dict[str, Path]:
    path = Path(argument)
    if path.is_dir():
        paths = [each for each in files_of(path) if each.name != ANIMAL_TABLE]
    elif has_magic(argument) and not path.exists():
        found = glob(argument, recursive=True)  # noqa: PTH207 - absolute or not
        paths = [each for name in sorted(found) if (each := Path(name)).is_file()]
    else:
        return {clip_of(path): path}
    files: dict[str, Path] = {}
    for each in paths:
        if each.suffix.lower() != _LABEL_SUFFIX:
            continue
        other = files.setdefault(clip_of(each), each)
        if other is not each:
            raise EvaluationError(
                f"{argument} has two label files of one clip, {other.name} and {each.name}: "
                "say which with a quoted pattern such as 'FOLDER/*_map.csv'"
            )
    if not files:
        raise EvaluationError(f"{argument} has no label file (.csv)")
    return files


def _short_names(arguments: Sequence[str]) -> list[str]:
    """Return the last part of each argument, or the whole where those are alike."""
    names = [Path(argument).name for argument in arguments]
    short = list(arguments) if len(set(names)) < len(names) else names
    if len(set(short)) < len(short):
        raise EvaluationError(f"{list_names(short)}: the same is given twice")
    return short


def _strains_of(folders: Iterable[Path]) -> Callable[[str], str]:
    """Return what gives an animal's strain: the table in the first of the folders that has one."""
    for folder in folders:
        path = (folder if folder.is_dir() else folder.parent) / ANIMAL_TABLE
        if path.is_file():
            table = read_animal_table(path)
            if table.faults:
                raise EvaluationError(f"{path} {table.faults[0].text}")
            return lambda animal: table.strain_of(animal) or ""
    return lambda _: ""


def _named(video: RatedVideo, path: Path) -> RatedVideo:
    return video if video.rater else replace(video, rater=path.stem)
