"""`ethoprofiler model calibrate`: confidences that fit, labels that stay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.model_folder import find_model
from appliance.model_writer import check_output
from appliance.torch_requirement import torch_required
from inference.error import EvaluationError, InferenceError, ModelError

if TYPE_CHECKING:
    from inference.classifier import Classifier
    from inference.evaluate.prediction_file import PredictionFile
    from inference.evaluate.temperature import TemperatureScaling

_EVALUATION = "evaluate"
"""Protocol of predictions that a model file made, not networks of folds."""


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
    temperature that fits the others.
    """
    with torch_required():  # lazy imports, here and below: writing a model file takes torch
        from inference.train.card_change import write_with_card
    from inference.classifier import Classifier
    from inference.evaluate.prediction_file import read_predictions
    from inference.evaluate.temperature import HIGHEST, LOWEST, temperature_scaling

    try:
        check_output(output)
        path = find_model(name)
        classifier = Classifier(path, "cpu")
        folds = [read_predictions(file) for file in files]
        before = _temperature_of(classifier, folds)
        scaling = temperature_scaling([clip for fold in folds for clip in fold.predictions])
        temperature = min(HIGHEST, max(LOWEST, before * scaling.temperature))
        card = classifier.card.model_copy(update={"temperature": temperature})
        write_with_card(path, card, output)
    except InferenceError as error:
        raise click.ClickException(str(error)) from error
    click.echo(_sentence(output, temperature, scaling))


def _temperature_of(classifier: Classifier, folds: list[PredictionFile]) -> float:
    """Return the temperature that the predictions were made with; refuse another model's."""
    models = {fold.about.model for fold in folds if fold.about.protocol == _EVALUATION}
    if not models:
        return 1.0
    if others := sorted(models - {classifier.identity()}):
        raise ModelError(
            f"the predictions are of {others[0]}, the model is {classifier.identity()}: "
            "a temperature fits one model"
        )
    if len({fold.about.protocol for fold in folds}) > 1:
        raise EvaluationError("some predictions are of the model, some of folds: give one kind")
    return classifier.card.temperature


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
