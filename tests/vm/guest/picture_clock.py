"""Tell frames apart by what is in the picture, whatever number the driver gives them.

A gray ramp moves to the left by four columns with every frame that the virtual card makes, also
with those that it then drops. Source: tpg_update_mv_step and tpg_update_mv_count of
drivers/media/common/v4l2-tpg/v4l2-tpg-core.c, Linux 6.1: "slow" is 2 columns a field.
"""

from typing import Final

import numpy as np

from capture_hw.camera import CapturedFrame
from tests.vm.guest.card import NO_TEXT, RAMP, Card

WIDTH: Final = 720
HEIGHT: Final = 576
_MOVE_LEFT_SLOWLY: Final = 2
_COLUMNS_A_FRAME: Final = 4
PERIOD: Final = WIDTH // _COLUMNS_A_FRAME
"""After so many frames the picture is the same again: 7.2 s."""


def start_ramp(card: Card) -> None:
    """Let the ramp move, with nothing else in the picture."""
    card.set(test_pattern=RAMP, horizontal_movement=_MOVE_LEFT_SLOWLY, osd_text_mode=NO_TEXT)


def frames_between(earlier: CapturedFrame, later: CapturedFrame) -> int:
    """Give how many frames the card has made from one to the other, modulo `PERIOD`."""
    moved = _edge(earlier) - _edge(later)
    assert moved % _COLUMNS_A_FRAME == 0, f"the ramp has moved by {moved} columns"
    return moved % WIDTH // _COLUMNS_A_FRAME


def _edge(frame: CapturedFrame) -> int:
    """Find the column where white becomes black."""
    assert isinstance(frame.content, np.ndarray)
    row = frame.content[HEIGHT // 2].astype(np.int16)
    return int(np.argmin(np.roll(row, -1) - row))
