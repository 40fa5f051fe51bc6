"""A cross-validation: what it is of, all its folds, their report."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from appliance.cache_folder import cache_folder
from appliance.fold_screen import FoldScreen
from appliance.instance_lock import AlreadyRunning, InstanceLock
from appliance.model_evaluation import SOFTWARE, about_report
from inference.error import DataSetError, EvaluationError, TrainingError
from inference.evaluate.fold_file import FOLDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from appliance.training_options import TrainingOptions
    from inference.dataset.inspection import Inspection
    from inference.evaluate.fold import Fold, ProtocolName
    from inference.evaluate.fold_file import FoldList
    from inference.evaluate.report import Report
    from inference.preprocessing import Preprocessing
    from inference.train.fold_run import FoldTask
    from inference.train.plan import Plan

_LOCK: Final = "lock"


@dataclass(frozen=True, slots=True)
class Draw:
    """How folds are drawn."""

    protocol: ProtocolName
    seed: int
    repeats: int | None
    share: float | None


def draw_folds(inspection: Inspection, draw: Draw) -> list[Fold]:
    """Return the folds; raises DataSetError if one would be judged by what it never learns."""
    from inference.evaluate.fold import folds_of, lacking_behaviors

    behaviors = {
        clip.source.name: {int(code) for code in clip.counts.nonzero()[0]}
        for clip in inspection.clips
    }
    clips = [clip.source for clip in inspection.clips]
    folds = folds_of(draw.protocol, clips, draw.seed, draw.repeats, draw.share, behaviors)
    for fold in folds:
        if lacking := lacking_behaviors(fold, behaviors):
            raise DataSetError(
                f"fold {fold.name} would learn no {' and no '.join(lacking)}, "
                "which only its held-out clips show"
            )
    return folds


@contextmanager
def claimed(out: Path, wanted: FoldList) -> Iterator[None]:
    """Make `out` the folder of these folds, or see that it is; keep other processes out of it.

    Raises EvaluationError.
    """
    from inference.evaluate.fold_file import claim

    try:
        lock = InstanceLock(out / _LOCK)
    except AlreadyRunning as error:
        raise EvaluationError(f"{out}: another process is cross-validating there") from error
    except OSError as error:
        raise EvaluationError(f"{out} is not a folder for files: {error.strerror}") from error
    with lock:
        claim(out, wanted)
        yield


def list_of(
    inspection: Inspection, draw: Draw, folds: Sequence[Fold], plan: Plan, spec: Preprocessing
) -> FoldList:
    """Return what `folds.json` will say."""
    from inference.evaluate.fold_file import FoldList, listed

    return FoldList(
        protocol=draw.protocol,
        layout=inspection.data_set.layout.value,
        frames_per_second=spec.frames_per_second,
        plan=plan.model_dump(mode="json"),
        folds=listed(folds),
    )


def refuse_other_folds(
    folds: Sequence[Fold], inspection: Inspection, spec: Preprocessing, out: Path
) -> None:
    """Raise InferenceError, naming what differs, if a finished fold is of other clips."""
    from inference.train.clip_list import listed_clips
    from inference.train.finished_fold import is_finished, refuse_other_fold

    folders = {out / FOLDS / fold.name: fold for fold in folds}
    finished = [folder for folder in folders if is_finished(folder)]
    if not finished:
        return
    clips = listed_clips((clip.source, clip.frames) for clip in inspection.clips)
    for folder in finished:
        refuse_other_fold(folder, folders[folder], clips, spec)


def tasks_of(
    folds: Sequence[Fold],
    draw: Draw,
    plan: Plan,
    spec: Preprocessing,
    out: Path,
    options: TrainingOptions,
) -> dict[str, FoldTask]:
    """Return what a process needs for each fold that is not finished, by name."""
    from inference.train.finished_fold import is_finished
    from inference.train.fold_run import FoldTask

    return {
        fold.name: FoldTask(
            fold=fold,
            protocol=draw.protocol,
            plan=plan,
            spec=spec,
            folder=out.resolve() / FOLDS / fold.name,
            cache=cache_folder(options.cache).resolve(),
            device=options.device,
            teacher=options.teacher.resolve() if options.teacher else None,
            validation_stacks=options.validation_stacks,
            software=SOFTWARE,
        )
        for fold in folds
        if not is_finished(out / FOLDS / fold.name)
    }


def refuse_little_room(tasks: Mapping[str, FoldTask], out: Path) -> None:
    """Raise TrainingError if the folds' epochs will not fit on the disk of `out`."""
    from inference.train.fold_run import bytes_to_write

    needed = sum(map(bytes_to_write, tasks.values()))
    free = shutil.disk_usage(out).free
    if needed > free:
        raise TrainingError(
            f"{out} has {free / 1e9:.1f} GB free, the epochs of {len(tasks)} folds "
            f"take {needed / 1e9:.1f} GB"
        )


def run_tasks(tasks: Mapping[str, FoldTask], jobs: int, scheduler: str | None) -> dict[str, str]:
    """Do the folds, showing how far they are; return why some failed, by name."""
    from inference.train.fold_cluster import run_folds
    from inference.train.fold_run import run_fold

    if not tasks:
        return {}
    epochs = next(iter(tasks.values())).plan.epochs
    with FoldScreen({name: task.folder for name, task in tasks.items()}, epochs) as screen:
        return run_folds(
            run_fold,
            tasks,
            jobs=min(jobs, len(tasks)),
            scheduler=scheduler,
            finished=screen.finish,
            waiting=screen.look,
        )


def report_on(out: Path, folds: Sequence[Fold], inspection: Inspection, plan: Plan) -> Report:
    """Write the report of finished folds and return it; raises EvaluationError, OSError."""
    from inference.evaluate.prediction_file import FILE_NAME, read_predictions
    from inference.evaluate.report_building import build_report
    from inference.evaluate.report_folder import write_report

    found = [read_predictions(out / FOLDS / fold.name / FILE_NAME) for fold in folds]
    about = about_report(inspection.data_set, None)
    about = about.model_copy(update={"plan": plan.model_dump(mode="json")})
    report = build_report(found, about)
    write_report(out, report)
    return report
