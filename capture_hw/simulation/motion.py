"""Where every point of the mouse is in the scene at a frame."""

from dataclasses import fields

import numpy as np

from capture_hw.simulation import gesture, stance
from capture_hw.simulation import posture as base
from capture_hw.simulation.bout import Bout
from capture_hw.simulation.look import Look
from capture_hw.simulation.posture import Posture
from capture_hw.simulation.rig import (
    FLOOR_LEFT_X,
    FLOOR_RIGHT_X,
    FPS,
    GROUND_Y,
    HOPPER,
    LID_GRIP_Y,
    LID_Y,
)
from capture_hw.simulation.script import Script
from capture_hw.simulation.shell import spout_tip

_BLEND_FRAMES = 3.5
_CLIMB_BLEND_FRAMES = 5.0
_DEPTH_PX = 7.0
_DEPTH_ZOOM = 0.045


class Motion:
    """Places the scripted mouse in the scene."""

    def __init__(self, script: Script, look: Look) -> None:
        """Grow the postures to the mouse's size."""
        self._script = script
        self._look = look
        self._mouse = grow(look)

    def posture(self, frame: int) -> Posture:
        """Return scene x, scene y (downward) and radius of every point, shape (POINTS, 3).

        Around a change of behavior the two postures blend; half-way lies between the last frame of
        the one and the first frame of the other.
        """
        bout = self._script.bout(frame)
        placed = self._placed(bout, frame)
        for neighbor_frame, edge in ((bout.start - 1, bout.start), (bout.end, bout.end)):
            if neighbor_frame < 0 or abs(frame + 0.5 - edge) >= _CLIMB_BLEND_FRAMES:
                continue
            neighbor = self._script.bout(neighbor_frame)
            half = _BLEND_FRAMES
            if "hang" in (bout.behavior, neighbor.behavior):
                half = _CLIMB_BLEND_FRAMES
            part = 0.5 - abs(frame + 0.5 - edge) / (2.0 * half)
            if part > 0.0:
                part = part * part * (3.0 - 2.0 * part)
                placed = base.between(placed, self._placed(neighbor, frame), part)
        tail = placed[base.TAIL : base.EAR, 0]
        np.clip(tail, FLOOR_LEFT_X, FLOOR_RIGHT_X, out=tail)
        return placed

    def _placed(self, bout: Bout, frame: int) -> Posture:
        progress = (frame - bout.start) / (bout.end - bout.start)
        x = bout.x_from + (bout.x_to - bout.x_from) * progress
        depth = bout.depth_from + (bout.depth_to - bout.depth_from) * min(1.0, max(0.0, progress))
        zoom = 1.0 + _DEPTH_ZOOM * depth
        ground = GROUND_Y + _DEPTH_PX * depth
        placed = self._gesture(bout, (frame - bout.start) / FPS, x, ground, zoom)
        placed *= zoom
        placed[:, 0] = x + bout.facing * placed[:, 0]
        placed[:, 1] = ground - placed[:, 1]
        return placed

    def _gesture(self, bout: Bout, time_s: float, x: float, ground: float, zoom: float) -> Posture:
        mouse = self._mouse
        match bout.behavior:
            case "walk":
                return gesture.walk(mouse, bout, time_s)
            case "micromovement":
                return gesture.micromovement(mouse, bout, time_s)
            case "groom":
                return gesture.groom(mouse, bout, time_s)
            case "rest":
                return gesture.rest(mouse, bout, time_s)
            case "rear":
                return gesture.rear(mouse, bout, time_s, (ground - LID_Y) / zoom)
            case "hang":
                return gesture.hang(mouse, bout, time_s, (ground - LID_GRIP_Y) / zoom)
            case "eat":
                target = self._hopper_target(bout)
            case "drink":
                tip_x, tip_y = spout_tip(self._look)
                target = (tip_x + 2.0, tip_y + 2.0)
        own = (bout.facing * (target[0] - x) / zoom, (ground - target[1]) / zoom)
        return (gesture.eat if bout.behavior == "eat" else gesture.drink)(mouse, bout, time_s, own)

    def _hopper_target(self, bout: Bout) -> tuple[float, float]:
        """Return where on the hopper's sloped side the mouse gnaws."""
        (low_x, low_y), (high_x, high_y) = HOPPER[3], HOPPER[4]
        along = min(0.95, max(0.25, 1.0 - (bout.x_from - 160.0) / 70.0 + 0.1 * bout.style))
        x = low_x + (high_x - low_x) * along + self._look.hopper_x
        y = low_y + (high_y - low_y) * along + self._look.hopper_y
        return x + 9.0, y - 9.0


def grow(look: Look) -> gesture.Repertoire:
    """Return all postures scaled to the mouse of a cage."""
    grown = {}
    for field in fields(gesture.Repertoire):
        posture: Posture = getattr(stance, field.name)()
        tail = slice(base.TAIL, base.EAR)
        posture[tail, :2] = posture[base.RUMP, :2] + look.tail_length * (
            posture[tail, :2] - posture[base.RUMP, :2]
        )
        posture[:, 0] *= look.mouse_size * look.mouse_length
        posture[:, 1] *= look.mouse_size
        posture[: base.CORE, 2] *= look.mouse_size * look.mouse_girth
        posture[base.CORE : base.EAR, 2] *= look.mouse_size
        posture[base.EAR :, 2] *= look.mouse_size * look.ear_size
        grown[field.name] = posture
    return gesture.Repertoire(**grown)
