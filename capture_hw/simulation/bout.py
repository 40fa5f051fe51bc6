"""One bout of the behavior script: what the mouse does, where, and from which frame on."""

from dataclasses import dataclass

from capture_hw.simulation.behavior import BehaviorName


@dataclass(frozen=True, slots=True)
class Bout:
    """Frames `start` to `end` (exclusive), counted from the cage's first frame."""

    behavior: BehaviorName
    start: int
    end: int
    x_from: float
    x_to: float
    """Where the mouse's origin is, scene pixels."""
    depth_from: float
    depth_to: float
    """-1 at the back wall, +1 at the front wall."""
    facing: float
    """+1 looks right, -1 looks left."""
    style: float
    """0..1, picks the variant of the posture."""
    vigor: float
    """0..1, how lively."""
    phases: tuple[float, ...]
    """Eight random angles, radians."""
