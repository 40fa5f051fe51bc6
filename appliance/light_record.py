"""What light there was: a row a minute and at every change, a file a day, for years."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

LightCause: TypeAlias = Literal[
    "start", "minute", "schedule", "override", "override-end", "reason", "upload", "clock", "stop"
]
"""Why a row was written: the worker started or stopped, a minute passed, the schedule changed the
light, a technician began or ended an override, the reason changed, the panel got a program, the
panel's clock was set."""


@dataclass(frozen=True, slots=True)
class LightRow:
    """One panel at one moment; levels in percent, None if unknown."""

    utc_ns: int
    panel: str
    cause: LightCause
    phase: Literal["light", "dark"]
    """As due by the plan."""
    zt_h: float
    white_scheduled: int
    white_commanded: int | None
    white_measured: int | None
    ir_commanded: int | None
    ir_measured: int | None
    clock_off_s: float | None
    author: str
    """Of an override or its end, else empty."""
    text: str
    """The reason, of an override or of a disagreement, else empty."""
