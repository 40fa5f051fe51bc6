"""How high the bedding lies, and how the mouse pushes it around."""

import numpy as np
from numpy.typing import NDArray

from capture_hw.simulation.behavior import BehaviorName
from capture_hw.simulation.look import Look
from capture_hw.simulation.rig import WIDTH
from capture_hw.simulation.script import HOUR_FRAMES, Script

_STEP_FRAMES = 16
_SETTLE_FRAMES = 500
"""At the end of an hour what is left of the hour's change creeps in."""
_COLUMNS = 88
_NOMINAL_PX = 58.0
_ROUGHNESS_PX = 3.4
_REACH_PX = 55.0
_PUSH: dict[BehaviorName, float] = {"walk": 0.10, "micromovement": 0.12, "groom": 0.02}

Stage = tuple[int, int, int]
"""Hour, bout within the hour, step within the bout."""


class Terrain:
    """The height profile of one cage; the same for any order of questions."""

    def __init__(self, seed: int, script: Script, look: Look) -> None:
        """Keep what the profiles are computed from."""
        self._seed = seed
        self._script = script
        self._height_px = (look.bedding_height - 1.0) * _NOMINAL_PX
        self._roughness_px = _ROUGHNESS_PX * look.bedding_roughness
        self._pushed: tuple[int, NDArray[np.float64]] | None = None

    def stage(self, frame: int) -> Stage:
        """Return a key that is the same for frames with the same profile."""
        hour = frame // HOUR_FRAMES
        index = self._script.index(frame)
        bout = self._script.hour(hour).bouts[index]
        settling = (hour + 1) * HOUR_FRAMES - frame < _SETTLE_FRAMES
        if bout.behavior not in _PUSH and not settling:
            return hour, index, 0
        return hour, index, (frame - bout.start) // _STEP_FRAMES

    def height_px(self, stage: Stage) -> NDArray[np.float64]:
        """Return how much higher than nominal the bedding lies, shape (WIDTH,)."""
        hour, index, step = stage
        bout = self._script.hour(hour).bouts[index]
        pushed = self._pushed_by_bout(hour)
        before = pushed[index - 1] if index else np.zeros(_COLUMNS)
        into_bout = step * _STEP_FRAMES / (bout.end - bout.start)
        moved = 1.0 - np.exp(before + (pushed[index] - before) * into_bout)
        frames_left = (hour + 1) * HOUR_FRAMES - (bout.start + step * _STEP_FRAMES)
        moved += (1.0 - moved) * max(0.0, 1.0 - frames_left / _SETTLE_FRAMES)
        first, last = self._landscape(hour), self._landscape(hour + 1)
        columns = np.linspace(0.0, WIDTH, _COLUMNS)
        height = self._height_px + first + (last - first) * moved
        return np.asarray(np.interp(np.arange(WIDTH), columns, height), np.float64)

    def _pushed_by_bout(self, hour: int) -> NDArray[np.float64]:
        """Return the logarithm of what each bout leaves untouched, shape (bouts, _COLUMNS)."""
        if self._pushed is None or self._pushed[0] != hour:
            bouts = self._script.hour(hour).bouts
            columns = np.linspace(0.0, WIDTH, _COLUMNS)
            start = np.array([min(bout.x_from, bout.x_to) for bout in bouts])[:, None]
            end = np.array([max(bout.x_from, bout.x_to) for bout in bouts])[:, None]
            push = np.array([_PUSH.get(bout.behavior, 0.0) for bout in bouts])[:, None]
            apart = np.maximum(0.0, np.maximum(start - columns, columns - end)) / _REACH_PX
            touched = push * np.exp(-(apart**2))
            self._pushed = hour, np.cumsum(np.log1p(-touched), axis=0)
        return self._pushed[1]

    def _landscape(self, hour: int) -> NDArray[np.float64]:
        random = np.random.default_rng([self._seed, 7, hour])
        x = np.linspace(0.0, WIDTH, _COLUMNS)
        height = np.zeros(_COLUMNS)
        for length_px, part in (
            (620.0, 1.0),
            (290.0, 0.9),
            (150.0, 0.7),
            (75.0, 0.45),
            (38.0, 0.3),
        ):
            phase = float(random.uniform(0.0, 2.0 * np.pi))
            height += part * float(random.normal()) * np.sin(2.0 * np.pi * x / length_px + phase)
        return np.clip(self._roughness_px * height, -15.0, 17.0)
