"""What the configuration says about light: photoperiods, their changes, panels that give them."""

from datetime import datetime, time
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from capture_hw.panel_config import PanelConfig, PanelName

LEAST_IR_PERCENT: Final = 25
"""The floor that a panel keeps: cameras must always see."""
LONGEST_CYCLE_H: Final = 72
_DAY_H: Final = 24
_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2105
"""The last whole one of a panel's 32 bits."""
_Hours = Annotated[float, Field(ge=0, le=LONGEST_CYCLE_H)]
_CycleHours = Annotated[float, Field(ge=1, le=LONGEST_CYCLE_H)]
_Minutes = Annotated[float, Field(ge=0, le=720)]
_Percent = Annotated[int, Field(ge=1, le=100)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _standard(moment: datetime | time) -> None:
    if moment.tzinfo is not None:
        raise ValueError("is in the facility's standard time already; leave the offset out")
    if moment.microsecond:
        raise ValueError("must be a whole second")


class LightChange(_Section):
    """Another photoperiod from a moment on; keys that are not given go on as before."""

    at: datetime
    """In the facility's standard time; a date alone is its midnight."""
    panels: tuple[PanelName, ...] = ()
    """The panels that it concerns; without it all, and the cages without a panel."""
    lights_on: time | None = None
    """If given, ZT0 is there on the day of `at`; if not, ZT goes on counting."""
    light_hours: _Hours | None = None
    cycle_hours: _CycleHours | None = None
    dawn_minutes: _Minutes | None = None
    dusk_minutes: _Minutes | None = None
    skeleton_minutes: _Minutes | None = None
    white_percent: _Percent | None = None

    @field_validator("at")
    @classmethod
    def _is_storable(cls, at: datetime) -> datetime:
        _standard(at)
        if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
            raise ValueError(f"must lie in the years {_FIRST_YEAR} to {_LAST_YEAR}")
        return at

    @field_validator("lights_on")
    @classmethod
    def _is_standard_time(cls, lights_on: time | None) -> time | None:
        if lights_on is not None:
            _standard(lights_on)
        return lights_on

    @field_validator("panels")
    @classmethod
    def _names_panels(cls, panels: tuple[str, ...]) -> tuple[str, ...]:
        if not panels:
            raise ValueError("names no panel; leave it out to mean all")
        return panels

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.model_fields_set - {"at", "panels"}:
            raise ValueError("changes nothing; give it a key such as `lights_on`")
        return self


class LightConfig(_Section):
    """Day and night in the facility's standard time."""

    lights_on: time = time(7, 0)
    """ZT0."""
    light_hours: _Hours = 12.0
    """0 is constant dark, the whole cycle constant light."""
    cycle_hours: _CycleHours = 24.0
    dawn_minutes: _Minutes = 0.0
    """White light rises evenly, from lights on."""
    dusk_minutes: _Minutes = 0.0
    """White light falls evenly, until lights off."""
    skeleton_minutes: _Minutes = 0.0
    """Light only so long after lights on and before lights off; 0 is light all the time."""
    white_percent: _Percent = 60
    ir_percent: int = Field(default=100, ge=LEAST_IR_PERCENT, le=100)
    change: tuple[LightChange, ...] = ()
    panel: tuple[PanelConfig, ...] = ()

    @field_validator("lights_on")
    @classmethod
    def _is_standard_time(cls, lights_on: time) -> time:
        _standard(lights_on)
        return lights_on

    @field_validator("cycle_hours")
    @classmethod
    def _needs_no_first_day(cls, cycle_hours: float) -> float:
        if cycle_hours != _DAY_H:
            raise ValueError("a cycle of other than 24 h needs a first day: use [[lights.change]]")
        return cycle_hours
