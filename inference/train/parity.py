"""Comparing a model file with the network it was made from."""

from dataclasses import dataclass

import numpy as np
import torch

from inference.classifier import Classifier
from inference.preprocessing import Gray
from inference.train.network import Network, logits_of


@dataclass(frozen=True, slots=True)
class Parity:
    """How far a model file's answers are from the network's."""

    stacks: int
    largest_difference: float
    """Of the log probability of any behavior on any stack; nan or inf if one is not finite."""
    agreement: float
    """Part of the stacks with the same label, 0..1."""


def compare(network: Network, classifier: Classifier, stacks: Gray) -> Parity:
    """Run both on stacks (n, 11, 128, 256), uint8, n > 0.

    The network runs as it was trained, unmodified, on full pictures where it takes them.
    """
    network.eval()
    batch = classifier.card.batch
    differences, agreements = [], []
    for first in range(0, len(stacks), batch):
        part = stacks[first : first + batch]
        with torch.inference_mode():
            logits = logits_of(network, torch.from_numpy(part), classifier.card.preprocessing)
        expected = torch.log_softmax(logits.double(), dim=1).numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.log(classifier.probabilities(part))
            differences.append(np.abs(found - expected).max())
        agreements.append(found.argmax(axis=1) == expected.argmax(axis=1))
    return Parity(len(stacks), float(np.max(differences)), float(np.concatenate(agreements).mean()))
