"""The light plans of the panels, from what the rack was started with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from appliance.cage_plan import panel_plan
from appliance.config import ConfigError, RackConfig
from capture_hw.light_plan import LightPlan


@dataclass(frozen=True, slots=True)
class LightSource:
    """Where orders about light go, and where the plans stand."""

    socket: Path
    """Of the lights worker."""
    config: Callable[[], RackConfig]
    """Reads what the rack was started with; raises ConfigError."""


@dataclass(frozen=True, slots=True)
class PlannedLight:
    """The plan of each panel by its name."""

    plans: Mapping[str, LightPlan] = field(default_factory=dict)
    fault: str = "the plan is being read"
    """Why a panel has no plan here, one sentence."""


def planned_light(source: LightSource) -> PlannedLight:
    """Read the plans; takes as long as the disk."""
    try:
        config = source.config()
    except ConfigError as error:
        return PlannedLight(fault=str(error))
    plans = {panel.name: panel_plan(config, panel.name) for panel in config.lights.panel}
    return PlannedLight(plans, "the configuration has no such panel")
