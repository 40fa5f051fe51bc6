"""The program that a light panel runs by itself: a light plan in the panel's own bytes."""

import binascii
import struct
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from capture_hw.light_plan import Era, LightPlan

MOST_ERAS: Final = 8
MOST_SPANS: Final = 40
"""Of all eras together. Source: docs/panel-protocol.md, "Program"."""
_CRC_START: Final = 0xFFFF
_HEAD: Final = struct.Struct("<HBB")
_ERA: Final = struct.Struct("<IIIBB")
_SPAN: Final = struct.Struct("<IHH")


@dataclass(frozen=True)
class PanelProgram:
    """Infrared light, always, and the eras of white light."""

    ir_permille: int
    eras: tuple[Era, ...]

    @cached_property
    def image(self) -> bytes:
        """Return the bytes that a panel keeps. Source: docs/panel-protocol.md, "Program"."""
        spans = [span for era in self.eras for span in era.photoperiod.spans]
        image = _HEAD.pack(self.ir_permille, len(self.eras), len(spans))
        first = 0
        for era in self.eras:
            own = era.photoperiod
            image += _ERA.pack(era.from_utc_s, own.zero_utc_s, own.cycle_s, first, len(own.spans))
            first += len(own.spans)
        return image + b"".join(
            _SPAN.pack(span.start_s, span.from_permille, span.to_permille) for span in spans
        )

    @cached_property
    def crc(self) -> int:
        """Return the CRC-16/IBM-3740 of the image (polynomial 0x1021, start 0xFFFF)."""
        return binascii.crc_hqx(self.image, _CRC_START)

    @property
    def plan(self) -> LightPlan:
        """Return the light that it gives."""
        return LightPlan(self.eras)


def program_of(plan: LightPlan, ir_percent: int, utc_ns: int) -> PanelProgram:
    """Return what a panel should run: the whole plan, or as much of it as a panel holds.

    Of a longer plan the eras that are over are left out first, then the last ones, which a later
    program brings. So the program changes only when it must.
    """
    eras = plan.eras
    now = eras.index(plan.era_at(utc_ns))
    while not _fits(eras):
        if now > 0:
            eras, now = eras[1:], now - 1
        else:
            eras = eras[:-1]
    return PanelProgram(ir_percent * 10, eras)


def _fits(eras: tuple[Era, ...]) -> bool:
    return len(eras) <= MOST_ERAS and sum(len(era.photoperiod.spans) for era in eras) <= MOST_SPANS
