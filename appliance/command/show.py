"""`ethoprofiler show`: label files as colored time lines, with the truth where it is known."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.markup import escape

from appliance.ethogram_strip import key, strip
from inference.error import LabelFileError
from inference.ethogram import NONE_CODE
from inference.label_file import Labels, read_codes, read_labels

_TRUTH_SUFFIX: Final = "_map.csv"
_ANNOTATION_ENDINGS: Final = ("_map", "_map_new", "_map_new_v2")
_LIGHT_RECORD: Final = "lights"
_TABLES: Final = ("animals.csv", "behaviors.csv", "clips.csv")
"""Of a data set, beside its clips."""
_MARGIN: Final = 8


@click.command()
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="PATH...",
    type=click.Path(exists=True, path_type=Path),
)
def show(paths: tuple[Path, ...]) -> None:
    """Show label files, or all of a folder, as time lines of color.

    Where an annotation `<video>_map.csv` lies beside a label file, it is shown below it with the
    share of frames on which both agree.
    """
    console = Console(highlight=False, emoji=False)
    found = [label_file for path in paths for label_file in _label_files(path)]
    if not found:
        raise click.ClickException(f"{paths[0]}: holds no label file")
    try:
        for path in found:
            _show_one(console, path)
    except LabelFileError as error:
        raise click.ClickException(str(error)) from error
    console.print(key())


def _label_files(path: Path) -> Sequence[Path]:
    if not path.is_dir():
        return [path]
    return [file for file in sorted(path.rglob("*.csv")) if _may_hold_labels(file)]


def _may_hold_labels(file: Path) -> bool:
    # A rack's light record lies with its recordings, tables with the clips that they are about.
    is_record = file.parent.name == _LIGHT_RECORD or file.name in _TABLES
    return not _is_annotation(file) and not is_record


def _is_annotation(file: Path) -> bool:
    return file.stem.endswith(_ANNOTATION_ENDINGS)


def _show_one(console: Console, path: Path) -> None:
    labels = read_labels(path)
    truth_path = path.with_name(path.stem + _TRUTH_SUFFIX)
    console.print(f"[bold]{escape(path.name)}[/]  {_duration(labels)}{escape(labels.model or '')}")
    if not len(labels.codes):
        console.print("  no frame")
        return
    console.print("labels", strip(labels.codes, max(1, console.width - _MARGIN)))
    if truth_path.exists():
        truth = read_codes(truth_path)
        console.print("truth ", strip(truth, max(1, console.width - _MARGIN)))
        console.print(_agreement(truth_path, labels, truth))


def _duration(labels: Labels) -> str:
    if labels.times_ms is None or not len(labels.times_ms):
        return ""
    return f"{labels.times_ms[-1] / 1000:.0f} s  "


def _agreement(truth_path: Path, labels: Labels, truth: NDArray[np.int64]) -> str:
    if len(truth) != len(labels.codes):
        raise LabelFileError(
            f"{truth_path}: {len(truth)} frames, where the label file has {len(labels.codes)}"
        )
    judged = labels.codes != NONE_CODE
    share = float((labels.codes == truth)[judged].mean()) if judged.any() else 0.0
    return f"       agree on {share:.1%} of {judged.sum()} frames"
