"""Words about light that each may stand there, but not together."""

from pathlib import Path

import pytest

from tests.appliance.test_cage_plan import CAGES, WHOLE
from tests.appliance.test_config import RACK, complaints, read


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "[lights]\nlight_hours = 25\n",
            "line 22: lights.light_hours = 25.0: 25 h of light do not fit into a cycle of 24 h",
        ),
        (
            "[lights]\nlight_hours = 0\ndawn_minutes = 30\n",
            "line 23: lights.dawn_minutes = 30.0: 0 h of light in 24 h have no lights on and off",
        ),
        (
            "[[lights.change]]\nat = 2026-12-01\ncycle_hours = 8\n",
            (
                "line 23: lights.change.cycle_hours = 8.0: "
                "12 h of light do not fit into a cycle of 8 h"
            ),
        ),
        (
            (
                "[lights]\ndusk_minutes = 60\n"
                "[[lights.change]]\nat = 2026-12-01\nlight_hours = 0.5\n"
                "[[lights.change]]\nat = 2026-12-02\nwhite_percent = 5\n"
            ),
            (
                "line 25: lights.change.light_hours = 0.5: "
                "a dawn of 0 min and a dusk of 60 min are longer than 0.5 h of light"
            ),
        ),
        (
            '[[lights.change]]\nat = 2026-12-01\npanels = ["north"]\nlight_hours = 0\n',
            'line 23: lights.change.panels = "north": no such panel',
        ),
        (
            (
                "[[lights.change]]\nat = 2026-12-01\nlight_hours = 0\n"
                "[[lights.change]]\nat = 2026-12-01T00:00:00\nlights_on = 08:00:00\n"
            ),
            (
                "line 25: lights.change.at = 2026-12-01T00:00:00: "
                "another change of the same panel is at this moment; make one of both"
            ),
        ),
        (
            "[[lights.change]]\nat = 2026-12-01T07:00:00+01:00\nlight_hours = 0\n",
            (
                'line 22: lights.change.at = "2026-12-01T07:00:00+01:00": '
                "is in the facility's standard time already; leave the offset out"
            ),
        ),
        (
            "[[lights.change]]\nat = 07:00:00\nlight_hours = 0\n",
            (
                'line 22: lights.change.at = "07:00:00": '
                "must be a day or a moment such as 2026-12-01T07:00:00"
            ),
        ),
        (
            "[[lights.change]]\nat = 2026-12-01\n",
            "line 21: lights.change: changes nothing; give it a key such as `lights_on`",
        ),
        (
            "[lights]\ncycle_hours = 23\n",
            (
                "line 22: lights.cycle_hours = 23: "
                "a cycle of other than 24 h needs a first day: use [[lights.change]]"
            ),
        ),
    ],
)
def test_words_about_light_that_contradict_are_refused_at_their_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    without_lights = RACK + CAGES.replace('panel = "day"\n', "").replace('panel = "night"\n', "")
    padding = "#\n" * (20 - without_lights.count("\n"))
    assert complaints(tmp_path, without_lights + padding + text) == [complaint]


def test_a_contradiction_on_one_panel_only_is_found(tmp_path: Path) -> None:
    text = WHOLE + (
        '[[lights.change]]\nat = 2026-12-01\npanels = ["night"]\nlight_hours = 2\n'
        "[[lights.change]]\nat = 2026-12-02\ndusk_minutes = 180\n"
    )
    line = text[: text.index("dusk_minutes")].count("\n") + 1
    assert complaints(tmp_path, text) == [
        (
            f"line {line}: lights.change.dusk_minutes = 180.0: "
            "a dawn of 0 min and a dusk of 180 min are longer than 2 h of light"
        )
    ]


@pytest.mark.parametrize(
    "changes",
    [
        (
            '[[lights.change]]\nat = 2026-12-01\npanels = ["day"]\nlight_hours = 0\n'
            '[[lights.change]]\nat = 2026-12-01\npanels = ["night"]\nlight_hours = 16\n'
        ),
        (
            "[[lights.change]]\nat = 2027-12-01\nlight_hours = 0\n"
            "[[lights.change]]\nat = 2026-12-01\nlight_hours = 16\n"
        ),
    ],
)
def test_changes_of_different_panels_and_out_of_order_are_fine(
    tmp_path: Path, changes: str
) -> None:
    assert len(read(tmp_path, WHOLE + changes).lights.change) == 4
