"""Compare label files with the truth beside them, by behavior and by fur.

    python scripts/evaluate_labels.py FOLDER [--json]

FOLDER holds `<clip>.csv` written by `ethoprofiler classify` and `<clip>_map.csv`, as written by
`ethoprofiler simulate`: odd mice are black, even ones white. Frames that the truth or the label
calls `none` are left out of the figures and counted apart.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import numpy as np

from inference.error import InferenceError, LabelFileError
from inference.ethogram import BEHAVIORS, NONE_CODE
from inference.evaluate.confusion import Confusion, count_frames, figures_of, sum_by_group
from inference.label_file import read_codes

_ALL: Final = "all"
_FURS: Final = ("white", "black")


def main() -> None:
    """Print a row for all clips and one for each fur."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        rows = _rows(options.folder)
    except InferenceError as error:
        sys.exit(str(error))
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    columns = ["frames", "left out", "frame", "macro", *BEHAVIORS]
    print("| |" + "".join(f" {column[:8]} |" for column in columns))
    print("|---|" + "---|" * len(columns))
    for name, row in rows.items():
        print(f"| {name} |" + "".join(f" {_cell(row, column)} |" for column in columns))


def _rows(folder: Path) -> dict[str, dict[str, float]]:
    """Return the figures of all clips and of each fur that occurs."""
    counts: dict[str, Confusion] = {}
    left_out: Counter[str] = Counter()
    for truth_path in sorted(folder.glob("*_map.csv")):
        mouse = truth_path.name[:2]
        count, missing = _compare(truth_path)
        counts[mouse] = counts.get(mouse, np.zeros_like(count)) + count
        for group in (_ALL, _fur(mouse)):
            left_out[group] += missing
    if not counts:
        raise LabelFileError(f"{folder} holds no truth named like <clip>_map.csv")
    groups = sum_by_group(counts, dict.fromkeys(counts, _ALL))
    groups |= sum_by_group(counts, {mouse: _fur(mouse) for mouse in counts})
    return {name: _figures(confusion, left_out[name]) for name, confusion in groups.items()}


def _compare(truth_path: Path) -> tuple[Confusion, int]:
    """Count the frames of a clip by truth and label, and those that one of them calls `none`."""
    label_path = truth_path.with_name(truth_path.name.removesuffix("_map.csv") + ".csv")
    truth, labels = read_codes(truth_path), read_codes(label_path)
    if len(truth) != len(labels):
        raise LabelFileError(f"{label_path} has {len(labels)} frames, its truth {len(truth)}")
    judged = (truth != NONE_CODE) & (labels != NONE_CODE)
    return count_frames(truth, labels), int((~judged).sum())


def _fur(mouse: str) -> str:
    return _FURS[int(mouse) % 2]


def _figures(confusion: Confusion, left_out: int) -> dict[str, float]:
    figures = figures_of(confusion)
    return {
        "frames": int(confusion.sum()),
        "left out": left_out,
        "frame": figures.frame_accuracy,
        "macro": figures.macro_accuracy,
        **figures.recalls,
    }


def _cell(row: dict[str, float], column: str) -> str:
    if column not in row:
        return ""
    return str(row[column]) if isinstance(row[column], int) else f"{row[column]:.1%}"


if __name__ == "__main__":
    main()
