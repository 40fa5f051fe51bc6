"""What the page of light says, at any width and on bad days."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.status import RackStatus
from tests.tui.light_state import (
    BY_HAND,
    WHITE_IN_THE_DARK,
    dark_rack,
    hand_lit_rack,
    lit_rack,
    panel,
    silent_rack,
    unwatched_rack,
)
from tests.tui.rack_state import NOW_NS, SECOND_NS
from tests.tui.stage import ZONE, rack_config
from tui.level_table import level_table
from tui.light_page import light_page
from tui.line import joined, line_width
from tui.panel_view import panel_views
from tui.planned_light import LightSource, PlannedLight, planned_light

HOSTILE = "[red]\x1b[2J\u202eevil\nsecond line " + "マウス" * 40
PLANNED = planned_light(LightSource(Path("lights.sock"), rack_config))


def page(
    status: RackStatus, width: int = 80, planned: PlannedLight = PLANNED, *, is_old: bool = False
) -> str:
    views = panel_views(status, planned, ZONE, is_old=is_old)
    lines, _ = light_page(status, views, 0, ZONE, width)
    assert {line_width(line) for line in lines} <= {0, width}
    return joined(lines)


def test_numbers_and_bars_say_the_same() -> None:
    table = level_table(panel(white_commanded=20, white_measured=1, ir_measured=None), 79)
    assert joined(table) == (
        "             scheduled             commanded             measured\n"
        "   white      60 % ████████······   20 % ███···········    1 % █·············\n"
        "   infrared  always                100 % ██████████████  -"
    )


def test_a_narrow_terminal_gets_numbers_without_bars_and_no_band() -> None:
    shown = page(lit_rack(), 44)
    assert "   white      60 %      60 %      59 %" in shown.splitlines()
    assert "   plan      drawn from 67 columns on" in shown.splitlines()
    assert "█" not in shown


def test_the_band_shows_the_panels_own_day_with_a_mark_for_now() -> None:
    shown = page(hand_lit_rack()).splitlines()
    days = [line for line in shown if line.startswith(" 2026-11-22 Sun")]
    assert days == [
        " 2026-11-22 Sun  ··············▒▒████████████████████▒▒··········",
        " 2026-11-22 Sun  ████████████▒▒························▒▒████████",
    ]
    assert shown.count("                                         ^ 12:03 now") == 2
    assert sum("dawn or dusk" in line for line in shown) == 1


def test_light_by_hand_is_said_with_who_why_and_how_long_yet() -> None:
    shown = page(hand_lit_rack(), 100)
    assert " ▶ Panel top   ■ BY HAND" in shown
    assert "■ white 20 % until 12:20:00, 16 min 56 s left, by maria: cage change" in shown
    foreign = BY_HAND.model_copy(update={"author": "", "reason": ""})
    assert "16 min 56 s left, by another host\n" in page(lit_rack(panel(override=foreign)), 100)


def test_a_fault_is_a_word_and_a_mark_and_more_than_light_by_hand() -> None:
    shown = page(hand_lit_rack(), 120)
    assert "   Panel bottom   ▲ FAULT" in shown
    assert f"   fault     ▲ {WHITE_IN_THE_DARK}" in shown
    assert " ▶ Panel top   ▲ FAULT" in page(lit_rack(panel(override=BY_HAND, reason="silent")))


def test_zt_is_that_of_the_panel_and_a_far_change_has_its_day() -> None:
    shown = page(hand_lit_rack())
    assert "   phase     light, ZT 05:03, dark in 6 h 56 min, at 19:00:00" in shown
    assert "   phase     dark, ZT 17:03, light in 6 h 56 min, at 19:00:00" in shown
    far = panel(next_change_utc_ns=NOW_NS + 3 * 86_400 * SECOND_NS)
    assert "dark in 3 d 00 h, at 2026-11-25 12:03:04" in page(lit_rack(far))
    assert "light, ZT 05:03, for ever" in page(lit_rack(panel(next_change_utc_ns=None)))


def test_clock_line_port_and_cages_are_said() -> None:
    shown = page(hand_lit_rack()).splitlines()
    assert "   clock     -131.0 s against this machine" in shown
    assert "   line      2 faults, 1 restart of the panel since the worker began" in shown
    assert "   port      /dev/ttyUSB0, serial number LIGHT01" in shown
    assert "   cages     02 04 06 08 10" in shown
    assert "   schedule  kept by this machine alone; without it light stays as it is" in shown
    lost = page(lit_rack(panel("left", port="", serial_number="", clock_off_s=None))).splitlines()
    assert "   clock     unknown" in lost
    assert "   port      not open" in lost
    assert "   cages     no cage names this panel" in lost
    assert "   plan      cannot be drawn: the configuration has no such panel" in lost


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (dark_rack(), "This rack has no light panel: none stands in its configuration"),
        (unwatched_rack(), "▲ lights worker FAILED ended with exit code 1; next start in 4 s"),
        (unwatched_rack(), "The lights worker does not report."),
        (silent_rack(), "▲ lights worker SILENT no report for 12 s"),
        (silent_rack(), "Panel top   ? last known"),
    ],
)
def test_what_is_not_there_is_said(status: RackStatus, said: str) -> None:
    assert said in page(status)
    assert "AS PLANNED" not in page(status)


def test_a_lost_connection_puts_every_state_in_doubt() -> None:
    shown = page(hand_lit_rack(), is_old=True)
    assert shown.count("? last known") == 2
    assert "BY HAND" not in shown


def test_a_light_record_that_cannot_be_written_is_said() -> None:
    status = lit_rack()
    assert status.lights is not None
    lights = status.lights.model_copy(update={"record_fault": "lights/x: no space", "panels": ()})
    shown = page(status.model_copy(update={"lights": lights}))
    assert "▲ lights/x: no space" in shown
    assert "No panel has answered yet." in shown


@pytest.mark.parametrize("width", [20, 44, 80, 200])
def test_hostile_text_cannot_break_the_page(width: int) -> None:
    override = BY_HAND.model_copy(update={"author": HOSTILE, "reason": HOSTILE})
    odd = panel(reason=HOSTILE, port=HOSTILE, serial_number=HOSTILE, override=override)
    shown = page(lit_rack(odd), width, replace(PLANNED, fault=HOSTILE))
    assert not set("\x1b\u202e") & set(shown)
