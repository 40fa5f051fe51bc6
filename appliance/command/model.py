"""`ethoprofiler model`: model files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.table import Table

from appliance.command.model_calibrate import calibrate
from appliance.command.model_quantize import quantize
from appliance.model_folder import MODEL_SUFFIX, find_model, shipped_models
from appliance.model_writer import check_output, write_model
from appliance.terminal import output_width
from appliance.torch_requirement import torch_required
from inference.error import InferenceError

if TYPE_CHECKING:
    from inference.classifier import Classifier

_VERIFIED_STACKS: Final = 16
_AUTHORS: Final = "Weights published by the authors of DeepEthoProfile (Zenodo 14827053)."


@click.group()
def model() -> None:
    """List, inspect, import, export, verify, calibrate and quantize model files."""


for _command in (calibrate, quantize):
    model.add_command(_command)


@model.command("list")
@click.option("--folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, nothing else.")
def list_models(folder: Path | None, as_json: bool) -> None:
    """List the models that come with the program, and those of a folder."""
    rows = []
    for path in [*shipped_models(), *(sorted(folder.glob(f"*{MODEL_SUFFIX}")) if folder else [])]:
        try:
            rows.append(_describe(path))
        except InferenceError as error:
            rows.append({"file": str(path), "error": str(error)})
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    table = Table("name", "version", "network", "M mult./stack", "macro")
    table.add_column("file", overflow="fold")
    for row in rows:
        table.add_row(*_cells(row))
    _print(table)


@model.command()
@click.argument("name", metavar="MODEL")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, nothing else.")
def show(name: str, as_json: bool) -> None:
    """Show the card of a model: what it is, who made it, how good it is."""
    try:
        card = _describe(find_model(name))
    except InferenceError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(card, indent=2))
        return
    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for key, value in card.items():
        table.add_row(key, value if isinstance(value, str) else json.dumps(value))
    _print(table)


@model.command("import")
@click.argument("weights", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--output", required=True, type=click.Path(path_type=Path))
@click.option("--name", help="The model's name on its card.  [default: the output's]")
@click.option("--provenance", default=_AUTHORS, show_default=True)
@click.option("--license", "license_", default="see the source of the weights", show_default=True)
def import_weights(
    weights: Path, output: Path, name: str | None, provenance: str, license_: str
) -> None:
    """Turn the weights that the paper's authors published into a model file.

    FILE is a PyTorch state dict, or a checkpoint that holds one. Code in it is never run.
    """
    with torch_required():  # lazy imports: torch is heavy and optional
        from inference.train.export import Attribution, check_attribution
        from inference.train.weights import load_weights
    attribution = Attribution(name or output.stem, "1", provenance, license_)
    try:
        check_output(output)
        check_attribution(attribution)
        click.echo(write_model(load_weights(weights), attribution, output))
    except InferenceError as error:
        raise click.ClickException(str(error)) from error


@model.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--output", required=True, type=click.Path(path_type=Path))
@click.option("--name", help="The model's name on its card.  [default: the output's]")
@click.option("--model-version", default="1", show_default=True)
@click.option("--provenance", default="Trained by `ethoprofiler train`.", show_default=True)
@click.option("--license", "license_", default="not stated", show_default=True)
@click.option(
    "--evaluation",
    "report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The report.json of a cross-validation with the same plan: its figures go on the card.",
)
def export(
    checkpoint: Path,
    output: Path,
    name: str | None,
    model_version: str,
    provenance: str,
    license_: str,
    report: Path | None,
) -> None:
    """Turn a checkpoint of `ethoprofiler train` into a model file.

    Its card has the figures of the animals that were held out when the checkpoint was written, or
    those of a cross-validation whose networks were trained alike, but for the number of threads.
    """
    with torch_required():  # lazy imports: torch is heavy and optional
        from inference.evaluate.card_figures import card_figures, card_sentence
        from inference.evaluate.report_folder import read_report
        from inference.train.export import Attribution
        from inference.train.trained_alike import check_trained_alike
        from inference.train.weights import load_checkpoint
    try:
        check_output(output)
        held = load_checkpoint(checkpoint)
        evaluation = held.evaluation
        if report is not None:
            found = read_report(report)
            provenance = f"{provenance} {card_sentence(found)}".strip()
            check_trained_alike(held, checkpoint, found)
            evaluation = card_figures(found)
        attribution = Attribution(
            name or output.stem, model_version, provenance, license_, evaluation
        )
        click.echo(write_model(held.network, attribution, output, held.spec))
    except InferenceError as error:
        raise click.ClickException(str(error)) from error


@model.command()
@click.argument("name", metavar="MODEL")
def verify(name: str) -> None:
    """Check a model: its seal, its card, that it runs, and that it always answers the same."""
    # Lazy imports: ONNX Runtime costs half a second for every `--help`.
    from inference.determinism import check_determinism, random_stacks

    try:
        classifier = _open(find_model(name))
        card = classifier.card
        click.echo(f"OK seal         {classifier.seal}")
        click.echo(f"OK card         {card.name} {card.version}, {card.network}")
        click.echo(f"OK graph        loads on {classifier.device}")
        shape = " x ".join(map(str, (card.batch, *card.preprocessing.stack_shape)))
        click.echo(f"OK shapes       {shape} -> {card.batch} x {len(card.behaviors)}")
        for stack in random_stacks(_VERIFIED_STACKS, card.preprocessing.stack_shape, seed=1):
            classifier.probabilities(stack[None])
        click.echo(f"OK logits       finite numbers for {_VERIFIED_STACKS} random stacks")
        check_determinism(classifier)
        click.echo(f"OK determinism  bit for bit at {_places(card.batch)}, again and again")
    except InferenceError as error:
        raise click.ClickException(str(error)) from error


def _open(path: Path) -> Classifier:
    from inference.classifier import Classifier  # lazy: ONNX Runtime costs half a second

    return Classifier(path, "cpu")


def _describe(path: Path) -> dict[str, object]:
    classifier = _open(path)
    return {"file": str(path), "seal": classifier.seal} | classifier.card.model_dump(mode="json")


def _print(table: Table) -> None:
    Console(highlight=False, markup=False, width=output_width()).print(table)


def _places(batch: int) -> str:
    return "the one place of a batch" if batch == 1 else f"all {batch} places of a batch"


def _cells(row: dict[str, object]) -> list[str]:
    if "error" in row:
        return ["", "", "", "", "", str(row["error"])]
    multiplications, evaluation = row["multiplications"], row["evaluation"]
    assert isinstance(multiplications, int)
    assert isinstance(evaluation, dict)
    macro = evaluation.get("macro_accuracy")
    return [
        str(row["name"]),
        str(row["version"]),
        str(row["network"]),
        f"{multiplications / 1e6:,.0f}",
        "" if macro is None else f"{macro:.1%}",
        str(row["file"]),
    ]
