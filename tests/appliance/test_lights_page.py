"""docs/lights.md tells the truth."""

import re
from pathlib import Path
from typing import Final

import pytest

from appliance.light_check import light_check
from tests.appliance.light_rack import NOW_NS
from tests.appliance.rack_factory import rack

PAGE: Final = (Path(__file__).parents[2] / "docs" / "lights.md").read_text()
EXAMPLES: Final = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_accepted_and_disturbs_no_animal(tmp_path: Path, example: str) -> None:
    config = rack(tmp_path, extra=example)
    text = (tmp_path / "rack.toml").read_text()
    plans = light_check(config, text, NOW_NS, None).plans
    assert [one.remarks for plan in plans for one in plan.settings if one.remarks] == []


def test_there_is_an_example_of_each_kind() -> None:
    assert len(EXAMPLES) == 9
