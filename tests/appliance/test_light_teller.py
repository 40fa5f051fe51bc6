"""What of a row of looks is news."""

from dataclasses import replace
from typing import Final

import pytest

from appliance.event import LightsPayload
from appliance.light_record import LightRow
from appliance.light_teller import LightTeller
from appliance.outbox import Event
from appliance.panel_look import Happening, PanelLook
from tests.appliance.light_rack import NOW_NS, override_of, panel_detail

SECOND_NS: Final = 1_000_000_000


def look(
    at_s: float, *happenings: Happening, is_ramp: bool = False, **changes: object
) -> PanelLook:
    return PanelLook(
        utc_ns=NOW_NS + round(at_s * SECOND_NS),
        zt_h=5.1,
        detail=panel_detail("left", **changes),
        is_ramp=is_ramp,
        happenings=happenings,
    )


def causes(*looks: PanelLook) -> list[list[str]]:
    """Return the causes of the events of each look."""
    teller = LightTeller()
    return [[payload(event).cause for event in teller.take(one).events] for one in looks]


def payload(event: Event) -> LightsPayload:
    assert isinstance(event.payload, LightsPayload)
    return event.payload


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"white_measured": 64}, []),
        ({"white_measured": 65}, ["reason"]),
        ({"ir_measured": None}, ["reason"]),
        ({"ir_commanded": 30}, ["reason"]),
        ({"clock_off_s": -0.9, "line_faults": 3, "port": "/dev/ttyUSB1"}, []),
        ({"white_commanded": 50, "white_scheduled": 50}, ["schedule"]),
        ({"phase": "dark"}, ["schedule"]),
        ({"reason": "panel left: does not answer"}, ["reason"]),
    ],
)
def test_what_is_news(changes: dict[str, object], expected: list[str]) -> None:
    changed = look(1)
    changed = replace(changed, detail=changed.detail.model_copy(update=changes))
    assert causes(look(0), changed) == [["start"], expected]


def test_happenings_are_told_in_order_each_with_the_state_after_them() -> None:
    teller = LightTeller()
    teller.take(look(0))
    override = override_of("Zoë", "cage change")
    told = teller.take(
        look(
            1,
            Happening("clock", "the clock was set"),
            Happening("override", "cage change", "Zoë"),
            override=override,
            white_commanded=80,
        )
    )
    assert [payload(event).cause for event in told.events] == ["clock", "override"]
    assert [payload(event).white_commanded for event in told.events] == [80, 80]
    assert [(row.cause, row.author, row.text) for row in told.rows] == [
        ("clock", "", "the clock was set"),
        ("override", "Zoë", "cage change"),
    ]
    said = payload(told.events[1]).override
    assert said is not None
    assert (said.author, said.until) == ("Zoë", "2026-11-18T11:19:10.000Z")


def test_a_reason_at_its_limit_does_not_flutter() -> None:
    weak = "panel left: white is measured at 54 % where 60 % is commanded"
    looks = [look(second, reason=weak if second % 2 else "") for second in range(1, 61)]
    looks += [look(second) for second in range(61, 70)]
    told = causes(look(0), *looks)
    assert [second for second, found in enumerate(told) if found] == [0, 1, 64]


def test_running_numbers_in_a_reason_are_no_news() -> None:
    first = look(1, reason="panel left: no answer for 3 s")
    second = look(2, reason="panel left: no answer for 4 s")
    assert causes(look(0), first, second) == [["start"], ["reason"], []]


def test_a_ramp_is_told_at_its_ends_and_once_a_minute() -> None:
    ramp = [
        look(second, is_ramp=True, white_scheduled=second // 3, white_commanded=second // 3)
        for second in range(1, 151)
    ]
    told = causes(look(0, white_scheduled=0, white_commanded=0), *ramp, look(151))
    assert [second for second, found in enumerate(told) if found] == [0, 1, 61, 121, 151]


def test_each_minute_is_a_row_with_what_is_wrong_then() -> None:
    teller = LightTeller()
    silent = "panel left: does not answer"
    rows: list[LightRow] = []
    for second in range(180):
        rows += teller.take(look(second, reason=silent if second > 70 else "")).rows
    rows += teller.farewell(NOW_NS + 180 * SECOND_NS)
    assert [((row.utc_ns - NOW_NS) // SECOND_NS, row.cause, row.text) for row in rows] == [
        (0, "start", ""),
        (20, "minute", ""),
        (71, "reason", silent),
        (80, "minute", silent),
        (140, "minute", silent),
        (180, "stop", ""),
    ]


def test_a_sensor_that_is_lost_is_a_row_that_says_so_until_it_measures_again() -> None:
    teller = LightTeller()
    teller.take(look(0))
    lost = teller.take(look(1, white_measured=None))
    silent = teller.take(look(2, white_measured=None))
    again = teller.take(look(3))
    both = teller.take(look(4, white_measured=None, ir_measured=None))
    assert [
        [(row.cause, row.text) for row in told.rows] for told in (lost, silent, again, both)
    ] == [
        [("reason", "white light is no longer measured")],
        [],
        [("reason", "")],
        [("reason", "white and infrared light is no longer measured")],
    ]
    assert payload(lost.events[0]).reason == ""
