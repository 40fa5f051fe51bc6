"""The postures that a mouse's movements start from.

Source: measured on Figure 2 of the paper, mouse by mouse.
"""

import numpy as np

from capture_hw.simulation.posture import (
    CORE,
    EAR,
    FAR_EAR,
    FORE_PAW,
    HEAD,
    MUZZLE,
    POINTS,
    TAIL,
    Posture,
)

_EAR_ALONG, _EAR_UP, _EAR_RADIUS = -6.0, 11.5, 8.0

Points = tuple[tuple[float, float, float], ...]
Places = tuple[tuple[float, float], ...]


def _posture(core: Points, paws: Places, tail: Places, ears: Points | None = None) -> Posture:
    """Assemble a posture; without `ears` they sit on the head as seen from the side."""
    points = np.zeros((POINTS, 3))
    points[:CORE] = core
    points[FORE_PAW:TAIL, :2] = paws
    points[FORE_PAW:TAIL, 2] = 3.2
    points[TAIL:EAR, :2] = tail
    points[TAIL:EAR, 2] = (2.3, 1.8, 1.5, 0.9)
    if ears is not None:
        points[EAR:] = ears
        return points
    axis = points[MUZZLE, :2] - points[HEAD, :2]
    axis /= np.hypot(*axis)
    for row, shift, radius in ((EAR, 0.0, _EAR_RADIUS), (FAR_EAR, 6.0, 0.85 * _EAR_RADIUS)):
        along, up = _EAR_ALONG + shift, _EAR_UP
        place = points[HEAD, :2] + along * axis + up * np.array((-axis[1], axis[0]))
        points[row] = (*place, radius)
    return points


def neutral() -> Posture:
    """Return a mouse that stands on four feet, back arched."""
    return _posture(
        (
            (-40, 25, 21),
            (-32, 37, 28),
            (-14, 45, 30),
            (8, 42, 27),
            (24, 36, 22),
            (35, 33, 17),
            (47, 32, 14.5),
            (59, 27, 9),
            (66, 25, 5),
            (-25, 22, 22),
        ),
        ((28, 4), (36, 3), (-16, 2), (-30, 2)),
        ((-64, 17), (-86, 12), (-112, 12), (-138, 14)),
    )


def hunched() -> Posture:
    """Return a mouse that sits short and high with the head low in front."""
    return _posture(
        (
            (-28, 22, 22),
            (-28, 38, 28),
            (-14, 52, 29),
            (6, 52, 26),
            (22, 42, 22),
            (31, 34, 17),
            (39, 27, 14.5),
            (47, 18, 9),
            (51, 13, 5),
            (-16, 20, 21),
        ),
        ((26, 4), (32, 3), (-4, 2), (-18, 2)),
        ((-52, 15), (-76, 10), (-102, 11), (-124, 15)),
    )


def alert() -> Posture:
    """Return a mouse that sits with the head raised."""
    return _posture(
        (
            (-34, 22, 22),
            (-30, 35, 28),
            (-16, 48, 28),
            (2, 56, 25),
            (16, 58, 21),
            (27, 60, 16.5),
            (39, 63, 14.5),
            (51, 62, 9),
            (58, 62, 5),
            (-20, 21, 22),
        ),
        ((26, 12), (32, 10), (-8, 2), (-22, 2)),
        ((-58, 14), (-82, 9), (-110, 10), (-134, 13)),
    )


def stretched() -> Posture:
    """Return a mouse that walks or reaches forward, body long and low."""
    return _posture(
        (
            (-58, 27, 18),
            (-44, 37, 26),
            (-18, 42, 29),
            (12, 38, 25),
            (32, 33, 21),
            (46, 30, 17),
            (58, 29, 14.5),
            (71, 25, 9),
            (79, 23, 5),
            (-38, 24, 20),
        ),
        ((34, 3), (44, 4), (-30, 2), (-46, 2)),
        ((-82, 21), (-108, 15), (-136, 13), (-164, 14)),
    )


def end_on() -> Posture:
    """Return a mouse that faces the camera or turns its back to it."""
    return _posture(
        (
            (0, 22, 31),
            (0, 30, 32),
            (0, 42, 31),
            (1, 54, 26),
            (2, 62, 21),
            (3, 68, 17),
            (4, 72, 15.5),
            (6, 66, 11),
            (7, 61, 7),
            (0, 18, 28),
        ),
        ((-12, 4), (14, 4), (-22, 2), (24, 2)),
        ((22, 12), (40, 8), (58, 9), (74, 14)),
        ((-12, 84, 9), (19, 84, 9)),
    )


def sitting_groom() -> Posture:
    """Return a mouse that sits up with a rounded back and the paws at its face."""
    return _posture(
        (
            (-15, 18, 22),
            (-17, 34, 25),
            (-13, 52, 26),
            (-3, 64, 24),
            (7, 69, 20.5),
            (15, 67, 17),
            (23, 61, 14),
            (30, 51, 9),
            (33, 44, 4.5),
            (0, 20, 20.5),
        ),
        ((34, 46), (38, 49), (14, 2), (4, 2)),
        ((-40, 10), (-62, 7), (-84, 9), (-104, 14)),
    )


def flank_groom() -> Posture:
    """Return a mouse that sits and bends its head down to its flank."""
    return _posture(
        (
            (-20, 18, 24),
            (-24, 34, 28),
            (-18, 51, 28),
            (-2, 60, 25),
            (13, 56, 21),
            (21, 47, 17),
            (23, 36, 14.5),
            (15, 28, 9.5),
            (9, 24, 6),
            (2, 16, 19),
        ),
        ((24, 12), (30, 16), (22, 3), (6, 2)),
        ((-44, 10), (-66, 7), (-86, 9), (-106, 13)),
        ((33, 44, 9), (30, 37, 7)),
    )


def curled() -> Posture:
    """Return a mouse that sleeps as a low round ball."""
    return _posture(
        (
            (-27, 20, 22),
            (-33, 29, 25),
            (-18, 39, 28),
            (4, 39, 28),
            (22, 31, 24),
            (32, 23, 18),
            (35, 16, 14.5),
            (27, 11, 10),
            (21, 8, 7),
            (-12, 18, 20),
        ),
        ((20, 3), (26, 3), (2, 2), (-8, 2)),
        ((-42, 8), (-26, 3), (-4, 3), (18, 4)),
    )


def dozing() -> Posture:
    """Return a mouse that sleeps on its feet, high in the back, nose to the ground."""
    return _posture(
        (
            (-27, 20, 23),
            (-27, 36, 28),
            (-12, 47, 29),
            (6, 44, 27),
            (18, 32, 22),
            (23, 23, 18),
            (24, 15, 15),
            (20, 9, 10),
            (17, 6, 7),
            (-10, 18, 21),
        ),
        ((18, 2), (24, 2), (0, 1), (-12, 1)),
        ((-46, 9), (-58, 5), (-64, 4), (-74, 5)),
    )


def half_upright() -> Posture:
    """Return a mouse that stands up free on its hind feet."""
    return _posture(
        (
            (-10, 24, 19),
            (-8, 44, 25),
            (-3, 74, 27),
            (6, 104, 24),
            (14, 126, 20),
            (21, 141, 16.5),
            (30, 153, 14.5),
            (41, 158, 9),
            (48, 160, 5),
            (-4, 26, 21),
        ),
        ((28, 106), (31, 112), (6, 2), (-8, 2)),
        ((-30, 12), (-52, 7), (-78, 6), (-102, 9)),
    )


def tall_upright() -> Posture:
    """Return a mouse that stands stretched along a wall."""
    return _posture(
        (
            (-4, 26, 13),
            (3, 52, 20),
            (14, 92, 25),
            (25, 134, 23),
            (33, 166, 20),
            (38, 188, 17),
            (43, 208, 14.5),
            (48, 224, 9),
            (50, 232, 5),
            (2, 40, 16),
        ),
        ((58, 150), (60, 166), (6, 2), (-6, 2)),
        ((-18, 18), (-34, 10), (-58, 6), (-84, 7)),
    )


def at_hopper() -> Posture:
    """Return a mouse that stands at the hopper with its head up at the bars."""
    return _posture(
        (
            (-3, 20, 19),
            (-2, 42, 24),
            (3, 72, 25),
            (10, 100, 23),
            (16, 119, 20),
            (20, 133, 16),
            (25, 147, 13.5),
            (32, 160, 9),
            (36, 167, 5.5),
            (0, 24, 20),
        ),
        ((42, 118), (44, 126), (8, 2), (-10, 2)),
        ((-24, 10), (-46, 6), (-72, 5), (-96, 8)),
        ((5, 144, 9), (10, 152, 7)),
    )


def at_spout() -> Posture:
    """Return a mouse that leans up to the spout, nose highest."""
    return _posture(
        (
            (-14, 25, 17),
            (-6, 42, 22),
            (8, 63, 24),
            (25, 87, 22),
            (38, 104, 18),
            (48, 114, 14.5),
            (57, 122, 13),
            (68, 130, 8),
            (75, 134, 4),
            (-6, 26, 19),
        ),
        ((50, 62), (54, 70), (4, 2), (-8, 2)),
        ((-36, 24), (-60, 18), (-88, 15), (-112, 10)),
    )


def hanging() -> Posture:
    """Return a mouse that clings to the lid, back down; its feet are at the wires."""
    return _posture(
        (
            (-42, 208, 18),
            (-33, 204, 24),
            (-12, 199, 27),
            (11, 201, 27),
            (26, 209, 22),
            (35, 212, 17),
            (45, 209, 14.5),
            (55, 201, 9),
            (60, 195, 5),
            (-34, 214, 19),
        ),
        ((32, 233), (22, 232), (-26, 233), (-40, 232)),
        ((-58, 200), (-70, 190), (-80, 184), (-92, 186)),
    )
