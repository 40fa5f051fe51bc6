"""Whose light counts for a cage."""

from pathlib import Path
from typing import Final

import pytest

from appliance.cage_plan import cage_plan, mouse_day, panel_plan, rack_plan
from appliance.config import RackConfig, read_config
from capture_hw.photoperiod import SECOND_NS
from tests.appliance.test_config import RACK, read

NOON_NS: Final = 1_796_122_800 * SECOND_NS
"""2026-12-01T12:00+01:00."""
PANELS: Final = """\
[[lights.panel]]
name = "day"
driver = "simulated"
[[lights.panel]]
name = "night"
driver = "simulated"
"""
CHANGES: Final = """\
[[lights.change]]
at = 2026-11-01
lights_on = 10:00:00
[[lights.change]]
at = 2026-11-02T19:00:00
panels = ["night"]
lights_on = 19:00:00
"""
CAGES: Final = "".join(
    f'[[cage]]\nnumber = {number}\nanimal = "A{number}"\ncamera = {{ driver = "simulated" }}\n'
    + (f'panel = "{panel}"\n' if panel else "")
    for number, panel in ((1, ""), (2, "day"), (3, "night"))
)
WHOLE: Final = RACK + PANELS + CHANGES + CAGES


@pytest.fixture
def config(tmp_path: Path) -> RackConfig:
    return read(tmp_path, WHOLE)


def test_a_cage_has_the_light_of_the_panel_behind_it(config: RackConfig) -> None:
    found = [cage_plan(config, cage).zt_h(NOON_NS) for cage in config.cage]
    assert found == [2.0, 2.0, 17.0]


def test_a_cage_without_a_panel_has_the_racks_light(config: RackConfig) -> None:
    assert cage_plan(config, config.cage[0]) == rack_plan(config) == panel_plan(config, "day")
    assert cage_plan(config, config.cage[2]) == panel_plan(config, "night") != rack_plan(config)


def test_a_simulated_mouse_lives_by_the_light_of_its_cage(config: RackConfig) -> None:
    day = mouse_day(config, config.cage[2])
    frame = (NOON_NS - day.zero_utc_ns) // 40_000_000
    assert day.hour_at(frame).zt_h == pytest.approx(17.0, abs=1e-4)


def test_a_date_alone_is_its_midnight_in_standard_time(config: RackConfig) -> None:
    assert [era.from_utc_s for era in rack_plan(config).eras] == [0, 1_793_487_600]
    assert rack_plan(config).zt_h(1_793_487_600 * SECOND_NS) == 14.0


def test_a_plan_may_be_longer_than_a_panel_holds(tmp_path: Path) -> None:
    changes = "".join(
        f"[[lights.change]]\nat = 2027-01-{day:02d}\nlight_hours = {day % 12}\n"
        for day in range(1, 31)
    )
    path = tmp_path / "rack.toml"
    path.write_text(WHOLE + changes)
    assert len(rack_plan(read_config(path)).eras) == 32
