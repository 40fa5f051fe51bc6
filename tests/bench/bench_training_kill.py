"""Kill -9 a training at random moments: do its final weights equal those of one left alone?

The state is written after every step, so that about half of the kills hit a file being written.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path
from typing import Final

from inference.train.plan import changed
from tests.inference.tiny_training import PLAN, TrainingProcess, is_same, kept

LONGEST_S: Final = 0.5
"""After the first step of a process."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=60, help="minibatches of each of two epochs")
    arguments = parser.parse_args()
    plan = changed(PLAN, {"steps": arguments.steps})
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        alone, killed = Path(name) / "alone", Path(name) / "killed"
        for folder in (alone, killed):
            folder.mkdir()
        assert TrainingProcess(alone, plan).finish() == ""
        print(f"{'kill':>4}  {'after':>7}  {'newest state':12}  half-written files")
        for number in range(1, arguments.kills + 1):
            training = TrainingProcess(killed, plan)
            training.wait_for_step(1)
            delay_s = chance.uniform(0, LONGEST_S)
            time.sleep(delay_s)
            training.kill()
            print(f"{number:4}  {delay_s:5.3f} s  {_newest(killed / 'run'):12}  {_parts(killed)}")
        assert TrainingProcess(killed, plan).finish() == ""
        same = is_same(kept(alone / "run"), kept(killed / "run"))
    print(f"final weights, optimizer and history: {'the same bits' if same else 'DIFFERENT'}")
    raise SystemExit(0 if same else 1)


def _newest(run: Path) -> str:
    """Return how large the newest state is; whether it is whole, the next process finds out."""
    state = run / "state.pt"
    return f"{state.stat().st_size / 1e6:.1f} MB" if state.exists() else "none"


def _parts(folder: Path) -> str:
    return ", ".join(sorted(path.name for path in folder.rglob("*.part"))) or "-"


if __name__ == "__main__":
    main()
