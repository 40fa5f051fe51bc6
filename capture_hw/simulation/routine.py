"""What a mouse does next: chains of bouts with natural durations."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from capture_hw.simulation.behavior import BehaviorName
from capture_hw.simulation.bout import Bout
from capture_hw.simulation.rig import FPS, WALK_LEFT_X, WALK_RIGHT_X
from capture_hw.simulation.span import BUSY, NATURAL

EAT_X, DRINK_X = 176.0, 477.0
_LEFT_REAR_X, _RIGHT_REAR_X = 111.0, 597.0
_HANG_LEFT_X, _HANG_RIGHT_X = 428.0, 540.0
_HOPPER_LEFT_X, _HOPPER_RIGHT_X = 165.0, 425.0
_SHORTEST_WALK_PX = 18.0
_SHORTEST_BOUT = 10

Activity = Literal["drink", "eat", "groom", "hang", "rear", "rest", "explore"]
_BUSY_DECK: tuple[Activity, ...] = (
    "drink",
    "drink",
    "eat",
    "eat",
    "groom",
    "groom",
    "hang",
    "hang",
    "rear",
    "rear",
    "explore",
    "explore",
    "explore",
    "rest",
)
_NATURAL_DECK: tuple[Activity, ...] = (
    "drink",
    "eat",
    "eat",
    "groom",
    "groom",
    "groom",
    "hang",
    "rear",
    "rear",
    "rear",
    "rear",
    "explore",
    "explore",
    "explore",
    "explore",
    "explore",
    "rest",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mouse is and which way it looks."""

    x: float
    depth: float
    facing: float


class Day:
    """Writes bouts one after another from a start to an end frame."""

    def __init__(
        self, random: np.random.Generator, start: int, end: int, place: Place, *, busy: bool
    ) -> None:
        """Begin at `place`; nothing is written past `end`."""
        self.bouts: list[Bout] = []
        self.frame = start
        self._end = end
        self._random = random
        self._x, self._depth, self._facing = place.x, place.depth, place.facing
        self._spans = BUSY if busy else NATURAL
        self._deck: list[Activity] = []
        self._full_deck = _BUSY_DECK if busy else _NATURAL_DECK
        self._nest_x = float(
            random.uniform(135.0, 215.0) if random.random() < 0.5 else random.uniform(500.0, 575.0)
        )

    def do_something(self) -> None:
        """Write one activity with the bouts that lead to it."""
        if not self._deck:
            self._deck = [
                self._full_deck[i] for i in self._random.permutation(len(self._full_deck))
            ]
        activity = self._deck.pop()
        actions: dict[Activity, Callable[[], None]] = {
            "drink": self._drink,
            "eat": self._eat,
            "groom": self._groom,
            "hang": self._hang,
            "rear": self._rear,
            "rest": self._nap,
            "explore": self._explore,
        }
        actions[activity]()
        if self._chance(0.4):
            self.linger()

    def sleep(self) -> None:
        """Write one long rest in the nest and the short stir that ends it."""
        self.walk_to(self._nest_x + float(self._random.uniform(-12, 12)))
        self._stay("rest", self._seconds("rest"))
        if self._chance(0.25):
            self._groom()
        else:
            self.linger()

    def linger(self) -> None:
        """Write a micromovement bout where the mouse is."""
        if self._chance(0.3):
            self._facing = -self._facing
        self._stay("micromovement", self._seconds("micromovement"))

    def fill_to_end(self, place: Place) -> None:
        """Go to `place` and stay there, moving a little, until the end."""
        self.walk_to(place.x)
        self._x, self._depth, self._facing = place.x, place.depth, place.facing
        self._stay("micromovement", max(0.0, (self._end - self.frame) / FPS))

    def walk_to(self, x: float) -> None:
        """Write a walk to `x`, or nothing when the mouse is there already."""
        x = min(WALK_RIGHT_X, max(WALK_LEFT_X, x))
        distance = x - self._x
        if abs(distance) < _SHORTEST_WALK_PX:
            return
        speed = min(float(self._random.uniform(120.0, 270.0)), abs(distance) / 0.5)
        self._facing = math.copysign(1.0, distance)
        depth = min(1.0, max(-1.0, self._depth + float(self._random.uniform(-0.6, 0.6))))
        self._write("walk", abs(distance) / speed, x, depth)

    def _drink(self) -> None:
        self.walk_to(DRINK_X + float(self._random.uniform(0, 40)))
        self._depth = float(self._random.uniform(-0.2, 0.2))
        self._x, self._facing = DRINK_X + float(self._random.uniform(-18, 12)), -1.0
        if self._chance(0.35):
            self._stay("rear", float(self._random.uniform(0.5, 1.2)), style=0.1)
        self._stay("drink", self._seconds("drink"))

    def _eat(self) -> None:
        self.walk_to(EAT_X + float(self._random.uniform(-25, 25)))
        self._depth = float(self._random.uniform(-0.3, 0.3))
        self._x, self._facing = EAT_X + float(self._random.uniform(-14, 26)), 1.0
        self._stay("eat", self._seconds("eat"))
        if self._chance(0.35):
            self.linger()
            self._x, self._facing = EAT_X + float(self._random.uniform(-14, 26)), 1.0
            self._stay("eat", 0.5 * self._seconds("eat"))

    def _groom(self) -> None:
        if self._chance(0.4):
            self._facing = -self._facing
        self._stay("groom", self._seconds("groom"))

    def _hang(self) -> None:
        self.walk_to(float(self._random.uniform(_HANG_LEFT_X, _HANG_RIGHT_X)))
        x = min(_HANG_RIGHT_X, max(_HANG_LEFT_X, self._x))
        self._x = x
        self._stay("rear", float(self._random.uniform(0.6, 1.6)), style=0.6)
        target = x + float(self._random.uniform(-40, 40))
        self._write(
            "hang",
            self._seconds("hang"),
            min(_HANG_RIGHT_X, max(_HANG_LEFT_X, target)),
            self._depth,
        )
        if self._chance(0.5):
            self._stay("rear", float(self._random.uniform(0.5, 1.2)), style=0.4)
        self.linger()

    def _rear(self) -> None:
        below_hopper = _HOPPER_LEFT_X < self._x < _HOPPER_RIGHT_X
        if self._chance(0.35) and not below_hopper:
            self._stay("rear", self._seconds("rear"), style=float(self._random.uniform(0.0, 0.45)))
            return
        to_left = self._chance(0.5)
        self.walk_to(WALK_LEFT_X if to_left else WALK_RIGHT_X)
        self._x, self._facing = (_LEFT_REAR_X, -1.0) if to_left else (_RIGHT_REAR_X, 1.0)
        self._stay("rear", self._seconds("rear"), style=float(self._random.uniform(0.5, 1.0)))
        self._x = WALK_LEFT_X if to_left else WALK_RIGHT_X

    def _nap(self) -> None:
        if self._chance(0.5):
            self.walk_to(self._nest_x)
        seconds = self._seconds("rest")
        self._stay("rest", min(seconds, 40.0))

    def _explore(self) -> None:
        for _ in range(int(self._random.integers(1, 4))):
            x = float(self._random.uniform(WALK_LEFT_X, WALK_RIGHT_X))
            if abs(x - self._x) < 90.0:
                x += math.copysign(110.0, 355.0 - x)
            self.walk_to(x)
            if self._chance(0.7):
                self.linger()

    def _chance(self, probability: float) -> bool:
        return bool(self._random.random() < probability)

    def _seconds(self, behavior: BehaviorName) -> float:
        return self._spans[behavior].seconds(float(self._random.standard_normal()))

    def _stay(self, behavior: BehaviorName, seconds: float, style: float | None = None) -> None:
        self._write(behavior, seconds, self._x, self._depth, style)

    def _write(
        self,
        behavior: BehaviorName,
        seconds: float,
        x_to: float,
        depth_to: float,
        style: float | None = None,
    ) -> None:
        frames = min(max(_SHORTEST_BOUT, round(seconds * FPS)), self._end - self.frame)
        if frames <= 0:
            return
        drawn = self._random.random(10)
        phases = tuple(2.0 * math.pi * float(part) for part in drawn[2:])
        self.bouts.append(
            Bout(
                behavior,
                self.frame,
                self.frame + frames,
                self._x,
                x_to,
                self._depth,
                depth_to,
                self._facing,
                float(drawn[0]) if style is None else style,
                float(drawn[1]),
                phases,
            )
        )
        self.frame += frames
        self._x, self._depth = x_to, depth_to
