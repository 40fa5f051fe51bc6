"""What the pictures of an evaluation are drawn from."""

from typing import NamedTuple, TypeAlias

Epoch: TypeAlias = tuple[int, float, float | None, float | None, float]
"""Number from 1, loss, frame accuracy and macro accuracy of the held-out clips (None if they were
not judged), learning rate."""


class ReliabilityPoint(NamedTuple):
    """Frames of one bin of confidence."""

    confidence: float
    """Mean, 0..1."""
    accuracy: float
    frames: float


class AnimalPoint(NamedTuple):
    """One animal's accuracies, 0..1."""

    animal: str
    strain: str
    frame_accuracy: float
    macro_accuracy: float


class CostPoint(NamedTuple):
    """A network on the front of accuracy against cost."""

    name: str
    cost: float
    accuracy: float
    """0..1"""
    low: float
    high: float
    """Bounds of the accuracy; equal to it if unknown."""


class DifferencePoint(NamedTuple):
    """How far two models are apart in one figure, -1..1."""

    name: str
    value: float
    low: float
    high: float
    """Bounds; equal to it if unknown."""
