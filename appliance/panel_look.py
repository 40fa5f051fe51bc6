"""What a look at a panel gives: its state as reported, and what has happened since the last one."""

from dataclasses import dataclass
from typing import Final

from appliance.event import LightsCause
from appliance.report import PanelDetail

REMARK_S: Final = 60.0
"""So long people are told of what is over already, such as a restart."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that was done to a panel, or that it did."""

    cause: LightsCause
    text: str
    author: str = ""


@dataclass(frozen=True, slots=True)
class PanelLook:
    """One look at one panel."""

    utc_ns: int
    zt_h: float
    detail: PanelDetail
    is_ramp: bool
    """Whether white light is due to rise or fall just now."""
    happenings: tuple[Happening, ...] = ()
