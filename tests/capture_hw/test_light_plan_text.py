"""A light plan as a line that recordings keep."""

from datetime import datetime, time, timedelta, timezone
from typing import Final

import pytest
from hypothesis import given, settings

from capture_hw.light_config import LightChange, LightConfig
from capture_hw.light_plan_text import plan_of_text, plan_text
from capture_hw.light_setting import plan_of
from tests.capture_hw.light_calendar import lives

GOLDEN: Final = (
    "1;0 21600 86400 0 600 600 43200 0 0;1796079600 0 86400 0 0 600 1800 600 600 43200 0 0"
)


def test_a_plan_with_a_change_in_one_line() -> None:
    change = LightChange(at=datetime(2026, 12, 1), lights_on=time(1), dawn_minutes=30)
    config = LightConfig(change=(change,))
    assert plan_text(plan_of(config, timezone(timedelta(hours=1)))) == GOLDEN


@settings(deadline=None, max_examples=40)
@given(lives())
def test_a_plan_comes_back_whole(life: tuple[LightConfig, timezone, str | None, int]) -> None:
    plan = plan_of(*life[:3])
    assert plan_of_text(plan_text(plan)) == plan


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not of form 1"),
        ("1", "not of form 1"),
        ("2;0 0 86400 0 0 0", "not of form 1"),
        ("1;", "not an era"),
        ("1;0 0 86400", "not an era"),
        ("1;0 0 86400 0 600", "not an era"),
        ("1;0 0 86400 0 600 -1", "not an era"),
        ("1;0 0 86400 0 600 1001", "contradicts itself"),
        ("1;0 86400 86400 0 600 600", "contradicts itself"),
        ("1;0 0 0 0 600 600", "contradicts itself"),
        ("1;0 0 86400 1 600 600", "contradicts itself"),
        ("1;0 0 86400 0 600 600 86400 0 0", "contradicts itself"),
        ("1;0 0 86400 0 600 600 7 0 0 7 0 0", "contradicts itself"),
        ("1;5 0 86400 0 0 0;5 0 86400 0 0 0", "not in the order"),
    ],
)
def test_a_line_that_was_never_written_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        plan_of_text(text)


def test_no_part_of_a_line_is_taken_for_the_whole() -> None:
    for length in range(len(GOLDEN) - len(" 43200 0 0")):
        try:
            found = plan_of_text(GOLDEN[:length])
        except ValueError:
            continue
        assert found != plan_of_text(GOLDEN)
