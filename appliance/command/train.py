"""`ethoprofiler train`: from an annotated data set to a model file."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Final

import click

from appliance.model_writer import check_output, write_model
from appliance.torch_requirement import torch_required
from inference.error import DataSetError, InferenceError, TrainingError

if TYPE_CHECKING:
    from inference.train.dataset import Split
    from inference.train.export import Attribution
    from inference.train.loop import Progress, Trained
    from inference.train.plan import Plan

_PER_BEHAVIOR: Final = {"ethocnn": 2, "ethocnn-lite": 8}
_LARGEST_SEED: Final = 2**64 - 1
"""Source: torch.manual_seed."""


@click.command()
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option(
    "--network", type=click.Choice(sorted(_PER_BEHAVIOR)), default="ethocnn-lite", show_default=True
)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Model file.")
@click.option("--epochs", type=click.IntRange(1), default=20, show_default=True)
@click.option("--steps", type=click.IntRange(1), default=300, show_default=True)
@click.option("--per-behavior", type=click.IntRange(1), help="Stacks of each in a minibatch.")
@click.option("--held-out", multiple=True, metavar="NN", help="Animal to leave out; repeatable.")
@click.option("--seed", type=click.IntRange(0, _LARGEST_SEED), default=0, show_default=True)
@click.option("--device", default="cpu", show_default=True, help="As PyTorch names it.")
@click.option("--cache", type=click.Path(path_type=Path), help="Folder for decoded clips.")
@click.option("--checkpoints", type=click.Path(path_type=Path), help="Folder, one file an epoch.")
@click.option("--name", help="The model's name on its card.  [default: the output's]")
@click.option("--model-version", default="1", show_default=True)
@click.option("--provenance", default="", help="A sentence for the card, before our own.")
@click.option("--license", "license_", default="not stated", show_default=True)
def train(
    dataset: Path,
    network: str,
    output: Path,
    epochs: int,
    steps: int,
    per_behavior: int | None,
    held_out: tuple[str, ...],
    seed: int,
    device: str,
    cache: Path | None,
    checkpoints: Path | None,
    name: str | None,
    model_version: str,
    provenance: str,
    license_: str,
) -> None:
    """Train a network on a folder of annotated clips and write it as a model file.

    Clips are named like 01_20180418_1200_s0_n7500.avi (or .mkv, .mp4) and stand beside their
    annotation ..._map.csv or, reviewed, ..._map_new.csv. Each is decoded once into the cache,
    32 KiB a frame. One mouse in five is left out of training for the figures on the card.
    """
    with torch_required():
        # Lazy imports, here and below: PyTorch takes seconds and a rack does without it. The
        # export is imported now so that nothing can be missing after hours of training.
        from inference.train.export import Attribution
        from inference.train.plan import Plan
    plan = Plan(
        network="ethocnn" if network == "ethocnn" else "ethocnn-lite",
        epochs=epochs,
        steps=steps,
        per_behavior=per_behavior or _PER_BEHAVIOR[network],
        seed=seed,
        device=device,
    )
    attribution = Attribution(name or output.stem, model_version, provenance, license_)
    cache = cache or _default_cache()
    try:
        _check(attribution, output, plan, [cache, *([checkpoints] if checkpoints else [])])
        split = _load(dataset, cache, held_out)
        trained = _train(split, plan, checkpoints)
        attribution = replace(
            attribution,
            provenance=f"{provenance} {_summary(split, plan)}".strip(),
            evaluation=trained.figures.as_card(),
        )
        written = write_model(trained.network.cpu(), attribution, output)
    except InferenceError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{place}{error.strerror or error}") from error
    for behavior, recall in trained.figures.recalls.items():
        click.echo(f"  {behavior:14} {recall:6.1%}")
    click.echo(written)


def _check(attribution: Attribution, output: Path, plan: Plan, folders: list[Path]) -> None:
    """Find out before hours of training what would make them futile."""
    from inference.train.export import check_attribution
    from inference.train.loop import open_device

    check_output(output)
    check_attribution(attribution)
    open_device(plan.device)
    for folder in folders:
        _prepare(folder)


def _prepare(folder: Path) -> None:
    """Create a folder unless it is there, and a file in it to see that this works."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise TrainingError(
            f"{folder} is not a folder for files: {error.strerror or error}"
        ) from error


def _default_cache() -> Path:
    """Return the user's folder for what can be made again (XDG Base Directory Specification)."""
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "ethoprofiler" / "bands"


def _load(dataset: Path, cache: Path, held_out: tuple[str, ...]) -> Split:
    from inference.preprocessing import Preprocessing
    from inference.dataset.opening import open_data_set
    from inference.train.dataset import load_clips, split_by_animal

    found = open_data_set(dataset)
    if found.faults:
        raise DataSetError(f"{found.faults[0].path} {found.faults[0].text}")
    clips = load_clips(
        found.clips,
        cache,
        Preprocessing(),
        _show_decoded,
    )
    split = split_by_animal(clips, held_out)
    mice = sorted({clip.source.animal for clip in split.held_out})
    click.echo(f"{len(split.training)} clips to train on, held out: animal {', '.join(mice)}")
    return split


def _show_decoded(done: int, total: int) -> None:
    if sys.stdout.isatty() or done == total:
        click.echo(f"\rdecoded {done} of {total} clips", nl=done == total)


def _train(split: Split, plan: Plan, checkpoints: Path | None) -> Trained:
    from inference.preprocessing import Preprocessing
    from inference.train.loop import train as train_network

    def show(progress: Progress) -> None:
        if progress.figures is None:
            return
        click.echo(
            f"epoch {progress.epoch}/{plan.epochs}: loss {progress.loss:.3f}, held out: "
            f"frames {progress.figures.frame_accuracy:.1%}, "
            f"macro {progress.figures.macro_accuracy:.1%}"
        )

    return train_network(split, plan, Preprocessing(), checkpoints, show)


def _summary(split: Split, plan: Plan) -> str:
    trained_on = sorted({clip.source.animal for clip in split.training})
    held_out = sorted({clip.source.animal for clip in split.held_out})
    return (
        f"Trained by `ethoprofiler train` on {len(split.training)} clips of mice "
        f"{', '.join(trained_on)}; the figures are of mice {', '.join(held_out)}, left out of "
        f"training; {plan.epochs} epochs of {plan.steps} minibatches of "
        f"{plan.per_behavior * 8} stacks, seed {plan.seed}."
    )
