"""`ethoprofiler model quantize`: a model in integers, proven before it is written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.cache_folder import cache_folder, cache_option
from appliance.model_folder import find_model
from appliance.model_writer import check_output
from appliance.torch_requirement import torch_required
from disk.durable_file import part_path, publish
from inference.error import DataSetError, InferenceError, ModelError

if TYPE_CHECKING:
    from appliance.quantized_model import Loss
    from inference.classifier import Classifier
    from inference.dataset.source import DataSet
    from inference.model_card import ModelCard
    from inference.train.dataset import Split

_PER_BEHAVIOR = 40
"""Stacks by which ranges are measured; more than this changes no range by a percent."""


@click.command(short_help="Make a model of 8 bit integers, if it stays good.")
@click.argument("name", metavar="MODEL")
@click.option(
    "--calibration",
    "data_set",
    required=True,
    type=click.Path(path_type=Path),
    help="Annotated clips: ranges are measured on some animals, the loss on the others.",
)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Model file.")
@click.option("--held-out", multiple=True, metavar="NN", help="Animal to judge by; repeatable.")
@click.option(
    "--least-agreement",
    type=click.FloatRange(0, 1),
    default=0.98,
    show_default=True,
    help="Share of the frames that must keep their label, else nothing is written.",
)
@cache_option
def quantize(
    name: str,
    data_set: Path,
    output: Path,
    held_out: tuple[str, ...],
    least_agreement: float,
    cache: Path | None,
) -> None:
    """Write an `ethocnn-lite` model again with weights and activations of 8 bits.

    Agreement of the labels, accuracy and speed are measured on animals that gave no ranges, and
    printed. The model may have learned from them: they tell what 8 bits change, not how good it
    is, so the card keeps its figures. It says int8; `model verify` passes or nothing is written.
    """
    with torch_required():  # lazy imports, here and below: torch is heavy and optional
        from inference.train.quantization import check_quantizable
    from inference.classifier import Classifier
    from inference.dataset.opening import open_data_set

    try:
        check_output(output)
        path = find_model(name)
        old = Classifier(path, "cpu")
        check_quantizable(path, old.card)
        bands = cache_folder(cache)
        split = _load(open_data_set(data_set), bands, old, held_out)
        loss = _write(path, old, split, bands, output, least_agreement)
    except InferenceError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror or error}") from error
    click.echo(f"{output}: {_text(loss)}")


def _load(found: DataSet, cache: Path, classifier: Classifier, held_out: tuple[str, ...]) -> Split:
    from inference.train.dataset import load_clips, split_by_animal

    faults = [fault for fault in found.faults if not fault.is_remark]
    if faults:
        raise DataSetError(f"{faults[0].path} {faults[0].text}: see `ethoprofiler dataset check`")
    clips = load_clips(found.clips, cache, classifier.card.preprocessing)
    split = split_by_animal(clips, held_out)
    if not any(clip.truth is not None for clip in split.held_out):
        raise DataSetError("no held out clip has an annotation that a model may be judged by")
    return split


def _write(
    path: Path, old: Classifier, split: Split, cache: Path, output: Path, least_agreement: float
) -> Loss:
    """Write the new model beside its final place, and give it its name if it is good enough."""
    from appliance.quantized_model import loss_of, speed_ratio
    from inference.classifier import Classifier
    from inference.determinism import check_determinism
    from inference.evaluate.judging import judge_clips
    from inference.train.calibration_stack import draw_stacks
    from inference.train.card_change import write_with_card
    from inference.train.quantization import quantize as write_quantized

    length = old.card.preprocessing.stack_length
    stacks = draw_stacks(split.training, length, _PER_BEHAVIOR)
    part = part_path(output)
    threads = len(os.sched_getaffinity(0))
    try:
        write_quantized(path, old.card, stacks, part)
        new = Classifier(part, "cpu")
        check_determinism(new)
        judged = [clip.source for clip in split.held_out]
        before, after = (
            list(judge_clips(classifier, judged, cache, threads, lambda _done, _all: None))
            for classifier in (old, new)
        )
        loss = loss_of(before, after, speed_ratio(old, new, stacks))
        if loss.agreement < least_agreement:
            raise ModelError(
                f"{output} was not written: {_text(loss)}; "
                f"{least_agreement:.1%} of the labels must stay (--least-agreement)"
            )
        write_with_card(part, _card(new, old, split, len(stacks), output.stem, loss), part)
        publish(part, output)
    finally:
        part.unlink(missing_ok=True)
    return loss


def _card(
    new: Classifier, old: Classifier, split: Split, stacks: int, name: str, loss: Loss
) -> ModelCard:
    mice = sorted({clip.source.animal for clip in split.held_out})
    origin = (
        f"Quantized from {old.identity()} with {stacks} stacks of animals "
        f"{', '.join(sorted({clip.source.animal for clip in split.training}))}; the card's figures "
        f"are from before that; on animals {', '.join(mice)}, which gave no ranges but may have "
        f"been learned from: {_text(loss)}."
    )
    return new.card.model_copy(
        update={
            "name": name,
            "provenance": f"{old.card.provenance} {origin}".strip(),
        }
    )


def _text(loss: Loss) -> str:
    return (
        f"{loss.agreement:.2%} of {loss.frames:,} labels as before; frame accuracy "
        f"{loss.before.frame_accuracy:.1%} before, {loss.after.frame_accuracy:.1%} after, macro "
        f"{loss.before.macro_accuracy:.1%} before, {loss.after.macro_accuracy:.1%} after; "
        f"{loss.speed:.2f} x the speed on this machine"
    )
