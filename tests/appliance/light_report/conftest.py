"""A rack with light, its plan, and a day on which all went well."""

from pathlib import Path

import pytest

from appliance.cage_plan import panel_plan
from appliance.config import RackConfig
from appliance.light_record import LightRow
from capture_hw.light_plan import LightPlan
from tests.appliance.light_day import AFTER, BEFORE, lit_rack, rows_of


@pytest.fixture
def config(tmp_path: Path) -> RackConfig:
    return lit_rack(tmp_path)


@pytest.fixture
def plan(config: RackConfig) -> LightPlan:
    return panel_plan(config, "front")


@pytest.fixture
def good(plan: LightPlan) -> list[LightRow]:
    return rows_of(plan, BEFORE, AFTER)
