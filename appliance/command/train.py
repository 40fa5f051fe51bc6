"""`ethoprofiler train`: from an annotated data set to a model file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from appliance.stop_request import StopRequest
from appliance.torch_requirement import torch_required
from appliance.training_options import TrainingOptions, training_options
from inference.error import InferenceError, TrainingStopped

_RUN_SUFFIX: Final = ".run"
_PATH: Final = click.Path(path_type=Path)


@click.command()
@click.argument("dataset", type=_PATH)
@click.option("--output", required=True, type=_PATH, help="Model file.")
@click.option(
    "--run", type=_PATH, help="Folder of the training.  [default: the output's name with .run]"
)
@click.option(
    "--held-out",
    multiple=True,
    metavar="NN",
    help="Animal to leave out; repeatable; `none`: learn from all.  [default: one in five]",
)
@training_options
@click.option("--name", help="The model's name on its card.  [default: the output's]")
@click.option("--model-version", default="1", show_default=True)
@click.option("--provenance", default="", help="A sentence for the card, before our own.")
@click.option("--license", "license_", default="not stated", show_default=True)
def train(
    dataset: Path,
    output: Path,
    run: Path | None,
    held_out: tuple[str, ...],
    options: TrainingOptions,
    name: str | None,
    model_version: str,
    provenance: str,
    license_: str,
) -> None:
    """Train a network on a data set and write it as a model file.

    The data set is checked first: every fault is named in one table, and nothing is trained
    before they are mended. Each clip is decoded once into the cache, 32 KiB a frame. Whole
    animals are left out of training for the figures on the card.

    The training lives in the folder --run. Stopped or killed at any moment, the same command
    goes on, to the same bits. A finished one is judged and written again.

    \b
    On several devices, each with its shards:
      torchrun --nproc-per-node 2 -m appliance train DATASET --shards 2 --device cuda ...

    \b
    Exit code: 0 trained and written, 1 refused or failed, 2 wrong arguments, 130 or 143 stopped
    by SIGINT or SIGTERM, with the state saved.
    """  # noqa: D301 - click reads the backspace character
    with torch_required():
        # Lazy imports: PyTorch takes seconds and a rack does without it. All are done now so that
        # nothing can be missing after hours of training.
        from appliance.training_run import TrainingOrder, run_training
        from inference.train.export import Attribution
        from inference.train.process_group import ProcessLost, is_first_process
    attribution = Attribution(name or output.stem, model_version, provenance, license_)
    run = run or output.with_suffix(_RUN_SUFFIX)
    order = TrainingOrder(dataset, run, held_out, options, attribution, output)
    with StopRequest() as stop:
        try:
            run_training(order, stop)
        except TrainingStopped as error:
            if is_first_process():
                click.echo(f"{error}; the same command goes on", err=True)
            sys.exit(stop.exit_code)
        except InferenceError as error:
            if not is_first_process() and not isinstance(error, ProcessLost):
                sys.exit(1)  # the first process says the same
            raise click.ClickException(str(error)) from error
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(f"{place}{error.strerror or error}") from error
