"""One training, from a data set to a model file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Final

import click

from appliance.cache_folder import cache_folder
from appliance.model_writer import check_output, write_model
from appliance.training_card import has_figures, held_out_in, summary_of
from appliance.training_clips import check_clips, load, open_clips
from appliance.training_plan import make_plan
from appliance.training_screen import TrainingScreen
from disk.durable_file import part_path
from inference.dataset.band_cache import is_cached
from inference.dataset.inspection import ClipGroup
from inference.error import TrainingError
from inference.evaluate.prediction_file import FILE_NAME, PredictionsAbout, write_predictions
from inference.preprocessing import Preprocessing
from inference.train.dataset import Split, choose_held_out, split_by_animal
from inference.train.export import Attribution, check_attribution
from inference.train.loop import train
from inference.train.process_group import Processes, joined_processes
from inference.train.progress import Trained, Watch
from inference.train.run_folder import refuse_other_plan
from inference.train.shard import own_shards
from inference.train.teacher import open_teacher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from appliance.stop_request import StopRequest
    from appliance.training_options import TrainingOptions
    from inference.dataset.source import DataSet
    from inference.evaluate.prediction import ClipPrediction
    from inference.train.plan import Plan

_NOBODY: Final = ("none",)
_PROTOCOL: Final = "held-out animals"


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """What a person wants trained, and where it goes."""

    data_set: Path
    run: Path
    held_out: tuple[str, ...]
    options: TrainingOptions
    attribution: Attribution
    output: Path


def run_training(order: TrainingOrder, stop: StopRequest) -> None:
    """Check, decode, train and write; all processes of a training call it.

    Raises InferenceError; TrainingStopped if a signal came and the state is saved.
    """
    check_output(order.output)
    check_attribution(order.attribution)
    with joined_processes(order.options.device) as processes:
        _prepare(order.run)
        plan = make_plan(order.options, order.run)
        refuse_other_plan(order.run, plan)
        own_shards(plan.shards, processes.rank, processes.count)
        open_teacher(plan, order.options.teacher)  # opened again when it is to teach
        spec = Preprocessing(frames_per_second=order.options.frames_per_second)
        data_set = open_clips(order.data_set, order.options)
        cache = cache_folder(order.options.cache)
        if not all(is_cached(clip, cache, spec) for clip in data_set.clips):
            _prepare(cache)
        processes.first_does(partial(_check, order, data_set, stop))
        split = _split(order, data_set, spec, stop)
        trained = _train(order, split, plan, spec, processes, stop)
        if processes.is_first:
            _write(order, split, plan, spec, trained)


def _check(
    order: TrainingOrder, data_set: DataSet, stop: StopRequest, tell_others: Callable[[], None]
) -> None:
    """Refuse what cannot be trained, as far as it is known before anything is decoded."""

    def goes_on() -> None:
        tell_others()
        stop.raise_if_wanted("while the data set was checked")

    found = check_clips(data_set, order.options, goes_on)
    if order.held_out == _NOBODY:
        return
    left_out = choose_held_out(data_set.clips, order.held_out)
    learned = ClipGroup(
        "", tuple(clip for clip in found.clips if clip.source.animal not in left_out)
    )
    if learned.missing:
        raise TrainingError(
            f"without animal {', '.join(sorted(left_out))} the data set shows no "
            f"{', no '.join(learned.missing)}: a network learns all eight"
        )


def _split(
    order: TrainingOrder, data_set: DataSet, spec: Preprocessing, stop: StopRequest
) -> Split:
    goes_on = partial(stop.raise_if_wanted, "while the clips were decoded")
    clips = load(data_set.clips, order.options, spec, goes_on)
    if order.held_out == _NOBODY:
        return Split(tuple(clips), ())
    return split_by_animal(clips, order.held_out)


def _train(
    order: TrainingOrder,
    split: Split,
    plan: Plan,
    spec: Preprocessing,
    processes: Processes,
    stop: StopRequest,
) -> Trained:
    with TrainingScreen(plan, is_shown=processes.is_first) as screen:
        screen.tell(f"{len(split.training)} clips to learn from, held out: {held_out_in(split)}")
        if split.held_out and not has_figures(split):
            screen.tell("no figures: nothing that is held out has an annotation to judge by")
        watch = Watch(
            report=screen.show,
            tell=screen.tell,
            is_stop_wanted=stop.is_wanted,
            validation_stacks=order.options.validation_stacks,
        )
        return train(
            split,
            plan,
            spec,
            order.run,
            processes=processes,
            teacher=order.options.teacher,
            watch=watch,
        )


def _write(
    order: TrainingOrder, split: Split, plan: Plan, spec: Preprocessing, trained: Trained
) -> None:
    """Write the predictions of the held-out clips and the model file, and say so."""
    if trained.was_finished:
        click.echo(f"the training in {order.run} is finished: judged and written again")
    if trained.predictions:
        about = PredictionsAbout(
            model=f"{order.attribution.name} {order.attribution.version}",
            protocol=_PROTOCOL,
            created=datetime.now(UTC),
            software=version("ethoprofiler"),
            frames_per_second=spec.frames_per_second,
        )
        _keep(order.run / FILE_NAME, trained.predictions, about)
    figures = trained.figures
    attribution = replace(
        order.attribution,
        provenance=f"{order.attribution.provenance} {summary_of(split, plan)}".strip(),
        evaluation=figures.as_card() if figures else {},
    )
    written = write_model(trained.network.cpu(), attribution, order.output, spec)
    for behavior, recall in figures.recalls.items() if figures else ():
        click.echo(f"  {behavior:14} {recall:6.1%}")
    click.echo(written)


def _keep(path: Path, predictions: Sequence[ClipPrediction], about: PredictionsAbout) -> None:
    """Write predictions, whole or not at all; raises TrainingError."""
    try:
        write_predictions(path, predictions, about)
    except OSError as error:
        part_path(path).unlink(missing_ok=True)
        raise TrainingError(f"{path} cannot be written: {error.strerror}") from error


def _prepare(folder: Path) -> None:
    """Create a folder unless it is there, and a file in it to see that this works."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise TrainingError(f"{folder} is not a folder for files: {reason}") from error
