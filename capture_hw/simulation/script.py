"""The behavior script of a cage, written an hour at a time from its seed."""

import math
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from capture_hw.simulation.behavior import Routine
from capture_hw.simulation.bout import Bout
from capture_hw.simulation.mouse_day import MouseDay, MouseHour
from capture_hw.simulation.rig import FPS, WALK_LEFT_X, WALK_RIGHT_X
from capture_hw.simulation.routine import Day, Place

HOUR_FRAMES = 3600 * FPS
_KEPT_HOURS = 3
_LAST_S = 12.0
"""At the end of an hour the mouse goes to where the next hour begins."""


@dataclass(frozen=True, slots=True)
class Hour:
    """The bouts of one hour, without a gap, and their first frames."""

    bouts: tuple[Bout, ...]
    starts: tuple[int, ...]


class Script:
    """Which bout a frame belongs to; the same for any order of questions."""

    def __init__(self, seed: int, routine: Routine, day: MouseDay) -> None:
        """Write nothing yet."""
        self._seed = seed
        self._busy = routine == "busy"
        self._mouse_day = day
        self._hours: OrderedDict[int, Hour] = OrderedDict()

    def bout(self, frame: int) -> Bout:
        """Return the bout that `frame` belongs to."""
        return self.hour(frame // HOUR_FRAMES).bouts[self.index(frame)]

    def index(self, frame: int) -> int:
        """Return which of its hour's bouts `frame` belongs to."""
        return bisect_right(self.hour(frame // HOUR_FRAMES).starts, frame) - 1

    def hour(self, index: int) -> Hour:
        """Return the script of the hour that begins at frame `index` * HOUR_FRAMES."""
        if index not in self._hours:
            self._hours[index] = self._write_hour(index)
            while len(self._hours) > _KEPT_HOURS:
                self._hours.popitem(last=False)
        return self._hours[index]

    def _write_hour(self, index: int) -> Hour:
        random = np.random.default_rng([self._seed, 5, index])
        start, end = index * HOUR_FRAMES, (index + 1) * HOUR_FRAMES
        day = Day(random, start, end, self._place_at(index), busy=self._busy)
        day.linger()
        last = end - round(_LAST_S * FPS)
        while day.frame < last:
            self._write_episode(day, random, last)
        bouts = [bout for bout in day.bouts if bout.start < last]
        rest = Day(random, bouts[-1].end, end, _place_after(bouts[-1]), busy=self._busy)
        rest.fill_to_end(self._place_at(index + 1))
        bouts += rest.bouts
        return Hour(tuple(bouts), tuple(bout.start for bout in bouts))

    def _write_episode(self, day: Day, random: np.random.Generator, last: int) -> None:
        now = self._mouse_day.hour_at(day.frame)
        active = self._busy or random.random() < _activity(now)
        if active:
            minutes = float(random.uniform(4.0, 16.0))
        else:
            minutes = float(random.uniform(5.0, 25.0 if now.zt_h < now.rest_h else 10.0))
        episode_end = min(last, day.frame + round(minutes * 60 * FPS))
        while day.frame < episode_end:
            if active:
                day.do_something()
            else:
                day.sleep()

    def _place_at(self, index: int) -> Place:
        random = np.random.default_rng([self._seed, 6, index])
        x = float(random.uniform(WALK_LEFT_X, WALK_RIGHT_X))
        return Place(x, float(random.uniform(-0.5, 0.5)), 1.0 if random.random() < 0.5 else -1.0)


def _activity(now: MouseHour) -> float:
    """Return the probability (0..1) of an active episode: nocturnal with two peaks."""
    if now.zt_h < now.rest_h:
        return 0.16
    active_part = (now.zt_h - now.rest_h) / (now.cycle_h - now.rest_h)
    return 0.68 + 0.22 * math.cos(4.0 * math.pi * active_part)


def _place_after(bout: Bout) -> Place:
    x = min(WALK_RIGHT_X, max(WALK_LEFT_X, bout.x_to))
    return Place(x, bout.depth_to, bout.facing)
