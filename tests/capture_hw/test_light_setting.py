"""What the words of the configuration mean, written out by hand."""

from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any, Final

import pytest

from capture_hw.light_config import LightChange, LightConfig
from capture_hw.light_setting import plan_of, setting_faults, settings_of
from capture_hw.photoperiod import SECOND_NS, LightSpan
from tests.capture_hw.light_calendar import EPOCH, ns_of

BERLIN: Final = timezone(timedelta(hours=1))


def change(at: str, **keys: Any) -> LightChange:
    return LightChange.model_validate({"at": datetime.fromisoformat(at), **keys})


def phases(config: LightConfig, first: str, last: str, panel: str | None = None) -> list[str]:
    """Return when it gets light and dark between two moments, in local time."""
    plan = plan_of(config, BERLIN, panel)
    begin, end = (ns_of(datetime.fromisoformat(text + "+01:00")) for text in (first, last))
    return [
        f"{EPOCH.astimezone(BERLIN) + timedelta(seconds=part.from_ns // SECOND_NS):%d %H:%M} "
        f"{part.phase} {part.from_permille}"
        for part in plan.parts(begin, end)
    ]


def test_jet_lag_of_six_hours_forward_shortens_the_night() -> None:
    config = LightConfig(change=(change("2026-12-01", lights_on=time(1)),))
    assert phases(config, "2026-11-30T00:00", "2026-12-03T00:00") == [
        *("30 00:00 dark 0", "30 07:00 light 600", "30 19:00 dark 0"),
        *("01 01:00 light 600", "01 13:00 dark 0"),
        *("02 01:00 light 600", "02 13:00 dark 0"),
    ]


def test_jet_lag_of_six_hours_back_at_midnight_shows_the_end_of_the_later_day() -> None:
    """At midnight of the new time it is ZT 11: an hour of light remains of the day before."""
    config = LightConfig(change=(change("2026-12-01", lights_on=time(13)),))
    assert phases(config, "2026-11-30T00:00", "2026-12-02T12:00") == [
        *("30 00:00 dark 0", "30 07:00 light 600", "30 19:00 dark 0"),
        *("01 00:00 light 600", "01 01:00 dark 0", "01 13:00 light 600"),
        "02 01:00 dark 0",
    ]


def test_jet_lag_of_six_hours_back_at_lights_off_makes_one_long_day() -> None:
    config = LightConfig(change=(change("2026-11-30T19:00", lights_on=time(13)),))
    assert phases(config, "2026-11-30T00:00", "2026-12-02T00:00") == [
        *("30 00:00 dark 0", "30 07:00 light 600", "01 01:00 dark 0", "01 13:00 light 600"),
    ]
    noon_ns, off_ns = (
        ns_of(datetime.fromisoformat(text + "+01:00"))
        for text in ("2026-11-30T12:00", "2026-12-01T01:00")
    )
    assert plan_of(config, BERLIN).next_change_ns(noon_ns) == off_ns


def test_a_cycle_of_23_hours_begins_an_hour_earlier_each_day() -> None:
    short = change("2026-12-01T07:00", lights_on=time(7), cycle_hours=23, light_hours=11.5)
    assert phases(LightConfig(change=(short,)), "2026-12-01T06:00", "2026-12-04T06:00") == [
        *("01 06:00 dark 0", "01 07:00 light 600", "01 18:30 dark 0"),
        *("02 06:00 light 600", "02 17:30 dark 0"),
        *("03 05:00 light 600", "03 16:30 dark 0"),
        "04 04:00 light 600",
    ]


def test_release_into_constant_dark_goes_on_counting_zeitgeber_time() -> None:
    config = LightConfig(change=(change("2026-12-10T19:00", light_hours=0),))
    assert phases(config, "2026-12-10T06:00", "2027-12-10T06:00") == [
        *("10 06:00 dark 0", "10 07:00 light 600", "10 19:00 dark 0"),
    ]
    plan = plan_of(config, BERLIN)
    later_ns = ns_of(datetime.fromisoformat("2026-12-24T20:30+01:00"))
    assert (plan.zt_h(later_ns), plan.next_change_ns(later_ns)) == (13.5, None)


def test_constant_light_has_no_dark() -> None:
    config = LightConfig(light_hours=24, white_percent=10)
    assert phases(config, "2026-01-01T00:00", "2027-01-01T00:00") == ["01 00:00 light 100"]


def test_a_reversed_day_is_lit_over_midnight() -> None:
    config = LightConfig(lights_on=time(19))
    assert phases(config, "2026-12-01T00:00", "2026-12-02T00:00") == [
        *("01 00:00 light 600", "01 07:00 dark 0", "01 19:00 light 600"),
    ]


def test_a_skeleton_lights_both_ends_of_the_day() -> None:
    config = LightConfig(skeleton_minutes=15)
    assert phases(config, "2026-12-01T00:00", "2026-12-02T00:00") == [
        *("01 00:00 dark 0", "01 07:00 light 600", "01 07:15 dark 0"),
        *("01 18:45 light 600", "01 19:00 dark 0"),
    ]


def test_dawn_and_dusk_lie_within_the_hours_of_light() -> None:
    config = LightConfig(dawn_minutes=30, dusk_minutes=20, lights_on=time(0))
    (era,) = plan_of(config, UTC).eras
    assert era.photoperiod.spans == (
        LightSpan(0, 0, 600),
        LightSpan(1800, 600, 600),
        LightSpan(42_000, 600, 0),
        LightSpan(43_200, 0, 0),
    )
    levels = [era.photoperiod.white_permille(s * SECOND_NS) for s in (0, 2, 3, 900, 1799, 43_199)]
    assert levels == [0, 0, 1, 300, 599, 1]


def test_a_change_that_gives_no_lights_on_keeps_zeitgeber_time() -> None:
    config = LightConfig(change=(change("2026-12-01T15:00", cycle_hours=25),))
    plan = plan_of(config, BERLIN)
    at_ns = ns_of(datetime.fromisoformat("2026-12-01T15:00+01:00"))
    assert (plan.zt_h(at_ns - 3600 * SECOND_NS), plan.zt_h(at_ns)) == (7.0, 8.0)
    assert plan.zt_h(at_ns + 16 * 3600 * SECOND_NS) == 24.0


def test_keys_that_a_change_does_not_give_go_on_as_before() -> None:
    """Through constant dark as well: its dawn comes back with its day."""
    config = LightConfig(
        dawn_minutes=30,
        change=(change("2026-12-03", light_hours=10), change("2026-12-02", light_hours=0)),
    )
    found = settings_of(config, BERLIN)
    assert [(one.light_s, one.dawn_s, one.change) for one in found] == [
        *((43_200, 1800, None), (0, 1800, 1), (36_000, 1800, 0))
    ]
    assert [list(setting_faults(one)) for one in found] == [[], [], []]


@pytest.mark.parametrize(("light_hours", "phase"), [(24, "light"), (0, "dark")])
@pytest.mark.parametrize("cycle_hours", [20, 25])
def test_constant_light_or_dark_stays_constant_in_another_cycle(
    light_hours: int, phase: str, cycle_hours: int
) -> None:
    other_cycle = change("2026-12-01T07:00", cycle_hours=cycle_hours)
    config = LightConfig(light_hours=light_hours, change=(other_cycle,))
    assert [list(setting_faults(one)) for one in settings_of(config, BERLIN)] == [[], []]
    plan = plan_of(config, BERLIN)
    at_ns = ns_of(datetime.fromisoformat("2026-12-01T08:00+01:00"))
    assert (plan.phase(at_ns), plan.next_change_ns(at_ns)) == (phase, None)


def test_a_change_counts_for_the_panels_that_it_names_and_not_for_the_rack() -> None:
    config = LightConfig(change=(change("2026-12-01", panels=("dark",), light_hours=0),))
    assert phases(config, "2026-12-02T00:00", "2026-12-02T12:00", "dark") == ["02 00:00 dark 0"]
    for other in ("main", None):
        assert phases(config, "2026-12-02T00:00", "2026-12-02T12:00", other) == [
            *("02 00:00 dark 0", "02 07:00 light 600")
        ]


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"light_hours": 25}, ("light_hours", "25 h of light do not fit into a cycle of 24 h")),
        (
            {"light_hours": 0, "dawn_minutes": 30},
            ("dawn_minutes", "0 h of light in 24 h have no lights on and off"),
        ),
        (
            {"light_hours": 24, "skeleton_minutes": 1},
            ("skeleton_minutes", "24 h of light in 24 h have no lights on and off"),
        ),
        (
            {"light_hours": 0.5, "dusk_minutes": 31},
            (
                "dusk_minutes",
                "a dawn of 0 min and a dusk of 31 min are longer than 0.5 h of light",
            ),
        ),
        (
            {"skeleton_minutes": 361},
            ("skeleton_minutes", "two pulses of 361 min are longer than 12 h of light"),
        ),
        (
            {"skeleton_minutes": 15, "dawn_minutes": 5},
            ("skeleton_minutes", "pulses of 15 min cannot have a dawn of 5 min or a dusk of 0 min"),
        ),
    ],
)
def test_a_setting_that_contradicts_itself_says_why(
    keys: dict[str, float], fault: tuple[str, str]
) -> None:
    (setting,) = settings_of(LightConfig.model_validate(keys), UTC)
    assert list(setting_faults(setting)) == [fault]


@pytest.mark.parametrize(
    "keys",
    [
        {"light_hours": 0.5, "dusk_minutes": 15, "dawn_minutes": 15},
        {"skeleton_minutes": 360},
        {"light_hours": 24},
        {"light_hours": 0},
    ],
)
def test_the_longest_that_fits_is_no_contradiction(keys: dict[str, float]) -> None:
    (setting,) = settings_of(LightConfig.model_validate(keys), UTC)
    assert list(setting_faults(setting)) == []


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"at": "2026-12-01T00:00:00"}, "changes nothing"),
        ({"at": "2026-12-01T00:00:00Z", "light_hours": 0}, "leave the offset out"),
        ({"at": "2026-12-01T00:00:00.5", "light_hours": 0}, "a whole second"),
        ({"at": "1999-12-31T23:59:59", "light_hours": 0}, "the years 2000 to 2105"),
        ({"at": "2026-12-01T00:00:00", "lights_on": "07:00:00+01:00"}, "leave the offset out"),
        ({"at": "2026-12-01T00:00:00", "panels": [], "light_hours": 0}, "names no panel"),
    ],
)
def test_a_change_that_cannot_be_meant_is_refused(keys: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        LightChange.model_validate(keys)


def test_lights_on_has_no_offset_of_its_own() -> None:
    with pytest.raises(ValueError, match="leave the offset out"):
        LightConfig(lights_on=time(7, 0, tzinfo=UTC))


def test_another_cycle_needs_a_first_day() -> None:
    with pytest.raises(ValueError, match="needs a first day"):
        LightConfig(cycle_hours=23)
