"""What became of a training, epoch by epoch, as files for people."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from inference.train.kept_file import keep_file

_COLUMNS: Final = "epoch;loss;frame_accuracy;macro_accuracy;rate"


class EpochRecord(NamedTuple):
    """One epoch; accuracies 0..1 of the held-out clips, None if they were not judged."""

    epoch: int
    """From 1."""
    loss: float
    """Mean of its minibatches."""
    frame_accuracy: float | None
    macro_accuracy: float | None
    rate: float
    """Of its last step."""


def write_history(table: Path, curves: Path, history: Sequence[EpochRecord]) -> None:
    """Write a CSV with a row for each epoch, and its curves as SVG; raises TrainingError."""
    # A lazy import: Matplotlib takes a second.
    from inference.evaluate.drawing import learning_curves

    rows = [_COLUMNS, *(";".join(map(_text, record)) for record in history)]
    keep_file(table, "".join(f"{row}\n" for row in rows).encode())
    keep_file(curves, learning_curves(history))


def _text(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6g}"
