"""What is seen around the cage: shelf, LED strip, side boards, backlight panel, floor board."""

import numpy as np

from capture_hw.simulation.canvas import SCALE, Canvas
from capture_hw.simulation.look import Look
from capture_hw.simulation.rig import HEIGHT, WIDTH

_LED_PITCH_PX = 17.6
_LED_LEFT_X, _LED_RIGHT_X = 82, 622


def draw_surrounding(canvas: Canvas, look: Look, random: np.random.Generator) -> None:
    """Draw everything behind and around the cage onto an empty canvas."""
    _draw_boards(canvas)
    _draw_panel(canvas)
    _draw_led_strip(canvas, random)
    _draw_shelf(canvas)
    _draw_floor_board(canvas)
    _draw_bottle(canvas, look)


def _draw_boards(canvas: Canvas) -> None:
    y = np.linspace(0.0, HEIGHT, canvas.plane.shape[0], dtype=np.float32)
    canvas.plane[:] = np.interp(y, [0, 90, 200, 330, 440, 520], [60, 95, 120, 121, 112, 70])[
        :, None
    ]
    canvas.fill(((0, 60), (80, 115), (80, 150), (0, 150)), 100, 0.8, 5)
    canvas.box(660, 60, 700, 130, 92, 0.7, 8)
    canvas.box(-5, 40, 14, 500, 96, 0.6, 8)


def _draw_panel(canvas: Canvas) -> None:
    canvas.box(78, 118, 626, 470, 181, 1.0, 2)
    rows = np.arange(canvas.plane.shape[0], dtype=np.float32) / SCALE
    at = [118, 200, 230, 255, 300, 345, 365, 378, 392, 420]
    levels = [190, 197, 195, 178, 180, 184, 190, 201, 219, 224]
    span = np.s_[118 * SCALE : 470 * SCALE, 98 * SCALE : 606 * SCALE]
    canvas.plane[span] = np.interp(rows, at, levels)[span[0], None]
    canvas.fill(((330, 370), (560, 366), (560, 400), (330, 400)), 224, 0.5, 14)
    canvas.box(250, 380, 330, 400, 214, 0.5, 12)


def _draw_led_strip(canvas: Canvas, random: np.random.Generator) -> None:
    canvas.box(78, 113, 640, 146, 197, 1.0, 1)
    canvas.box(78, 117, 626, 121.5, 246, 1.0, 0.9)
    canvas.box(626, 100, 704, 146, 150, 0.8, 9)
    for index in range(int((_LED_RIGHT_X - _LED_LEFT_X) / _LED_PITCH_PX) + 1):
        x = _LED_LEFT_X + 6 + index * _LED_PITCH_PX
        strength = float(random.uniform(0.7, 1.0))
        canvas.box(x - 4, 115.5, x + 4, 122.5, 255, 1.0 * strength, 1.4)
        canvas.line(((x, 122), (x, 141)), 232, 6, 0.5 * strength, 2.0)
        canvas.line(((x + 8.8, 124), (x + 8.8, 143)), 160, 4, 0.30, 2.0)
    canvas.box(78, 118, 160, 146, 214, 0.5, 6)


def _draw_shelf(canvas: Canvas) -> None:
    canvas.fill(((12, 0), (626, 0), (626, 110), (78, 116), (30, 84), (12, 72)), 16, 1.0, 1.0)
    canvas.fill(((180, 104), (626, 101), (626, 112), (180, 112)), 34, 0.7, 2.0)
    canvas.box(626, 0, 660, 112, 80, 0.6, 3)
    canvas.fill(((340, 108), (372, 106), (372, 113), (356, 116)), 16, 0.9, 0.8)


def _draw_floor_board(canvas: Canvas) -> None:
    canvas.fill(((0, 446), (80, 432), (626, 432), (704, 446), (704, 576), (0, 576)), 62, 1.0, 5)
    canvas.fill(((0, 462), (704, 462), (704, 486), (0, 486)), 41, 1.0, 3)
    canvas.box(0, 483, WIDTH, 490, 10, 0.9, 1.0)
    canvas.box(0, 490, WIDTH, HEIGHT, 24, 1.0, 3)
    canvas.box(300, 472, 640, 486, 56, 0.5, 10)
    canvas.line(((650, 431), (712, 462)), 24, 8, 1.0, 0.8)
    canvas.line(((652, 427), (712, 456)), 92, 3, 0.6, 1.0)
    canvas.line(((16, 480), (0, 460)), 100, 14, 0.5, 5)


def _draw_bottle(canvas: Canvas, look: Look) -> None:
    x = look.hopper_x
    outline = ((146 + x, 140), (153 + x, 112), (172 + x, 98), (190 + x, 104), (246 + x, 142))
    canvas.fill(outline, 120, 0.75, 1.5)
    canvas.fill(((156 + x, 141), (166 + x, 118), (190 + x, 120), (206 + x, 140)), 230, 0.55, 2.5)
    canvas.line(outline, 42, 2.4, 0.8, 0.6)
    canvas.line(((163 + x, 106), (180 + x, 110), (205 + x, 124)), 215, 2.0, 0.5, 0.8)
    canvas.line(((178 + x, 101), (168 + x, 120), (160 + x, 138)), 60, 1.6, 0.5, 0.8)
