"""`ethoprofiler model`: model files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.table import Table

from appliance.model_folder import MODEL_SUFFIX, find_model, shipped_models
from inference.durable_file import part_path, publish
from inference.error import InferenceError

if TYPE_CHECKING:
    from inference.classifier import Classifier
    from inference.train.network import Network

_MISSING_TORCH: Final = "this needs PyTorch: install `ethoprofiler[train]`"
_PIPED_WIDTH: Final = 120
_PARITY_STACKS: Final = 32
_LARGEST_DIFFERENCE: Final = 1e-3
"""Of a log probability between a network and its model file; float32 alone gives about 1e-5."""
_AUTHORS: Final = "Weights published by the authors of DeepEthoProfile (Zenodo 14827053)."


class _ModelPath(click.ParamType[Path]):
    name = f"FILE{MODEL_SUFFIX}"

    def convert(
        self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        path = Path(value)
        if path.suffix != MODEL_SUFFIX:
            self.fail(f"{path} does not end in {MODEL_SUFFIX}", param, ctx)
        if path.is_dir() or not path.resolve().parent.is_dir():
            self.fail(f"{path} cannot be a file there", param, ctx)
        return path


@click.group()
def model() -> None:
    """List, inspect, import, export and verify model files."""


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
@click.option("--output", required=True, type=_ModelPath())
@click.option("--name", help="The model's name on its card.  [default: the output's]")
@click.option("--provenance", default=_AUTHORS, show_default=True)
@click.option("--license", "license_", default="see the source of the weights", show_default=True)
def import_weights(
    weights: Path, output: Path, name: str | None, provenance: str, license_: str
) -> None:
    """Turn the weights that the paper's authors published into a model file.

    FILE is a PyTorch state dict, or a checkpoint that holds one. Code in it is never run.
    """
    try:
        from inference.train.weights import load_weights  # lazy: torch is heavy and optional
    except ModuleNotFoundError as error:
        raise click.ClickException(_MISSING_TORCH) from error
    try:
        network = load_weights(weights)
        _write(network, output, (name or output.stem, "1", provenance, license_), {})
    except InferenceError as error:
        raise click.ClickException(str(error)) from error


@model.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--output", required=True, type=_ModelPath())
@click.option("--name", help="The model's name on its card.  [default: the output's]")
@click.option("--model-version", default="1", show_default=True)
@click.option("--provenance", default="Trained by `ethoprofiler train`.", show_default=True)
@click.option("--license", "license_", default="not stated", show_default=True)
def export(
    checkpoint: Path,
    output: Path,
    name: str | None,
    model_version: str,
    provenance: str,
    license_: str,
) -> None:
    """Turn a checkpoint of `ethoprofiler train` into a model file."""
    try:
        from inference.train.weights import load_checkpoint  # lazy: torch is heavy and optional
    except ModuleNotFoundError as error:
        raise click.ClickException(_MISSING_TORCH) from error
    attribution = (name or output.stem, model_version, provenance, license_)
    try:
        network, evaluation = load_checkpoint(checkpoint)
        _write(network, output, attribution, evaluation)
    except InferenceError as error:
        raise click.ClickException(str(error)) from error


@model.command()
@click.argument("name", metavar="MODEL")
def verify(name: str) -> None:
    """Check a model: its seal, its card, that it runs, and that it always answers the same."""
    # Lazy imports: ONNX Runtime costs half a second for every `--help`.
    from inference.determinism import check_determinism

    try:
        classifier = _open(find_model(name))
        card = classifier.card
        click.echo(f"OK seal         {classifier.seal}")
        click.echo(f"OK card         {card.name} {card.version}, {card.network}")
        click.echo(f"OK graph        loads on {classifier.device}")
        shape = " x ".join(map(str, (card.batch, *card.preprocessing.stack_shape)))
        click.echo(f"OK shapes       {shape} -> {card.batch} x {len(card.behaviors)}")
        check_determinism(classifier)
        click.echo(f"OK determinism  bit for bit at all {card.batch} places of a batch")
    except InferenceError as error:
        raise click.ClickException(str(error)) from error


def _write(
    network: Network,
    output: Path,
    attribution: tuple[str, str, str, str],
    evaluation: dict[str, float],
) -> None:
    """Export a network if the result answers as the network does."""
    # Lazy imports: torch is heavy and optional.
    from inference.determinism import random_stacks
    from inference.train.export import Attribution, export_model
    from inference.train.parity import compare

    part = part_path(output)
    try:
        card = export_model(network, Attribution(*attribution, evaluation), part)
        stacks = random_stacks(_PARITY_STACKS, card.preprocessing.stack_shape, seed=0)
        parity = compare(network, _open(part), stacks)
        if parity.largest_difference > _LARGEST_DIFFERENCE:
            raise click.ClickException(
                f"{output} was not written: its answers would differ from the network's by "
                f"{parity.largest_difference:.1e} (log probability)"
            )
        publish(part, output)
    finally:
        part.unlink(missing_ok=True)
    click.echo(
        f"{output}: {card.name} {card.version}, {card.parameters:,} parameters, "
        f"{card.multiplications / 1e6:,.0f} M multiplications a stack; on {parity.stacks} random "
        f"stacks {parity.agreement:.0%} of the labels as the network's, "
        f"log probabilities within {parity.largest_difference:.1e}"
    )


def _open(path: Path) -> Classifier:
    from inference.classifier import Classifier  # lazy: ONNX Runtime costs half a second

    return Classifier(path, "cpu")


def _describe(path: Path) -> dict[str, object]:
    classifier = _open(path)
    return {"file": str(path), "seal": classifier.seal} | classifier.card.model_dump(mode="json")


def _print(table: Table) -> None:
    piped = not sys.stdout.isatty()
    Console(highlight=False, markup=False, width=_PIPED_WIDTH if piped else None).print(table)


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
