"""Which light plan counts where: for the rack, for a panel, for a cage."""

import time

from appliance.config import CageSection, RackConfig
from capture_hw.light_plan import LightPlan
from capture_hw.light_setting import plan_of
from capture_hw.simulation.mouse_day import MouseDay


def rack_plan(config: RackConfig) -> LightPlan:
    """Return the plan of everything that no panel of its own lights; ZT of the rack's messages."""
    return plan_of(config.lights, config.standard_time)


def panel_plan(config: RackConfig, panel: str) -> LightPlan:
    """Return the plan of the panel of this name."""
    return plan_of(config.lights, config.standard_time, panel)


def cage_plan(config: RackConfig, cage: CageSection) -> LightPlan:
    """Return the plan of the panel behind a cage, or the rack's if none is named."""
    return plan_of(config.lights, config.standard_time, cage.panel)


def mouse_day(config: RackConfig, cage: CageSection) -> MouseDay:
    """Return what a simulated mouse in a cage lives by; its frame 0 is at monotonic zero."""
    return MouseDay(time.time_ns() - time.monotonic_ns(), cage_plan(config, cage))
