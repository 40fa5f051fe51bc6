"""What the configuration says about light: the photoperiod and the panels that give it."""

from datetime import time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PanelConfig(_Section):
    """A light panel; the simulated one keeps its schedule in a file, as a real one in EEPROM."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
    driver: Literal["simulated"]


class LightConfig(_Section):
    """Day and night in the facility's standard time."""

    lights_on: time = time(7, 0)
    light_hours: float = Field(default=12.0, gt=0, lt=24)
    white_percent: int = Field(default=60, ge=1, le=100)
    ir_percent: int = Field(default=100, ge=1, le=100)
    panel: tuple[PanelConfig, ...] = ()
