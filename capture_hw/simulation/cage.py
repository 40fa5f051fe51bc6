"""A simulated cage: the picture its camera sees and what its mouse truly does."""

import numpy as np
from numpy.typing import NDArray

from capture_hw.simulation.bedding import draw_bedding, lay_bedding
from capture_hw.simulation.behavior import BehaviorName, Fur, Routine
from capture_hw.simulation.camera import place_camera
from capture_hw.simulation.fur import grow_fur
from capture_hw.simulation.look import draw_look
from capture_hw.simulation.motion import Motion
from capture_hw.simulation.mouse_day import MouseDay
from capture_hw.simulation.painter import Painter
from capture_hw.simulation.scenery import draw_scenery
from capture_hw.simulation.script import Script
from capture_hw.simulation.sensor import Sensor
from capture_hw.simulation.terrain import Stage, Terrain

_LUMA_BLACK = 16
_DAY = MouseDay()


class SimulatedCage:
    """Ten weeks or ten seconds of one mouse, frame by frame at 25 frames/s.

    Picture and truth of a frame depend on the arguments and the frame only, not on what was asked
    before, by whom or where. One thread at a time.
    """

    def __init__(
        self,
        seed: int,
        *,
        fur: Fur | None = None,
        day: MouseDay = _DAY,
        spread: float = 1.0,
        routine: Routine = "circadian",
    ) -> None:
        """Draw the cage of `seed` (not negative); takes about half a second.

        `fur` is drawn from the seed when not given. `day` is the light that the mouse lives by,
        `spread` scales how much cages differ. The routine "busy" shows all eight behaviors within
        a few minutes, whatever the time of day.
        """
        look = draw_look(seed, fur, spread)
        camera = place_camera(look)
        self.seed = seed
        self.fur: Fur = look.fur
        self._scenery = draw_scenery(seed, look, camera)
        self._bedding = draw_bedding(seed, look, camera)
        self._script = Script(seed, routine, day)
        self._terrain = Terrain(seed, self._script, look)
        self._motion = Motion(self._script, look)
        self._painter = Painter(camera, grow_fur(seed, look, camera), look.blur_px)
        self._sensor = Sensor(seed, look.noise_sigma)
        self._stage: Stage = (-1, 0, 0)
        self._empty = self._scenery.picture
        self._visibility = self._scenery.visibility

    def picture(self, frame: int) -> NDArray[np.uint8]:
        """Return a new picture of `frame` (from 0): limited-range luma 16..235, (576, 704)."""
        self._lay_bedding(self._terrain.stage(frame))
        scene = self._empty.copy()
        self._painter.paint(scene, self._visibility, self._motion.posture(frame))
        return self._sensor.expose(scene, frame)

    def behavior(self, frame: int) -> BehaviorName:
        """Return what the mouse visibly does at `frame` (from 0)."""
        return self._script.bout(frame).behavior

    def _lay_bedding(self, stage: Stage) -> None:
        if stage == self._stage:
            return
        empty = self._scenery.picture.copy()
        self._visibility = self._scenery.visibility.copy()
        lay_bedding(self._bedding, self._terrain.height_px(stage), empty, self._visibility)
        self._empty = np.clip(empty, _LUMA_BLACK, None) - np.uint8(_LUMA_BLACK)
        self._stage = stage
