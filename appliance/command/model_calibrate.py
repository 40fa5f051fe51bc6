"""`ethoprofiler model calibrate`: confidences that fit, labels that stay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.model_folder import find_model
from appliance.model_writer import check_output
from appliance.torch_requirement import torch_required
from inference.error import InferenceError, ModelError
from inference.evaluate.protocol import EVALUATION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inference.classifier import Classifier
    from inference.evaluate.prediction_file import PredictionFile
    from inference.evaluate.temperature import TemperatureScaling


@click.command(short_help="Make a model's confidences fit what it gets right.")
@click.argument("name", metavar="MODEL")
@click.option(
    "--predictions",
    "files",
    multiple=True,
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Of this model, or of the folds it was made like; repeatable.",
)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Model file.")
def calibrate(name: str, files: tuple[Path, ...], output: Path) -> None:
    """Write the model again with the temperature that its predictions ask for.

    Confidences change, labels do not. What it brings is judged animal by animal, each with the
    temperature that fits the others. The card tells of what predictions it is.
    """
    with torch_required():  # lazy imports, here and below: writing a model file takes torch
        from inference.train.card_change import write_with_card
    from inference.classifier import Classifier
    from inference.evaluate.pooling import shared_facts
    from inference.evaluate.prediction_file import read_predictions
    from inference.evaluate.temperature import HIGHEST, LOWEST, temperature_scaling

    try:
        check_output(output)
        path = find_model(name)
        classifier = Classifier(path, "cpu")
        folds = [read_predictions(file) for file in files]
        for fold in folds:
            _check_model(classifier, fold)
        protocol, _ = shared_facts(folds)
        scaling = temperature_scaling([clip for fold in folds for clip in fold.predictions])
        before = classifier.card.temperature if protocol == EVALUATION else 1.0
        temperature = min(HIGHEST, max(LOWEST, before * scaling.temperature))
        origin = _origin(temperature, protocol, folds, scaling)
        provenance = f"{classifier.card.provenance} {origin}".strip()
        changes = {"temperature": temperature, "provenance": provenance}
        write_with_card(path, classifier.card.model_copy(update=changes), output)
    except InferenceError as error:
        raise click.ClickException(str(error)) from error
    click.echo(_sentence(output, temperature, scaling))


def _check_model(classifier: Classifier, file: PredictionFile) -> None:
    """Refuse predictions of another model, or of folds of another network; raises ModelError."""
    card, about = classifier.card, file.about
    if about.protocol == EVALUATION:
        fits = about.model == classifier.identity()
    else:
        # A fold names its network and the digest of its weights, a training the model it wrote.
        fits = about.model.split("@")[0] in (card.network, f"{card.name} {card.version}")
    if not fits:
        raise ModelError(
            f"the predictions are of {about.model}, the model is {classifier.identity()} "
            f"({card.network}): a temperature fits one model"
        )
    rate = card.preprocessing.frames_per_second
    if about.protocol != EVALUATION and about.frames_per_second != rate:
        raise ModelError(
            f"the predictions are of networks for {about.frames_per_second:g} frames a second, "
            f"the model is for {rate}: a temperature fits one model"
        )


def _origin(
    temperature: float,
    protocol: str,
    files: Sequence[PredictionFile],
    scaling: TemperatureScaling,
) -> str:
    """Return for the card what the temperature was fitted on."""
    return (
        f"Temperature {temperature:.3f} fitted on {len(files)} files of predictions ({protocol}) "
        f"of animals {', '.join(sorted(scaling.by_animal))}, {scaling.before.frames:,} frames."
    )


def _sentence(output: Path, temperature: float, scaling: TemperatureScaling) -> str:
    before, after = scaling.before, scaling.after
    fitted = scaling.by_animal.values()
    return (
        f"{output}: temperature {temperature:.3f} ({min(fitted):.3f} to {max(fitted):.3f} with an "
        f"animal left out)\nexpected calibration error on animals left out: "
        f"{before.expected_error:.2%} before, {after.expected_error:.2%} after; "
        f"negative log likelihood {before.negative_log_likelihood:.3f} before, "
        f"{after.negative_log_likelihood:.3f} after ({before.frames:,} frames, "
        f"{len(scaling.by_animal)} animals)"
    )
