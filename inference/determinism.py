"""Checking that a stack's answer depends on nothing but the stack."""

import numpy as np

from inference.classifier import Classifier
from inference.error import ModelError
from inference.preprocessing import Gray


def random_stacks(count: int, shape: tuple[int, int, int], seed: int) -> Gray:
    """Return stacks (count, *shape) of a still random scene under changing noise."""
    generator = np.random.default_rng(seed)
    scene = generator.integers(0, 256, (count, 1, *shape[1:]), np.uint8)
    noise = generator.integers(0, 24, (count, *shape), np.uint8)
    stacks: Gray = scene // 2 + noise
    return stacks


def check_determinism(classifier: Classifier, seed: int = 0) -> None:
    """Judge a random stack at every place of a batch, among black and among other stacks.

    Raises ModelError if the last bit of a probability ever differs.
    """
    batch, shape = classifier.card.batch, classifier.card.preprocessing.stack_shape
    others = random_stacks(batch, shape, seed)
    expected = classifier.probabilities(others[:1])[0]
    for place in range(batch):
        for name, company in (("black", np.zeros_like(others)), ("other", others[::-1].copy())):
            company[place] = others[0]
            found = classifier.probabilities(company)[place]
            if not np.array_equal(found, expected):
                raise ModelError(
                    f"{classifier.card.name}: a stack's answer changes with its place in the "
                    f"batch: place {place} among {name} stacks differs"
                )
