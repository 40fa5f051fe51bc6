"""The dashboard without a terminal, on a real socket."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta, timezone
from pathlib import Path

from textual.pilot import Pilot

from appliance.config import RackConfig, parse_config
from tui.app import DashboardApp
from tui.picture import Connection, Picture
from tui.planned_light import LightSource
from tui.session import Session

ZONE = timezone(timedelta(hours=1))
CONFIG = b"""
[rack]
facility = "north"
name = "rack-1"
data = "data"
utc_offset = "+01:00"
[[cage]]
number = 1
animal = "M-001"
camera = {driver = "simulated"}
[lights]
dawn_minutes = 60.0
dusk_minutes = 60.0
[[lights.panel]]
name = "top"
driver = "simulated"
[[lights.panel]]
name = "bottom"
driver = "simulated"
[[lights.change]]
at = 2026-01-01T00:00:00
lights_on = 19:00:00
panels = ["bottom"]
"""
PATIENCE_S = 8.0
EVERY_S = 0.2


def rack_config(folder: Path = Path("/nowhere")) -> RackConfig:
    """Return what the rack was started with: a test may write a file of its own."""
    path = folder / "rack.toml"
    return parse_config(path.read_bytes() if path.exists() else CONFIG, path, folder)


@asynccontextmanager
async def stage(
    socket: Path, size: tuple[int, int], author: str = "maria", light: LightSource | None = None
) -> AsyncIterator[Pilot[None]]:
    """Run the dashboard and leave it."""
    folder = socket.parent
    light = light or LightSource(folder / "lights.sock", lambda: rack_config(folder))
    session = Session(socket, ZONE, author, Picture(Connection("waiting", 0, 0.0)), light)
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
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    return screen_text(pilot)
