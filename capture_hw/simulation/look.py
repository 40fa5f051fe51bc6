"""What makes one simulated cage look different from another."""

from dataclasses import dataclass

import numpy as np

from capture_hw.simulation.behavior import Fur


@dataclass(frozen=True, slots=True)
class Look:
    """Every visible difference between two cages; 1.0 or 0.0 is the published rig."""

    fur: Fur
    mouse_size: float
    mouse_length: float
    mouse_girth: float
    ear_size: float
    tail_length: float
    fur_shift: float
    """Added to the fur's level, full range."""
    panel_gain: float
    panel_slope_x: float
    panel_slope_y: float
    vignette: float
    gamma: float
    camera_x: float
    camera_y: float
    camera_zoom: float
    camera_degrees: float
    blur_px: float
    noise_sigma: float
    bedding_height: float
    bedding_roughness: float
    bedding_gain: float
    crumb_px: float
    hopper_x: float
    hopper_y: float
    hopper_level: float
    bar_strength: float
    reflection_strength: float
    dirt_spots: int
    spout_degrees: float


def draw_look(seed: int, fur: Fur | None, spread: float) -> Look:
    """Draw the look of cage `seed`; `spread` scales how far it departs from the published rig."""
    random = np.random.default_rng([seed, 1])

    def around(middle: float, half: float) -> float:
        return middle + spread * half * float(random.uniform(-1.0, 1.0))

    drawn_fur: Fur = "black" if random.random() < 0.5 else "white"
    return Look(
        fur=drawn_fur if fur is None else fur,
        mouse_size=around(1.0, 0.09),
        mouse_length=around(1.0, 0.05),
        mouse_girth=around(1.0, 0.09),
        ear_size=around(1.0, 0.15),
        tail_length=around(1.0, 0.15),
        fur_shift=around(0.0, 5.0),
        panel_gain=around(1.02, 0.09),
        panel_slope_x=around(0.0, 0.07),
        panel_slope_y=around(0.0, 0.05),
        vignette=max(0.0, around(0.06, 0.06)),
        gamma=around(1.0, 0.12),
        camera_x=around(0.0, 7.0),
        camera_y=around(0.0, 4.0),
        camera_zoom=around(1.0, 0.025),
        camera_degrees=around(0.0, 1.0),
        blur_px=max(0.4, around(0.95, 0.35)),
        noise_sigma=max(1.0, around(2.8, 1.5)),
        bedding_height=around(1.0, 0.25),
        bedding_roughness=max(0.2, around(1.0, 0.7)),
        bedding_gain=around(1.0, 0.15),
        crumb_px=around(7.0, 1.4),
        hopper_x=around(0.0, 7.0),
        hopper_y=around(0.0, 4.0),
        hopper_level=max(8.0, around(19.0, 7.0)),
        bar_strength=max(0.2, around(0.8, 0.35)),
        reflection_strength=max(0.0, around(0.6, 0.5)),
        dirt_spots=int(max(0.0, around(12.0, 12.0))),
        spout_degrees=around(33.0, 9.0),
    )
