"""Compare label files with the truth beside them, by behavior and by fur.

    python scripts/evaluate_labels.py FOLDER [--json]

FOLDER holds `<clip>.csv` written by `ethoprofiler classify` and `<clip>_map.csv`, as written by
`ethoprofiler simulate`: odd mice are black, even ones white.
"""

import argparse
import json
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.ethogram import BEHAVIORS
from inference.label_file import read_codes

_FURS: Final = ("black", "white")


def main() -> None:
    """Print a row for all clips and one for each fur."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    counts = _counts_by_fur(options.folder)
    groups = {"all": np.sum(list(counts.values()), axis=0), **counts}
    figures = {name: _figures(confusion) for name, confusion in groups.items()}
    if options.json:
        print(json.dumps(figures, indent=1))
        return
    print(f"| {'':6} | frames | frame acc. | macro |" + "".join(f" {b[:5]} |" for b in BEHAVIORS))
    print("|---|" + "---|" * (3 + len(BEHAVIORS)))
    for name, row in figures.items():
        recalls = "".join(f" {row[behavior]:5.1%} |" for behavior in BEHAVIORS)
        print(
            f"| {name:6} | {row['frames']:.0f} | {row['frame']:.1%} | {row['macro']:.1%} |{recalls}"
        )


def _counts_by_fur(folder: Path) -> dict[str, NDArray[np.int64]]:
    """Return a confusion matrix (truth, label) for each fur."""
    counts = {fur: np.zeros((len(BEHAVIORS), len(BEHAVIORS)), np.int64) for fur in _FURS}
    for truth_path in sorted(folder.glob("*_map.csv")):
        label_path = truth_path.with_name(truth_path.name.replace("_map", ""))
        fur = _FURS[(int(truth_path.name[:2]) + 1) % 2]
        np.add.at(counts[fur], (read_codes(truth_path), read_codes(label_path)), 1)
    return counts


def _figures(confusion: NDArray[np.int64]) -> dict[str, float]:
    totals = confusion.sum(axis=1)
    recalls = np.divide(
        confusion.diagonal(), totals, out=np.full(len(totals), np.nan), where=totals > 0
    )
    return {
        "frames": float(totals.sum()),
        "frame": float(confusion.trace() / totals.sum()),
        "macro": float(np.nanmean(recalls)),
        **dict(zip(BEHAVIORS, recalls.tolist(), strict=True)),
    }


if __name__ == "__main__":
    main()
