"""The fixed geometry of the published rig, in pixels of its 704x576 picture.

Source: Figure 2 of the paper (a representative frame per behavior); its panels show rows 70..490.
x grows to the right, y grows downward. Levels are full range (0..255) before the camera's range.
"""

from typing import Final

FPS: Final = 25
WIDTH: Final = 704
HEIGHT: Final = 576

GROUND_Y: Final = 421.0
"""Where the feet of a mouse in the middle of the cage stand."""
FLOOR_Y: Final = 448.0
"""Inner lower edge of the cage wall nearest to the camera."""
LID_Y: Final = 168.0
"""As high as a mouse can stand."""
LID_GRIP_Y: Final = 189.0
"""Height at which a hanging mouse holds the wires."""

FLOOR_LEFT_X: Final = 52.0
FLOOR_RIGHT_X: Final = 655.0
WALK_LEFT_X: Final = 128.0
WALK_RIGHT_X: Final = 582.0
"""Range of the middle of a walking mouse; its nose then touches the wall."""

HOPPER: Final = ((84.0, 160.0), (373.0, 160.0), (372.0, 328.0), (279.0, 328.0), (184.0, 250.0))
"""Food hopper hanging from the lid; the mouse gnaws between the last two corners."""
SPOUT_ROOT: Final = (371.0, 264.0)
SPOUT_TIP: Final = (399.0, 282.0)
RAIL_Y: Final = 253.0
