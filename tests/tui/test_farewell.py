"""The last word."""

from datetime import UTC
from pathlib import Path

import pytest

from tests.tui.rack_state import NOW_NS, rack, troubled_rack
from tests.tui.stage import rack_config
from tui.picture import Connection, Picture
from tui.planned_light import LightSource
from tui.program import farewell
from tui.session import Session

CLOSED = "The dashboard is closed"


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (
            Picture(Connection("waiting", NOW_NS, 3.0)),
            "The dashboard is closed; no rack has answered.",
        ),
        (
            Picture(Connection("live", NOW_NS, 3.0), troubled_rack()),
            f"{CLOSED}; the rack north/rack-1 goes on: 3 of 10 cages are being recorded.",
        ),
        (
            Picture(Connection("lost", NOW_NS, 3.0), rack()),
            "The dashboard is closed; north/rack-1 has not answered since 11:03:04.",
        ),
    ],
)
def test_leaving_says_what_goes_on(picture: Picture, said: str) -> None:
    light = LightSource(Path("lights.sock"), rack_config)
    assert farewell(Session(Path("control.sock"), UTC, "maria", picture, light)) == said
