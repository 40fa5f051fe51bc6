"""Running the dashboard from its first picture to its last word."""

import logging
import os
import time
from collections.abc import Callable
from typing import Final

from appliance.author import default_author
from appliance.config import RackConfig
from appliance.rack_path import control_socket, lights_socket
from appliance.status import RackStatus
from tui.app import DashboardApp
from tui.condition import condition_of
from tui.picture import Connection, Picture
from tui.planned_light import LightSource
from tui.session import Session
from tui.time_text import clock

_SIZE_VARIABLES: Final = ("COLUMNS", "LINES")
"""Textual believes them more than the terminal; a shell that exports them would freeze the size."""


def run_dashboard(
    rack: RackConfig,
    started_with: Callable[[], RackConfig],
    every_s: float,
    status: RackStatus | None,
) -> str:
    """Show the rack until a person leaves; return what is to be said then.

    `started_with` reads what the rack lives by, for the light plans; it raises ConfigError.
    `status` is what is shown before the first answer, if it is known already.
    """
    # What a library logs would be written over the screen, which is standard error.
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)
    for variable in _SIZE_VARIABLES:
        os.environ.pop(variable, None)
    state = Connection("waiting" if status is None else "live", time.time_ns(), 0.0)
    light = LightSource(lights_socket(rack), started_with)
    picture, author = Picture(state, status), default_author()
    session = Session(control_socket(rack), rack.standard_time, author, picture, light)
    DashboardApp(session, every_s).run()
    return farewell(session)


def farewell(session: Session) -> str:
    """Say that leaving changed nothing, and what is known of the rack."""
    status, connection = session.picture.status, session.picture.connection
    if status is None:
        return "The dashboard is closed; no rack has answered."
    name = f"{status.facility}/{status.rack}"
    if connection.state != "live":
        since = clock(connection.since_utc_ns, session.zone)
        return f"The dashboard is closed; {name} has not answered since {since}."
    good = sum(condition_of(cage).level == "good" for cage in status.cages)
    return (
        f"The dashboard is closed; the rack {name} goes on: "
        f"{good} of {len(status.cages)} cages are being recorded."
    )
