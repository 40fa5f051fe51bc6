"""Running the dashboard from its first picture to its last word."""

import logging
import os
import time
from datetime import timezone
from pathlib import Path
from typing import Final

from appliance.author import default_author
from appliance.status import RackStatus
from tui.app import DashboardApp
from tui.condition import condition_of
from tui.picture import Connection, Picture
from tui.session import Session
from tui.time_text import clock

_SIZE_VARIABLES: Final = ("COLUMNS", "LINES")
"""Textual believes them more than the terminal; a shell that exports them would freeze the size."""


def run_dashboard(socket: Path, zone: timezone, every_s: float, status: RackStatus | None) -> str:
    """Show the rack until a person leaves; return what is to be said then.

    `status` is what is shown before the first answer, if it is known already.
    """
    # What a library logs would be written over the screen, which is standard error.
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)
    for variable in _SIZE_VARIABLES:
        os.environ.pop(variable, None)
    state = Connection("waiting" if status is None else "live", time.time_ns(), 0.0)
    session = Session(socket, zone, default_author(), Picture(state, status))
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
