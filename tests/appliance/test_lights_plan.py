"""`ethoprofiler lights plan`: plans on the screen and for programs."""

import json
import re
from pathlib import Path
from typing import Final

import pytest

from appliance.light_drawing import Window
from appliance.light_outlook import outlooks
from appliance.light_plan_document import plan_document
from appliance.light_plan_screen import plan_screen
from tests.appliance.light_rack import NOW_NS, change, lit_rack, run, shown, write_lit_rack
from tests.appliance.rack_factory import HOUR_NS

GOLDEN: Final = Path(__file__).parent / "golden"
MIDNIGHT_NS: Final = NOW_NS - (12 * 3600 + 6 * 60 + 40) * 1_000_000_000
JET_LAG: Final = change("2026-11-20T00:00:00", "lights_on = 01:00:00", "dawn_minutes = 60")


def plan_text(
    folder: Path, *extra: str, days: int = 3, is_double: bool = False, is_ascii: bool = False
) -> str:
    """Return the plan of a rack from the midnight before NOW_NS on."""
    config = lit_rack(folder, *extra)
    until_ns = MIDNIGHT_NS + days * 24 * HOUR_NS
    window = Window(MIDNIGHT_NS, until_ns, config.standard_time, 80, is_double, is_ascii)
    return shown(plan_screen(config, outlooks(config), window, NOW_NS))


@pytest.mark.parametrize(
    ("name", "is_ascii", "is_double"), [("plan", False, False), ("double", True, True)]
)
def test_a_plan_looks_as_it_was_agreed(
    tmp_path: Path, name: str, is_ascii: bool, is_double: bool
) -> None:
    text = plan_text(tmp_path, JET_LAG, is_double=is_double, is_ascii=is_ascii)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert text.isascii() == is_ascii
    assert text == (GOLDEN / f"lights-{name}.txt").read_text()


def test_a_drawing_shows_each_half_hour_of_a_day(tmp_path: Path) -> None:
    rows = [line for line in plan_text(tmp_path, is_ascii=True).splitlines() if " Wed  " in line]
    assert rows == ["2026-11-18 Wed  " + "." * 14 + "#" * 24 + "." * 10]


def test_nothing_is_cut_off_in_eighty_columns(tmp_path: Path) -> None:
    odd = ["cycle_hours = 22.75", "light_hours = 11.51", "dawn_minutes = 73.3"]
    jump = change("2026-11-18T12:06:37", *odd, "white_percent = 100")
    text = plan_text(tmp_path, "dusk_minutes = 73.3", jump, days=5)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "…" not in text
    (row,) = [line for line in text.splitlines() if line.startswith("2026-11-18 12:06:37")]
    assert "change" in row


def test_a_pulse_shorter_than_a_cell_is_not_lost(tmp_path: Path) -> None:
    text = plan_text(tmp_path, "skeleton_minutes = 15", is_ascii=True)
    rows = [line for line in text.splitlines() if " Wed  " in line]
    assert rows == ["2026-11-18 Wed  " + "." * 14 + "-" + "." * 22 + "-" + "." * 10]


def test_a_double_plot_repeats_each_day_at_the_right_of_the_one_before(tmp_path: Path) -> None:
    t_cycle = change("2026-11-19T07:00:00", "cycle_hours = 22", "light_hours = 11")
    text = plan_text(tmp_path, t_cycle, days=4, is_double=True, is_ascii=True)
    rows = [line[16:] for line in text.splitlines() if re.match(r"2026-\d\d-\d\d \w{3}  ", line)]
    assert [row[24:] for row in rows[:-1]] == [row[:24] for row in rows[1:]]
    assert [row[:24] for row in rows] == [
        ".......############.....",
        ".......###########......",
        ".....###########........",
        "...###########..........",
    ]


def test_panels_with_one_plan_are_shown_once(tmp_path: Path) -> None:
    both = outlooks(lit_rack(tmp_path, JET_LAG))
    assert [one.panels for one in both] == [("left", "right")]
    own = change("2026-11-20T00:00:00", 'panels = ["right"]', "white_percent = 20")
    each = outlooks(lit_rack(tmp_path, own))
    assert [(one.panels, one.cages, one.bare_cages) for one in each] == [
        (("left",), (), (1, 2)),
        (("right",), (), ()),
    ]


def test_json_has_every_part_with_its_moments(tmp_path: Path) -> None:
    config = lit_rack(tmp_path, JET_LAG)
    document = plan_document(
        config, outlooks(config), MIDNIGHT_NS + 40 * HOUR_NS, MIDNIGHT_NS + 51 * HOUR_NS
    )
    assert document["from"] == "2026-11-19T16:00:00+01:00"
    (plan,) = document["plans"]
    assert (plan["panels"], plan["cages"]) == (("left", "right"), [1, 2])
    assert plan["changes"] == ["2026-11-20T00:00:00+01:00"]
    assert [(part["from"][8:16], part["zt_h"], part["phase"]) for part in plan["parts"]] == [
        ("19T16:00", 9.0, "light"),
        ("19T19:00", 12.0, "dark"),
        ("20T00:00", 23.0, "dark"),
        ("20T01:00", 0.0, "light"),
        ("20T02:00", 1.0, "light"),
    ]
    levels = [(part["white_percent"], part["white_percent_at_end"]) for part in plan["parts"]]
    assert levels == [(60.0, 60.0), (0.0, 0.0), (0.0, 0.0), (0.0, 60.0), (60.0, 60.0)]


def test_the_plan_command_takes_standard_time(tmp_path: Path) -> None:
    path = write_lit_rack(tmp_path, JET_LAG)
    done = run("plan", path, "--from", "2026-11-19T16:00", "--hours", "11", "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["schema"] == "ethoprofiler.lights-plan/1"
    assert (document["from"][:16], document["until"][:16]) == (
        "2026-11-19T16:00",
        "2026-11-20T03:00",
    )
    assert len(document["plans"][0]["parts"]) == 5


def test_the_plan_command_begins_at_midnight_of_today(tmp_path: Path) -> None:
    done = run("plan", write_lit_rack(tmp_path), "--json", "--hours", "1")
    assert json.loads(done.stdout)["from"][11:] == "00:00:00+01:00"


def test_the_check_is_for_programs_too(tmp_path: Path) -> None:
    path = write_lit_rack(tmp_path, "light_hours = 0.5")
    document = json.loads(run("plan", path, "--check", "--json").stdout)
    assert document["schema"] == "ethoprofiler.lights-check/1"
    assert document["plans"][0]["settings"][0]["remarks"] == ["each cycle has only 30 min of light"]
    assert document["remark_count"] == 2


def test_a_contradiction_is_refused_with_its_place(tmp_path: Path) -> None:
    path = write_lit_rack(tmp_path, "light_hours = 12", "dawn_minutes = 500", "dusk_minutes = 500")
    line = path.read_text().splitlines().index("dusk_minutes = 500") + 1
    done = run("plan", path, "--check")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: {path}: line {line}: lights.dusk_minutes = 500")
    assert done.stderr.count("\n") == 1
