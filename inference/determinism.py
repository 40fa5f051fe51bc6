"""Checking that a stack's answer depends on nothing but the stack."""

from typing import Final

import numpy as np

from inference.classifier import Classifier
from inference.error import ModelError
from inference.preprocessing import Gray

_REPEATS: Final = 2


def random_stacks(count: int, shape: tuple[int, int, int], seed: int) -> Gray:
    """Return stacks (count, *shape) of a still random scene under changing noise."""
    generator = np.random.default_rng(seed)
    scene = generator.integers(0, 256, (count, 1, *shape[1:]), np.uint8)
    noise = generator.integers(0, 24, (count, *shape), np.uint8)
    stacks: Gray = scene // 2 + noise
    return stacks


def check_determinism(classifier: Classifier, seed: int = 0) -> None:
    """Judge a random stack at every place of a batch among black and among other stacks, twice.

    The answers before and after other batches must be equal too. Raises ModelError if the last bit
    of a probability ever differs.
    """
    batch, shape = classifier.card.batch, classifier.card.preprocessing.stack_shape
    stack, *others = random_stacks(batch + 1, shape, seed)
    expected = classifier.probabilities(stack[None])[0]
    for place in range(batch):
        for name, company in (("black", np.zeros((batch, *shape), np.uint8)), ("other", others)):
            classifier.probabilities(np.stack(others))
            filled = np.array(company)
            filled[place] = stack
            for _ in range(_REPEATS):
                if not np.array_equal(classifier.probabilities(filled)[place], expected):
                    raise ModelError(
                        f"{classifier.card.name}: a stack's answer is not always the same: at "
                        f"place {place} of {batch} among {name} stacks it differs"
                    )
