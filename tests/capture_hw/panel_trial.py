"""A panel of each kind on trial: programs to give it, and how to look at it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from capture_hw.light_plan import Era
from capture_hw.panel.program import PanelProgram
from capture_hw.panel.state import PanelState
from capture_hw.photoperiod import LightSpan, Photoperiod
from tests.capture_hw.panel_rig import SECOND_NS, FirmwareRig, PanelRig, SimulatedRig
from tests.firmware.conftest import build, firmware, firmware_folder

__all__ = ["build", "firmware", "firmware_folder"]
HOUR_S: Final = 3600
DAY_S: Final = 24 * HOUR_S
NOON_S: Final = 20_000 * DAY_S + 12 * HOUR_S
"""A noon in UTC, in 2024."""
SIX_TO_SIX: Final = Era(
    0, Photoperiod(6 * HOUR_S, DAY_S, (LightSpan(0, 600, 600), LightSpan(12 * HOUR_S, 0, 0)))
)
RAMPS: Final = Era(
    NOON_S + 2 * DAY_S,
    Photoperiod(
        1000,
        23 * HOUR_S,
        (
            LightSpan(0, 0, 1000),
            LightSpan(1800, 1000, 1000),
            LightSpan(8 * HOUR_S, 1000, 0),
            LightSpan(9 * HOUR_S, 0, 0),
        ),
    ),
)
DAYLIGHT: Final = PanelProgram(900, (SIX_TO_SIX,))
ALWAYS_LIGHT: Final = PanelProgram(900, (Era(0, Photoperiod(0, DAY_S, (LightSpan(0, 600, 600),))),))
TWO_ERAS: Final = PanelProgram(800, (SIX_TO_SIX, RAMPS))

KINDS: Final = ("simulated", "firmware")
SETTLED_S: Final = 0.7
"""Until a lamp and the mean of its sensor have followed an order."""


@pytest.fixture(
    params=[(kind, has_clock) for kind in KINDS for has_clock in (True, False)], ids=str
)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PanelRig]:
    kind, has_clock = request.param
    rig: PanelRig
    if kind == "simulated":
        rig = SimulatedRig(tmp_path, has_clock=has_clock)
    else:
        rig = FirmwareRig(request.getfixturevalue("firmware"), has_clock=has_clock)
    yield rig
    rig.close()


def state_at(rig: PanelRig, utc_s: float) -> PanelState:
    rig.panel.set_time(round(utc_s * SECOND_NS), 60)
    return rig.panel.read_state()


def settled(rig: PanelRig) -> PanelState:
    rig.wait(SETTLED_S)
    return rig.panel.read_state()


def is_seen(permille: int) -> object:
    """Say what a sensor may show of a lamp."""
    return pytest.approx(permille, abs=5)
