"""The cage itself, in front of the backlight: walls, wire lid, hopper, spout and rails."""

import math

import numpy as np

from capture_hw.simulation.canvas import Canvas, arc
from capture_hw.simulation.look import Look
from capture_hw.simulation.rig import HOPPER, RAIL_Y, SPOUT_ROOT, SPOUT_TIP


def spout_tip(look: Look) -> tuple[float, float]:
    """Return where the spout ends, scene pixels."""
    length = math.dist(SPOUT_ROOT, SPOUT_TIP)
    angle = math.radians(look.spout_degrees)
    root_x, root_y = SPOUT_ROOT[0] + look.hopper_x, SPOUT_ROOT[1] + look.hopper_y
    return root_x + length * math.cos(angle), root_y + length * math.sin(angle)


def draw_shell(canvas: Canvas, cover: Canvas, look: Look, random: np.random.Generator) -> None:
    """Draw the cage onto the scene, and what hides the mouse (0..1) onto `cover`."""
    _draw_back_corners(canvas)
    _draw_lid_underside(canvas)
    _draw_wires(canvas, random)
    _draw_dirt(canvas, look, random)
    _draw_side_walls(canvas)
    _draw_spout(canvas, look)
    _draw_hopper(canvas, cover, look)
    _draw_rails(canvas, cover, look)
    _draw_reflections(canvas, cover, look, random)
    _draw_rim(canvas)
    _draw_feet(canvas)


def _draw_back_corners(canvas: Canvas) -> None:
    for side, inner in ((1.0, 92.0), (-1.0, 608.0)):
        canvas.box(*_upright_box(inner, inner + side * 16, 160, 400), 199, 0.8, 3)
        canvas.box(*_upright_box(inner - side * 56, inner - side * 4, 160, 420), 173, 0.9, 3)
        canvas.line(((inner - side * 4, 178), (inner - side * 4, 402)), 150, 2, 0.35, 1)
        canvas.line(((inner + side * 20, 182), (inner + side * 20, 390)), 168, 2.5, 0.6, 1.2)
        canvas.line(((inner + side * 44, 265), (inner + side * 47, 350)), 164, 4, 0.35, 2.5)
        canvas.line(((inner + side * 58, 262), (inner + side * 62, 380)), 204, 6, 0.35, 3)


def _upright_box(
    x0: float, x1: float, top: float, bottom: float
) -> tuple[float, float, float, float]:
    """Return (left, top, right, bottom) whatever the order of the two x."""
    return min(x0, x1), top, max(x0, x1), bottom


def _draw_lid_underside(canvas: Canvas) -> None:
    for index in range(8):
        y0, y1 = 158 + index * 5.6, 158 + (index + 1) * 5.6 + 0.5
        inset = 90.0 - 90.0 * index / 8.0
        level = 62 + 5.5 * index
        canvas.fill(
            ((374, y0), (588 + inset, y0), (588 + inset - 11, y1), (374, y1)), level, 0.95, 0.7
        )
    canvas.line(((376, 202.5), (586, 202.5)), 40, 2.6, 0.75, 0.7)
    canvas.line(((376, 199), (584, 199)), 126, 2.2, 0.5, 0.7)
    canvas.line(((378, 206), (560, 206)), 212, 2, 0.4, 0.8)


def _draw_wires(canvas: Canvas, random: np.random.Generator) -> None:
    for index in range(13):
        t = index / 12.0
        for x, y, lean in ((36 + 66 * t, 160 + 27 * t, 1.0), (668 - 76 * t, 159 + 36 * t, -1.0)):
            tall = 5.0 + 3.0 * float(random.random())
            canvas.line(((x, y), (x + 2.0 * lean, y + tall)), 30, 2.4, 0.8, 0.5)
            canvas.line(((x + 3 * lean, y + 2), (x + 5.0 * lean, y + 1 + tall)), 208, 1.6, 0.7, 0.5)
    canvas.fill(((34, 156), (112, 156), (104, 182), (84, 176), (60, 166)), 30, 0.7, 1.5)
    canvas.line(((670, 158), (586, 203)), 60, 2.5, 0.5, 0.9)


def _draw_dirt(canvas: Canvas, look: Look, random: np.random.Generator) -> None:
    for _ in range(look.dirt_spots):
        x, y = float(random.uniform(60, 640)), float(random.uniform(210, 380))
        radius = float(random.uniform(1.0, 5.0))
        stretch = float(random.uniform(0.7, 2.5))
        level = float(random.choice((150.0, 208.0)))
        canvas.fill(arc((x, y), (radius, radius * stretch), 0, 360), level, 0.35, 1.5)


def _draw_side_walls(canvas: Canvas) -> None:
    right = [(684, 164), (677, 300), (667, 392), *arc((640, 412), (27, 37), 0, 80), (630, 450)]
    left = [(22, 164), (29, 300), (36, 388), *arc((72, 408), (36, 41), 180, 98), (84, 450)]
    for outline, inward in ((left, 1.0), (right, -1.0)):
        canvas.line(outline, 84, 6, 0.65, 0.9)
        inner = [(x + inward * 7.0, y - 1.0) for x, y in outline]
        canvas.line(inner, 182, 4, 0.6, 1.2)
        canvas.line([(x + inward * 12.0, y - 2.0) for x, y in outline], 104, 2.2, 0.5, 0.7)
        canvas.line([(x + inward * 26.0, y) for x, y in outline[:2]], 205, 8, 0.25, 3)
        canvas.line([(x - inward * 6.0, y) for x, y in outline[:4]], 138, 3, 0.6, 1.0)
    canvas.line(((80, 452), (200, 453), (500, 453), (632, 452)), 96, 2.5, 0.6, 1.0)
    canvas.box(676, 158, 684, 182, 20, 0.8, 0.8)


def _draw_spout(canvas: Canvas, look: Look) -> None:
    root = (SPOUT_ROOT[0] + look.hopper_x - 6, SPOUT_ROOT[1] + look.hopper_y - 4)
    canvas.line((root, spout_tip(look)), 46, 8.5, 1.0, 0.7)
    offset_root = (root[0] + 1.5, root[1] - 2.5)
    tip = spout_tip(look)
    canvas.line((offset_root, (tip[0] - 1.0, tip[1] - 3.0)), 92, 2.0, 0.6, 0.8)


def _draw_hopper(canvas: Canvas, cover: Canvas, look: Look) -> None:
    x, y = look.hopper_x, look.hopper_y
    outline = [(px + x, py + (y if py > 170 else 0)) for px, py in HOPPER]
    canvas.fill(outline, look.hopper_level, 1.0, 0.9)
    cover.fill(outline, 1.0, 1.0, 0.8)
    for left, right in ((154, 238), (255, 341)):
        canvas.box(left + x, 161, right + x, 174, 176, 1.0, 0.9)
        canvas.line(((left + x, 173), (right + x, 173)), 216, 1.6, 0.7, 0.7)
    canvas.line(((282 + x, 158), (292 + x, 170)), 46, 5, 0.8, 1.2)
    canvas.line(((371 + x, 160), (369.5 + x, 325 + y)), 168, 2.2, 0.75, 0.7)
    canvas.box(306 + x, 316 + y, 354 + x, 319.5 + y, 190, 0.8, 0.9)
    canvas.box(288 + x, 316 + y, 301 + x, 319 + y, 130, 0.8, 1.0)
    canvas.line(((280 + x, 327 + y), (370 + x, 327 + y)), 8, 3.5, 0.8, 0.6)
    canvas.line(((188 + x, 254 + y), (368 + x, 254 + y)), 32, 5, 0.6, 1.2)
    canvas.line(((200 + x, 200 + y), (340 + x, 206 + y)), look.hopper_level + 7, 40, 0.6, 9)


def _draw_rails(canvas: Canvas, cover: Canvas, look: Look) -> None:
    strength = look.bar_strength
    runs = (
        ((114, RAIL_Y), (190, RAIL_Y)),
        ((376, RAIL_Y), (578, RAIL_Y)),
        ((40, 230), (62, 238), (114, 238)),
        ((584, 237), (634, 236)),
    )
    for run in runs:
        canvas.line(run, 148, 6.5, 0.7 * strength, 0.9)
        canvas.line([(x, y - 1.2) for x, y in run], 222, 2.2, 0.8 * strength, 0.7)
        canvas.line([(x, y + 3.2) for x, y in run], 116, 1.8, 0.6 * strength, 0.7)
        cover.line(run, min(1.0, 0.75 * strength), 5.5, 1.0, 0.8)
    for x, lean in ((118, -1.0), (574, 1.0)):
        canvas.fill(((x - 3, 234), (x + 5, 232), (x + 5, 248), (x - 2, 250)), 84, 0.7, 0.9)
        hook_x = x - 14 * lean
        canvas.line(((hook_x + 2 * lean, 257), (hook_x, 268), (hook_x, 292)), 122, 2.4, 0.7, 0.7)


def _draw_reflections(
    canvas: Canvas, cover: Canvas, look: Look, random: np.random.Generator
) -> None:
    shine = look.reflection_strength
    for index in range(7):
        x = 430 + 17.5 * index + float(random.uniform(-3, 3))
        y = RAIL_Y + 1.0 + float(random.uniform(-2.0, 2.5))
        canvas.fill(arc((x, y), (2.8, 2.2), 0, 360), 248, min(1.0, 1.2 * shine), 0.8)
        cover.fill(arc((x, y), (2.5, 2.0), 0, 360), 1.0, min(1.0, shine), 0.8)
    canvas.line(((384, 262), (520, 262)), 206, 3, 0.5 * shine, 1.2)
    canvas.line(((384, 268), (500, 266)), 160, 2, 0.3 * shine, 1.2)
    canvas.line(((48, 190), (52, 176), (44, 200)), 60, 4, 0.7 * shine, 1.2)
    canvas.line(((70, 182), (86, 200), (80, 222)), 118, 5, 0.5 * shine, 2)
    canvas.line(((48, 250), (46, 310)), 118, 1.6, 0.5 * shine, 0.8)
    canvas.line(((602, 232), (600, 290)), 150, 1.6, 0.5 * shine, 0.8)
    canvas.line(((660, 180), (657, 260)), 202, 2.4, 0.5 * shine, 1.0)


def _draw_rim(canvas: Canvas) -> None:
    canvas.fill(((22, 143), (684, 141), (690, 150), (18, 152)), 118, 0.9, 1.2)
    canvas.line(((24, 149.5), (684, 147.5)), 224, 2.2, 0.85, 0.8)
    canvas.line(((24, 153.5), (682, 151.5)), 92, 2.2, 0.7, 0.7)
    canvas.line(((26, 157.5), (680, 155)), 22, 5.0, 0.9, 0.9)
    canvas.line(((374, 160), (640, 158)), 78, 3, 0.6, 0.8)


def _draw_feet(canvas: Canvas) -> None:
    for x in (53.0, 645.0):
        canvas.box(x - 10, 449, x + 10, 472, 14, 1.0, 0.9)
        canvas.box(x - 9, 444, x + 9, 450, 86, 0.9, 1.0)
        canvas.line(((x - 9, 444), (x + 9, 444)), 140, 1.6, 0.6, 0.7)
        canvas.line(((x + 4, 453), (x + 4, 470)), 44, 3, 0.6, 1.2)
