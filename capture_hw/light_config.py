"""What the configuration says about light: the photoperiod and the panels that give it."""

from datetime import time
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator

PanelFaultKind: TypeAlias = Literal["silent", "white-dark", "white-on", "ir-dark"]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PanelFault(_Section):
    """A fault that a simulated panel shows on request; seconds since it was opened.

    silent: it answers nothing and gives light as scheduled. white-dark, ir-dark: the lamps give no
    light. white-on: the white lamps cannot be switched off.
    """

    kind: PanelFaultKind
    after_s: float = Field(ge=0)
    for_s: float = Field(gt=0)


class PanelConfig(_Section):
    """A light panel; the simulated one keeps its schedule in a file, as a real one in EEPROM."""

    name: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9][a-z0-9-]{0,30}$",
            description="lower-case letters, digits and hyphens, at most 31",
        ),
    ]
    driver: Literal["simulated"]
    light_file: Path | None = None
    """Where it writes what it shines, for simulated cameras before it."""
    faults: tuple[PanelFault, ...] = ()


class LightConfig(_Section):
    """Day and night in the facility's standard time."""

    lights_on: time = time(7, 0)
    light_hours: float = Field(default=12.0, gt=0, lt=24)
    white_percent: int = Field(default=60, ge=1, le=100)
    ir_percent: int = Field(default=100, ge=1, le=100)
    panel: tuple[PanelConfig, ...] = ()

    @field_validator("lights_on")
    @classmethod
    def _is_standard_time(cls, lights_on: time) -> time:
        if lights_on.tzinfo is not None:
            raise ValueError("is in the facility's standard time already; leave the offset out")
        return lights_on
