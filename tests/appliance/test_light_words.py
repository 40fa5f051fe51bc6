"""A light plan in words: what people are told about their animals' nights and days."""

from datetime import datetime, time, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.config import RackConfig
from appliance.light_check import light_check
from appliance.light_plan_screen import check_screen
from appliance.light_transition import runs_around
from capture_hw.light_config import LightChange, LightConfig
from capture_hw.light_setting import plan_of
from tests.appliance.light_rack import NOW_NS, change, lit_rack, remarks, write_lit_rack
from tests.appliance.rack_factory import HOUR_NS

GOLDEN: Final = Path(__file__).parent / "golden" / "lights-check.txt"
RACK: Final = {
    "rack": {"facility": "test", "name": "rack-a", "data": "data", "utc_offset": "+01:00"},
    "cage": [{"number": 1, "animal": "mouse-1", "camera": {"driver": "simulated"}}],
}


def words(folder: Path, *extra: str, panel: str = "left") -> list[tuple[str, ...]]:
    """Return the sentences of each photoperiod of a panel, from now on."""
    config = lit_rack(folder, *extra)
    text = (folder / "rack.toml").read_text()
    (plan,) = light_check(config, text, NOW_NS, panel).plans
    return [setting.sentences for setting in plan.settings]


@pytest.mark.parametrize(
    ("keys", "sentences"),
    [
        ([], ("LD 12:12: light from 07:00 to 19:00, white light 60 %",)),
        (
            ["lights_on = 19:30:00", "light_hours = 14.5", "white_percent = 5"],
            (
                "LD 14.5:9.5: light from 19:30 to 10:00, white light 5 %",
                "reversed: the middle of the night is at 14:45",
            ),
        ),
        (
            ["lights_on = 07:00:00", "light_hours = 4"],
            ("LD 4:20: light from 07:00 to 11:00, white light 60 %",),
        ),
        (
            ["lights_on = 18:00:00", "skeleton_minutes = 15"],
            (
                "LD 12:12: light from 18:00 to 06:00, white light 60 %",
                "reversed: the middle of the night is at 12:00",
                (
                    "skeleton: light only in the first 15 min and the last 15 min of the 12 h, "
                    "dark between"
                ),
            ),
        ),
        (
            ["dawn_minutes = 30", "dusk_minutes = 90"],
            (
                "LD 12:12: light from 07:00 to 19:00, white light 60 %",
                "light rises over 30 min from lights on",
                "light falls over 1 h 30 min until lights off",
            ),
        ),
        (
            ["skeleton_minutes = 15"],
            (
                "LD 12:12: light from 07:00 to 19:00, white light 60 %",
                (
                    "skeleton: light only in the first 15 min and the last 15 min of the 12 h, "
                    "dark between"
                ),
            ),
        ),
        (
            ["light_hours = 0"],
            ("constant darkness (DD)", "Zeitgeber time counts on, ZT0 at 07:00"),
        ),
        (
            ["light_hours = 24"],
            (
                "constant light (LL), white light 60 %",
                "Zeitgeber time counts on, ZT0 at 07:00",
            ),
        ),
    ],
)
def test_each_photoperiod_has_its_words(
    tmp_path: Path, keys: list[str], sentences: tuple[str, ...]
) -> None:
    assert words(tmp_path, *keys) == [sentences]


@pytest.mark.parametrize(
    ("keys", "light_hours", "sentences"),
    [
        ("skeleton_minutes = 15", 0, ("constant darkness (DD)",)),
        ("skeleton_minutes = 15", 24, ("constant light (LL), white light 60 %",)),
        ("dawn_minutes = 30", 24, ("constant light (LL), white light 60 %",)),
    ],
)
def test_what_constant_light_takes_over_of_days_is_not_told(
    tmp_path: Path, keys: str, light_hours: int, sentences: tuple[str, ...]
) -> None:
    found = words(tmp_path, keys, change("2026-12-01T20:00:00", f"light_hours = {light_hours}"))
    assert found[1][:2] == (*sentences, "Zeitgeber time counts on, ZT0 at 07:00")
    told = " ".join(found[1])
    assert not [word for word in ("skeleton", "rises", "falls", "dark between") if word in told]


def test_cages_are_named_with_the_panel_that_they_name(tmp_path: Path) -> None:
    config = lit_rack(tmp_path)
    first, second = config.cage
    behind = config.model_copy(
        update={"cage": (first.model_copy(update={"panel": "right"}), second)}
    )
    titles = [plan.title for plan in light_check(behind, "", NOW_NS, None).plans]
    assert titles == ["the rack (cage 02); panels left, right (cage 01)"]
    for panel, title in (("left", "panel left"), ("right", "panel right (cage 01)")):
        (plan,) = light_check(behind, "", NOW_NS, panel).plans
        assert plan.title == title


def test_an_advance_names_the_night_that_it_cuts_short(tmp_path: Path) -> None:
    jump = change("2026-12-01T00:00:00", "lights_on = 01:00:00")
    assert words(tmp_path, jump)[1] == (
        "LD 12:12: light from 01:00 to 13:00, white light 60 %",
        "ZT0 comes 6 h earlier",
        (
            "the night from 2026-11-30 19:00 lasts 6 h instead of 12 h: lights go on 6 h earlier, "
            "at 2026-12-01 01:00"
        ),
        (
            "from one cycle before this change to one after it a night lasts 6 h to 12 h, "
            "a day lasts 12 h"
        ),
    )


def test_a_delay_names_the_night_that_it_prolongs(tmp_path: Path) -> None:
    jump = change("2026-12-01T07:00:00", "lights_on = 13:00:00")
    assert words(tmp_path, jump)[1][1:3] == (
        "ZT0 comes 6 h later",
        (
            "the night from 2026-11-30 19:00 lasts 18 h instead of 12 h: lights go on 6 h later, "
            "at 2026-12-01 13:00"
        ),
    )


def test_a_delay_at_midnight_tells_of_the_light_that_it_gives_at_once(tmp_path: Path) -> None:
    jump = change("2026-12-01T00:00:00", "lights_on = 13:00:00")
    assert (
        "the night from 2026-11-30 19:00 lasts 5 h instead of 12 h: lights go on 7 h earlier, "
        "at 2026-12-01 00:00"
    ) in words(tmp_path, jump)[1]
    assert remarks(tmp_path, jump) == [
        "the change itself turns light on at 2026-12-01 00:00, which is ZT 11:00 of the new cycle"
    ]


def test_a_night_is_compared_with_those_before_it(tmp_path: Path) -> None:
    longer = change("2026-12-01T00:00:00", "lights_on = 04:00:00", "light_hours = 16")
    assert (
        "the night from 2026-11-30 19:00 lasts 9 h instead of 12 h: lights go on 3 h earlier, "
        "at 2026-12-01 04:00"
    ) in words(tmp_path, longer)[1]


def test_a_change_by_day_names_the_day(tmp_path: Path) -> None:
    jump = change("2026-12-01T12:00:00", "lights_on = 01:00:00")
    assert (
        "the day from 2026-12-01 07:00 lasts 6 h instead of 12 h: lights go off 6 h earlier, "
        "at 2026-12-01 13:00"
    ) in words(tmp_path, jump)[1]


def test_a_change_between_phases_disturbs_no_night_and_no_day(tmp_path: Path) -> None:
    brighter = change("2026-12-01T00:00:00", "white_percent = 80")
    assert "no night and no day is of unusual length" in words(tmp_path, brighter)[1]
    assert remarks(tmp_path, brighter) == []


def test_release_into_darkness_says_from_when(tmp_path: Path) -> None:
    release = change("2026-12-01T00:00:00", "light_hours = 0")
    end = change("2026-12-20T00:00:00", "light_hours = 12")
    assert "darkness without a break from 2026-11-30 19:00 on" in words(tmp_path, release, end)[1]
    assert "constant darkness ends 2026-12-20 07:00" in words(tmp_path, release, end)[2]


def test_a_t_cycle_says_how_it_moves_through_the_days(tmp_path: Path) -> None:
    short = change("2026-12-01T07:00:00", "cycle_hours = 23", "light_hours = 11.5")
    said = words(tmp_path, short)[1]
    assert said[0] == (
        "a cycle of 23 h: 11 h 30 min of light, 11 h 30 min of dark, white light 60 %"
    )
    assert said[1] == "lights on at 2026-12-01 07:00, then every 23 h: 1 h earlier each time"


def test_pulses_of_a_skeleton_are_neither_nights_nor_days(tmp_path: Path) -> None:
    pulses = change("2026-12-01T00:00:00", "skeleton_minutes = 30")
    assert words(tmp_path, pulses)[1][-1] == (
        "from one cycle before this change to one after it darkness lasts 11 h to 12 h, "
        "light lasts 30 min to 12 h"
    )
    assert remarks(tmp_path, pulses) == []


def test_a_change_of_one_panel_leaves_the_other_alone(tmp_path: Path) -> None:
    jump = change("2026-12-01T00:00:00", 'panels = ["right"]', "lights_on = 01:00:00")
    assert len(words(tmp_path, jump)) == 1
    assert len(words(tmp_path, jump, panel="right")) == 2


def test_a_line_of_the_configuration_is_named(tmp_path: Path) -> None:
    path = write_lit_rack(tmp_path, change("2026-12-01T00:00:00", "white_percent = 50"))
    line = path.read_text().splitlines().index("at = 2026-12-01T00:00:00") + 1
    config = lit_rack(tmp_path, change("2026-12-01T00:00:00", "white_percent = 50"))
    (plan,) = light_check(config, path.read_text(), NOW_NS, None).plans
    assert [one.begin for one in plan.settings] == ["now", f"from 2026-12-01 00:00 (line {line})"]
    later_ns = NOW_NS + 60 * 86_400 * 1_000_000_000
    (plan,) = light_check(config, path.read_text(), later_ns, None).plans
    assert [one.begin for one in plan.settings] == [f"now, since 2026-12-01 00:00 (line {line})"]


def test_staff_are_told_what_their_clocks_show_in_summer(tmp_path: Path) -> None:
    path = write_lit_rack(tmp_path)
    config = lit_rack(tmp_path)
    assert light_check(config, path.read_text(), NOW_NS, None).sentences[1] == (
        "Where clocks are set forward in summer, lights on at 07:00 is 08:00 on them then."
    )


def test_the_words_are_as_they_were_agreed(tmp_path: Path) -> None:
    extra = (
        change("2026-12-01T00:00:00", "lights_on = 01:00:00"),
        change("2026-12-20T00:00:00", 'panels = ["right"]', "light_hours = 0"),
    )
    path = write_lit_rack(tmp_path, *extra)
    found = light_check(lit_rack(tmp_path, *extra), path.read_text(), NOW_NS, None)
    text = check_screen(lit_rack(tmp_path, *extra), found, NOW_NS, 80).plain
    assert max(len(line) for line in text.splitlines()) <= 80
    assert text + "\n" == GOLDEN.read_text()


@st.composite
def light_configs(draw: st.DrawFn) -> LightConfig:
    """Return a plan with up to three changes, each of which agrees with itself."""
    light_hours = draw(st.sampled_from([0, 0.25, 6, 12, 23.5, 24]))
    changes = []
    for day in sorted(draw(st.lists(st.integers(1, 90), max_size=3, unique=True))):
        at = datetime(2026, 9, 1) + timedelta(days=day, minutes=draw(st.integers(0, 1439)))
        keys: dict[str, object] = {
            "cycle_hours": draw(st.sampled_from([1, 12, 22.5, 24, 27, 72])),
            "light_hours": draw(st.sampled_from([0, 0.5, 1])),
            "skeleton_minutes": 0,
        }
        if draw(st.booleans()):
            keys["lights_on"] = time(draw(st.integers(0, 23)), 0)
        changes.append(LightChange.model_validate({"at": at} | keys))
    return LightConfig(light_hours=light_hours, change=tuple(changes))


@settings(max_examples=60, deadline=None)
@given(config=light_configs(), shift_h=st.integers(-100, 2500))
def test_every_plan_has_words_and_runs_that_meet(config: LightConfig, shift_h: int) -> None:
    rack = RackConfig.model_validate(RACK).model_copy(update={"lights": config})
    utc_ns = NOW_NS - 80 * 24 * HOUR_NS + shift_h * HOUR_NS
    found = light_check(rack, "", utc_ns, None)
    assert all(one.sentences for plan in found.plans for one in plan.settings)
    plan = plan_of(config, timezone(timedelta(hours=1)))
    runs = [*runs_around(plan, utc_ns)]
    assert all(run.until_ns == later.from_ns for run, later in pairwise(runs))
    assert all(run.phase != later.phase for run, later in pairwise(runs))
    for run in runs[1:-1]:
        assert run.from_ns is not None
        assert run.until_ns is not None
        middle_ns = (run.from_ns + run.until_ns) // 2
        assert {plan.phase(ns) for ns in (run.from_ns, middle_ns, run.until_ns - 1)} == {run.phase}
