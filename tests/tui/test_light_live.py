"""The light screen beside a real lights worker and a panel that speaks the real protocol."""

import asyncio
from pathlib import Path

from appliance.rack_path import lights_socket
from tests.appliance.running_lights import NORTH, running_lights
from tests.tui.rack_server import RackServer
from tests.tui.rack_state import rack
from tests.tui.stage import stage, until, until_settled
from tui.planned_light import LightSource

BY_DAY = "[lights]\nlight_hours = 24.0\nwhite_percent = 60\n"


def test_light_by_hand_is_given_seen_and_ended(tmp_path: Path) -> None:
    async def run(socket: Path, light: LightSource) -> None:
        async with stage(socket, (120, 40), light=light) as pilot:
            await until_settled(pilot)
            await pilot.press("l")
            await until(pilot, lambda text: "Panel north   ● AS PLANNED" in text)
            await pilot.press("o", "3", "7", "tab", "ctrl+u", "3", "0", "tab", "x", "enter")
            text = await until(pilot, lambda text: "Panel north   ■ BY HAND" in text)
            assert "■ white 37 % until " in text
            assert ", by maria: x" in text
            await until(pilot, lambda text: text.count(" 37 % ███") >= 2)
            await pilot.press("r", "y")
            await until(pilot, lambda text: "Panel north   ● AS PLANNED" in text)

    with running_lights(tmp_path, BY_DAY + NORTH) as lights:
        light = LightSource(lights_socket(lights.config), lambda: lights.config)
        lights.wait_for(lambda panel: panel.white_measured == 60)
        with RackServer(tmp_path / "control.sock", lambda: rack(lights=lights.detail())):
            asyncio.run(run(tmp_path / "control.sock", light))
