"""How each behavior moves the body: a posture as a function of the time within a bout.

Each function returns a new posture in the mouse's own coordinates (see `posture`).
"""

import math
from dataclasses import dataclass

import numpy as np

from capture_hw.simulation import posture as base
from capture_hw.simulation.bout import Bout
from capture_hw.simulation.posture import Posture
from capture_hw.simulation.rig import FPS

_TURN = 2.0 * math.pi
_STRIDE_PX = 66.0


@dataclass(frozen=True, slots=True)
class Repertoire:
    """The postures of one mouse, grown to its size."""

    neutral: Posture
    hunched: Posture
    alert: Posture
    stretched: Posture
    end_on: Posture
    sitting_groom: Posture
    flank_groom: Posture
    curled: Posture
    dozing: Posture
    half_upright: Posture
    tall_upright: Posture
    at_hopper: Posture
    at_spout: Posture
    hanging: Posture


def walk(mouse: Repertoire, bout: Bout, time_s: float) -> Posture:
    """Stride: legs alternate, the body stretches, the back bounces."""
    seconds = (bout.end - bout.start) / FPS
    distance = abs(bout.x_to - bout.x_from) * time_s / seconds
    stride = _TURN * distance / _STRIDE_PX + bout.phases[0]
    part = 0.20 + 0.50 * bout.style + 0.15 * math.sin(stride)
    posture = base.between(mouse.neutral, mouse.stretched, part)
    posture[:, 0] *= 1.0 + 0.035 * math.sin(2.0 * stride)
    posture[: base.FORE_PAW, 1] += 2.2 * math.sin(2.0 * stride + 0.8)
    legs = (
        (base.FORE_PAW, 0.0),
        (base.FAR_FORE_PAW, 3.3),
        (base.HIND_PAW, 2.6),
        (base.FAR_HIND_PAW, 5.6),
    )
    for paw, lag in legs:
        posture[paw, 0] += 19.0 * math.sin(stride + lag)
        posture[paw, 1] += 8.0 * max(0.0, math.cos(stride + lag))
    base.turn_head(posture, 0.06 * math.sin(stride) - 0.1 + 0.12 * _wander(time_s, bout, 1))
    _swing_tail(posture, 3.0, 1.5 * time_s + bout.phases[2])
    return posture


def micromovement(mouse: Repertoire, bout: Bout, time_s: float) -> Posture:
    """Stay in place: look around, sniff, shift weight, dig a little."""
    first, second = _standing(mouse, bout.style)
    blend = 0.5 + 0.5 * math.sin(_TURN * (0.22 + 0.2 * bout.vigor) * time_s + bout.phases[0])
    posture = base.between(first, second, 0.65 * blend)
    lively = 0.65 + 0.35 * bout.vigor
    digs = bout.style < 0.55 and bout.phases[7] > 4.4
    beat = math.sin(_TURN * 7.5 * time_s + bout.phases[1])
    look = lively * (0.42 * _wander(1.25 * time_s, bout, 2) + 0.055 * beat)
    base.turn_head(posture, look - (0.3 if digs else 0.05))
    base.lean(posture, 0.06 * lively * _wander(0.9 * time_s, bout, 4))
    posture[base.MUZZLE : base.THIGH, 1] += 1.7 * lively * beat
    posture[base.FORE_PAW, 0] += 5.0 * _wander(1.4 * time_s, bout, 3)
    posture[base.FAR_FORE_PAW, 0] += 5.0 * _wander(1.1 * time_s, bout, 5)
    if digs:
        dig = math.sin(_TURN * 6.0 * time_s)
        posture[base.FORE_PAW, :2] += (12.0 * dig, 4.0 + 4.0 * dig)
        posture[base.FAR_FORE_PAW, :2] += (-12.0 * dig, 4.0 - 4.0 * dig)
        posture[base.CHEST : base.THIGH, 1] += 1.8 * dig
    _swing_tail(posture, 5.0, 1.1 * time_s + bout.phases[6])
    return posture


def groom(mouse: Repertoire, bout: Bout, time_s: float) -> Posture:
    """Sit hunched, stroke the face with both paws, now and then lick the flank."""
    rate_hz = 4.6 + 1.6 * bout.vigor
    beat = math.sin(_TURN * rate_hz * time_s + bout.phases[0])
    slow = math.sin(_TURN * 0.9 * time_s + bout.phases[1])
    turn = 3.0 * math.sin(_TURN * (0.10 + 0.06 * bout.style) * time_s + bout.phases[2]) - 1.7
    flank = _smooth(turn)
    posture = base.between(mouse.sitting_groom, mouse.flank_groom, flank)
    strength = 0.75 + 0.25 * math.sin(_TURN * 0.45 * time_s + bout.phases[3])
    base.turn_head(posture, strength * (0.15 * beat + 0.14 * slow))
    base.lean(posture, 0.035 * slow + 0.022 * beat)
    lift = 0.5 + 0.5 * beat
    for paw, wide in ((base.FORE_PAW, 3.0), (base.FAR_FORE_PAW, 7.0)):
        stroke = base.between(posture[base.NOSE], posture[base.EAR], 0.1 + 0.75 * lift)
        posture[paw, 0] += (1.0 - flank) * (stroke[0] + wide - posture[paw, 0])
        posture[paw, 1] += (1.0 - flank) * (stroke[1] - 3.0 - posture[paw, 1])
    posture[base.CHEST : base.THIGH, 1] += flank * 3.2 * beat
    posture[base.HEAD : base.THIGH, 0] += flank * 2.5 * beat
    posture[base.CHEST : base.NECK, 0] += 1.2 * beat
    return posture


def rest(mouse: Repertoire, bout: Bout, time_s: float) -> Posture:
    """Sleep: nothing moves but the flanks, and rarely a twitch."""
    pairs = (
        (mouse.curled, mouse.dozing),
        (mouse.dozing, mouse.curled),
        (mouse.curled, mouse.end_on),
    )
    first, second = pairs[int(2.999 * bout.style)]
    part = 0.30 * bout.vigor if first is not second else 0.0
    posture = base.between(first, second, part)
    breath = math.sin(_TURN * (1.9 + 0.8 * bout.vigor) * time_s + bout.phases[0])
    posture[: base.NECK, 2] *= 1.0 + 0.008 * breath
    posture[base.HIP : base.SHOULDER, 1] += 0.25 * breath
    twitch = math.sin(_TURN * time_s / 17.0 + bout.phases[1])
    if twitch > 0.999:
        base.turn_head(posture, 0.04 * math.sin(_TURN * 6.0 * time_s))
    return posture


def rear(mouse: Repertoire, bout: Bout, time_s: float, lid: float) -> Posture:
    """Stand upright below the `lid`, free (style 0) or tall along the wall (style 1), sniffing."""
    tall = min(1.0, max(0.0, 1.35 * bout.style - 0.15 + 0.10 * _wander(time_s, bout, 0)))
    posture = base.between(mouse.half_upright, mouse.tall_upright, tall)
    beat = math.sin(_TURN * 7.0 * time_s + bout.phases[1])
    base.lean(posture, 0.05 * _wander(0.8 * time_s, bout, 2))
    base.turn_head(posture, 0.30 * _wander(1.2 * time_s, bout, 3) + 0.03 * beat)
    for paw, index in ((base.FORE_PAW, 4), (base.FAR_FORE_PAW, 5)):
        posture[paw, 1] += 6.0 * _wander(1.3 * time_s, bout, index)
    _swing_tail(posture, 3.0, time_s + bout.phases[6])
    posture[:, 1] *= min(1.0, lid / float(posture[:, 1].max()))
    return posture


def eat(mouse: Repertoire, bout: Bout, time_s: float, target: tuple[float, float]) -> Posture:
    """Stand with the head at the hopper's bars (`target`, own coordinates), gnawing."""
    posture = mouse.at_hopper.copy()
    base.reach(posture, base.MUZZLE, *target)
    strength = 0.7 + 0.3 * math.sin(_TURN * 0.5 * time_s + bout.phases[0])
    beat = math.sin(_TURN * (4.2 + bout.vigor) * time_s + bout.phases[1])
    base.lean(posture, 0.018 * _wander(0.9 * time_s, bout, 2) + 0.006 * beat)
    base.turn_head(posture, strength * 0.10 * beat + 0.10 * _wander(1.1 * time_s, bout, 3))
    posture[base.CHEST : base.THIGH, 1] += 1.1 * strength * beat
    for paw, lag in ((base.FORE_PAW, 0.0), (base.FAR_FORE_PAW, 2.0)):
        posture[paw, 1] += 2.0 * math.sin(_TURN * 4.4 * time_s + lag) + 5.0 * _wander(
            time_s, bout, 4
        )
    _swing_tail(posture, 3.0, 0.7 * time_s + bout.phases[6])
    return posture


def drink(mouse: Repertoire, bout: Bout, time_s: float, target: tuple[float, float]) -> Posture:
    """Stand with the nose at the spout's end (`target`, own coordinates), licking."""
    posture = mouse.at_spout.copy()
    lick = math.sin(_TURN * (6.4 + 1.2 * bout.vigor) * time_s + bout.phases[0])
    base.reach(posture, base.NOSE, *target)
    base.turn_head(posture, 0.07 * lick + 0.02 * _wander(time_s, bout, 1))
    posture[base.HEAD : base.THIGH, 0] += 1.9 * lick
    base.lean(posture, 0.008 * _wander(0.7 * time_s, bout, 2))
    posture[base.FORE_PAW : base.HIND_PAW, 1] += 3.0 * _wander(0.8 * time_s, bout, 3)
    _swing_tail(posture, 3.0, 0.6 * time_s + bout.phases[6])
    return posture


def hang(mouse: Repertoire, bout: Bout, time_s: float, lid: float) -> Posture:
    """Cling to the wires `lid` above the ground, pulling, kicking, climbing."""
    posture = mouse.hanging.copy()
    posture[:, 1] += lid - posture[base.HIND_PAW, 1]
    swing = _wander(1.1 * time_s, bout, 0)
    above = posture[:, 1] - lid
    posture[:, 0] -= 0.10 * swing * above
    posture[:, 1] += np.where(above < -4.0, 2.5 * _wander(1.3 * time_s, bout, 3), 0.0)
    base.turn_head(posture, 0.35 * _wander(1.2 * time_s, bout, 1))
    for paw, index in ((base.FORE_PAW, 2), (base.FAR_HIND_PAW, 5), (base.HIND_PAW, 4)):
        posture[paw, 0] += 6.0 * _wander(1.5 * time_s, bout, index)
    _swing_tail(posture, 7.0, 1.3 * time_s + bout.phases[6])
    return posture


def _standing(mouse: Repertoire, style: float) -> tuple[Posture, Posture]:
    if style < 0.30:
        return mouse.neutral, mouse.hunched
    if style < 0.55:
        return mouse.hunched, mouse.neutral
    if style < 0.75:
        return mouse.alert, mouse.neutral
    if style < 0.87:
        return mouse.end_on, mouse.neutral
    return mouse.neutral, mouse.stretched


def _wander(time_s: float, bout: Bout, index: int) -> float:
    """Return a smooth restless value within -1..1 that rarely stands still."""
    phase, other = bout.phases[index % 8], bout.phases[(index + 3) % 8]
    return (
        0.45 * math.sin(_TURN * 0.37 * time_s + phase)
        + 0.35 * math.sin(_TURN * 0.93 * time_s + other)
        + 0.20 * math.sin(_TURN * 1.71 * time_s + phase + 2.0 * other)
    )


def _smooth(value: float) -> float:
    """Return a smooth step from 0 at -1 to 1 at +1."""
    part = min(1.0, max(0.0, 0.5 + 0.5 * value))
    return part * part * (3.0 - 2.0 * part)


def _swing_tail(posture: Posture, reach_px: float, phase: float) -> None:
    for step in range(4):
        posture[base.TAIL + step, 1] += (
            0.35 * (step + 1) * reach_px * 0.4 * math.sin(phase - 0.7 * step)
        )
