"""One training, from a data set to a model file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Final

import click

from appliance.cache_folder import cache_folder
from appliance.model_writer import check_output, write_model
from appliance.training_clips import check_clips, load, open_clips
from appliance.training_plan import make_plan
from appliance.training_screen import TrainingScreen
from inference.error import TrainingError
from inference.evaluate.prediction_file import FILE_NAME, PredictionsAbout, write_predictions
from inference.preprocessing import Preprocessing
from inference.train.dataset import Split, split_by_animal
from inference.train.export import Attribution, check_attribution
from inference.train.loop import train
from inference.train.process_group import Processes, joined_processes
from inference.train.progress import Trained, Watch
from inference.train.run_folder import refuse_other_plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from appliance.stop_request import StopRequest
    from appliance.training_options import TrainingOptions
    from inference.dataset.source import DataSet
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
        for folder in (cache_folder(order.options.cache), order.run):
            _prepare(folder)
        plan = make_plan(order.options, order.run)
        refuse_other_plan(order.run, plan)
        data_set = open_clips(order.data_set, order.options)
        processes.first_does(_checked(data_set, order.options))
        spec = Preprocessing(frames_per_second=order.options.frames_per_second)
        split = _split(order, data_set, spec)
        trained = _train(order, split, plan, spec, processes, stop)
        if processes.is_first:
            _write(order, split, plan, spec, trained)


def _checked(data_set: DataSet, options: TrainingOptions) -> Iterator[None]:
    check_clips(data_set, options)
    yield


def _split(order: TrainingOrder, data_set: DataSet, spec: Preprocessing) -> Split:
    clips = load(data_set.clips, order.options, spec)
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
        screen.tell(f"{len(split.training)} clips to learn from, held out: {_held_out(split)}")
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
        write_predictions(order.run / FILE_NAME, trained.predictions, about)
    figures = trained.figures
    attribution = replace(
        order.attribution,
        provenance=f"{order.attribution.provenance} {_summary(split, plan)}".strip(),
        evaluation=figures.as_card() if figures else {},
    )
    written = write_model(trained.network.cpu(), attribution, order.output, spec)
    for behavior, recall in figures.recalls.items() if figures else ():
        click.echo(f"  {behavior:14} {recall:6.1%}")
    click.echo(written)


def _prepare(folder: Path) -> None:
    """Create a folder unless it is there, and a file in it to see that this works."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise TrainingError(f"{folder} is not a folder for files: {reason}") from error


def _held_out(split: Split) -> str:
    animals = sorted({clip.source.animal for clip in split.held_out})
    return f"animal {', '.join(animals)}" if animals else "none"


def _summary(split: Split, plan: Plan) -> str:
    """Return for the card what the network learned from, and how."""
    learned = sorted({clip.source.animal for clip in split.training})
    figures = (
        f"the figures are of {_held_out(split)}, left out of training"
        if split.held_out
        else "no animal was left out"
    )
    return (
        f"Trained by `ethoprofiler train` on {len(split.training)} clips of animals "
        f"{', '.join(learned)}; {figures}; {plan.epochs} epochs, {plan.sampling} sampling, "
        f"minibatches of {plan.minibatch} stacks, {plan.optimizer} at {plan.rate:g}, "
        f"seed {plan.seed}{_taught(plan)}."
    )


def _taught(plan: Plan) -> str:
    if plan.distillation is None:
        return ""
    return f", taught by the network {plan.distillation.teacher[:12]}"
