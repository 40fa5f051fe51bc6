"""The schedule that a light panel runs by itself."""

import binascii
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from capture_hw.light_config import LightConfig
from capture_hw.photoperiod import Phase, Photoperiod

_SECOND_NS: Final = 1_000_000_000
_DAY_S: Final = 86_400
_CRC_START: Final = 0xFFFF


class PanelSchedule(BaseModel):
    """Lights on and off once a day, and how bright; whole seconds, as a panel keeps them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lights_on_utc_s: int = Field(ge=0, lt=_DAY_S)
    """Seconds from midnight UTC to lights on."""
    light_s: int = Field(ge=0, le=_DAY_S)
    white_percent: int = Field(ge=0, le=100)
    """In the light phase; 0 in the dark."""
    ir_percent: int = Field(ge=0, le=100)
    """Always."""

    @property
    def crc(self) -> int:
        """Return the CRC-16 that a host and a panel compare before a commit.

        Source: CRC-16/IBM-3740 (polynomial 0x1021, start 0xFFFF) over the four numbers, separated
        by spaces.
        """
        numbers = (self.lights_on_utc_s, self.light_s, self.white_percent, self.ir_percent)
        return binascii.crc_hqx(" ".join(map(str, numbers)).encode("ascii"), _CRC_START)

    def phase(self, utc_ns: int) -> Phase:
        """Return whether it is light."""
        return Photoperiod(self.lights_on_utc_s * _SECOND_NS, self.light_s * _SECOND_NS).phase(
            utc_ns
        )

    def white_at(self, utc_ns: int) -> int:
        """Return the white level of a moment, in percent."""
        return self.white_percent if self.phase(utc_ns) == "light" else 0


def schedule_of(config: LightConfig, photoperiod: Photoperiod) -> PanelSchedule:
    """Return what a panel should run."""
    return PanelSchedule(
        lights_on_utc_s=photoperiod.lights_on_utc_ns // _SECOND_NS,
        light_s=round(photoperiod.light_ns / _SECOND_NS),
        white_percent=config.white_percent,
        ir_percent=config.ir_percent,
    )
