"""A program that runs two endless folds: `python -m tests.inference.fold_program FOLDER`."""

import sys
from pathlib import Path

from inference.train.fold_cluster import run_folds
from tests.inference.fold_work import Work, do

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    try:
        run_folds(
            do,
            {name: Work(folder, name, "endless") for name in ("one", "two")},
            jobs=2,
            finished=lambda _name, _why: None,
            waiting=lambda: None,
        )
    except KeyboardInterrupt:
        sys.exit(130)
