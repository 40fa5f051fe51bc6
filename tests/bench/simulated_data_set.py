"""Simulated data sets of many different cages, for what learns from them."""

import os
import random
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from appliance.dataset_simulation import simulate_dataset
from disk.durable_file import write_durably
from inference.ethogram import BEHAVIORS
from inference.label_file import read_codes, write_annotation

_CONFUSED = {BEHAVIORS.index("groom"): BEHAVIORS.index("micromovement")}
_CONFUSED |= {there: here for here, there in list(_CONFUSED.items())}
"""What people confuse most. Source: paper, Results; 91 % of the frames called none."""


@dataclass(frozen=True, slots=True)
class Cages:
    """How many cages are simulated, and how much they differ."""

    mice: int
    clips: int
    seconds: float
    seed: int
    spread: float


def simulate(folder: Path, cages: Cages) -> Path:
    """Write the data set, or what is missing of it; return its folder."""
    print(f"simulating {cages.mice} mice into {folder}", flush=True)
    simulate_dataset(
        folder,
        mice=cages.mice,
        clips=cages.clips,
        seconds=cages.seconds,
        seed=cages.seed,
        spread=cages.spread,
        routine="busy",
        jobs=len(os.sched_getaffinity(0)),
        progress=lambda _name, _done, _all: None,
    )
    return folder


def with_label_noise(clean: Path, folder: Path, percent: int, seed: int = 0) -> Path:
    """Make a data set of the same videos in which people were wrong; return its folder.

    Each bout of groom or micromovement becomes the other one with the probability. The wrong
    annotation is review 2, which is learned from and never judged by; the truth stays beside it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(clean.iterdir()):
        copy = folder / file.name
        if file.suffix == ".mkv" and not copy.exists():
            copy.symlink_to(file.resolve())
        elif file.suffix == ".csv" and not copy.exists():
            write_durably(copy, file.read_bytes())
        if file.name.endswith("_map.csv"):
            codes = [int(code) for code in read_codes(file)]
            noisy = _swapped(codes, percent / 100, random.Random(f"{seed} {percent} {file.name}"))
            write_annotation(folder / file.name.replace("_map.csv", "_map_new_v2.csv"), noisy)
    return folder


def _swapped(codes: list[int], probability: float, chance: random.Random) -> list[int]:
    noisy: list[int] = []
    for code, bout in groupby(codes):
        is_wrong = code in _CONFUSED and chance.random() < probability
        noisy += [_CONFUSED[code] if is_wrong else code] * len(list(bout))
    return noisy
