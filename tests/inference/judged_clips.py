"""A small fixed set of predictions: four animals of two strains, bouts of all behaviors."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from inference.ethogram import NONE_CODE
from inference.evaluate.prediction import ClipPrediction, stacks_of_frames
from inference.evaluate.prediction_file import PredictionFile, PredictionsAbout
from inference.evaluate.report import About

STACK: Final = 11
ANIMALS: Final = ("01", "02", "03", "04")
STRAINS: Final = {"01": "C57BL/6", "02": "SWISS", "03": "C57BL/6", "04": "SWISS"}
MOMENT: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def judged_clip(
    animal: str, seed: int, *, bouts: int = 16, errors: float = 0.2, strain: str | None = None
) -> ClipPrediction:
    """Return a clip of bouts of 20 to 60 frames whose stacks are mostly judged right."""
    random = np.random.default_rng([seed, int(animal)])
    codes = np.concatenate([random.permutation(8) for _ in range(bouts // 8 + 1)])[:bouts]
    truth = np.repeat(codes, random.integers(20, 61, bouts)).astype(np.int64)
    stack_of_frame = stacks_of_frames(len(truth), STACK)
    right = truth[::STACK]
    said = np.where(random.random(len(right)) < errors, random.integers(0, 8, len(right)), right)
    confidence = random.uniform(0.4, 0.98, len(right))
    probabilities = np.repeat((1 - confidence)[:, None] / 7, 8, axis=1)
    probabilities[np.arange(len(right)), said] = confidence
    truth[:5] = NONE_CODE
    return ClipPrediction(
        clip=f"{animal}_20180418_1200_s{seed}_n{len(truth)}",
        animal=animal,
        strain=STRAINS.get(animal, "") if strain is None else strain,
        recording=f"{animal}_20180418_1200",
        truth=truth,
        probabilities=probabilities,
        stack_of_frame=stack_of_frame,
    )


def judged_folds(protocol: str = "leave-one-animal-out") -> list[PredictionFile]:
    """Return a fold for each animal, of two clips each."""
    return [
        PredictionFile(
            Path(f"folds/animal-{animal}/predictions.npz"),
            about_predictions(protocol, f"animal-{animal}"),
            tuple(judged_clip(animal, seed) for seed in (1, 2)),
        )
        for animal in ANIMALS
    ]


def about_predictions(protocol: str = "evaluate", fold: str = "") -> PredictionsAbout:
    """Return where predictions come from."""
    return PredictionsAbout(
        model="random@0123456789ab", protocol=protocol, fold=fold, created=MOMENT, software="0.1.0"
    )


def about_report() -> About:
    """Return where a report comes from, the same in every run."""
    return About(created=MOMENT, software="0.1.0", data_set="clips & <cages>", plan={"epochs": 40})
