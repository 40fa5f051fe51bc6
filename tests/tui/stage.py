"""The dashboard without a terminal, on a real socket."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta, timezone
from pathlib import Path

from textual.pilot import Pilot

from tui.app import DashboardApp
from tui.picture import Connection, Picture
from tui.session import Session

ZONE = timezone(timedelta(hours=1))
PATIENCE_S = 8.0
EVERY_S = 0.2


@asynccontextmanager
async def stage(
    socket: Path, size: tuple[int, int], author: str = "maria"
) -> AsyncIterator[Pilot[None]]:
    """Run the dashboard and leave it."""
    session = Session(socket, ZONE, author, Picture(Connection("waiting", 0, 0.0)))
    app = DashboardApp(session, EVERY_S)
    async with app.run_test(size=size, notifications=True) as pilot:
        yield pilot


def session_of(pilot: Pilot[None]) -> Session:
    assert isinstance(pilot.app, DashboardApp)
    return pilot.app.session


def screen_text(pilot: Pilot[None]) -> str:
    """Return what a person sees."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


async def until(pilot: Pilot[None], seen: Callable[[str], bool]) -> str:
    """Wait for a screen that a predicate likes, and return it."""
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        await pilot.pause(0.03)
        text = screen_text(pilot)
        if seen(text):
            return text
    raise AssertionError(f"never seen; the last screen was:\n{text}")


async def until_settled(pilot: Pilot[None]) -> str:
    """Wait for the rack's state and for every history that the screen wants."""

    def settled(_: str) -> bool:
        picture = session_of(pilot).picture
        wanted = set(getattr(pilot.app.screen, "queries", list)())
        return picture.status is not None and wanted <= picture.histories.keys()

    await until(pilot, settled)
    await pilot.pause()
    return screen_text(pilot)
