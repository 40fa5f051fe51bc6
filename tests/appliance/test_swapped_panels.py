"""Two panels with plans of their own, plugged into each other's ports."""

import time
from pathlib import Path

from appliance.override_book import OverrideBook
from appliance.override_watch import OverrideWatch
from appliance.panel_keeper import PanelKeeper
from appliance.panel_look import PanelLook
from capture_hw.light_config import LightConfig
from capture_hw.light_plan import LightPlan
from capture_hw.light_setting import plan_of
from capture_hw.panel.port_opening import PanelOpener
from capture_hw.panel.reconnection import ReconnectingPanel
from capture_hw.panel.simulated_panel import SimulatedPanelLine
from capture_hw.panel_config import SimulatedPanelConfig
from tests.appliance.light_room import STANDARD_TIME, Room


class Port:
    """A place on the machine, and the keeper of the panel that is meant to be there."""

    def __init__(self, room: Room, name: str, plan: LightPlan) -> None:
        self._room, self._link = room, room.folder / f"tty-{name}"
        self._config = SimulatedPanelConfig(name=name, driver="simulated")
        opener = PanelOpener(name, None, lambda: [str(self._link)])
        book = OverrideBook(room.folder / f"{name}.override")
        self.keeper = PanelKeeper(
            ReconnectingPanel(name, opener),
            plan,
            100,
            room.clock,
            STANDARD_TIME,
            OverrideWatch(name, book),
        )

    def panel(self) -> SimulatedPanelLine:
        """Switch on the panel that is meant to be here."""
        memory = self._room.folder / f"{self._config.name}.json"
        return SimulatedPanelLine(self._config, memory, self._room._quartz)

    def plug(self, line: SimulatedPanelLine) -> None:
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(line.path)

    def look(self) -> PanelLook:
        """Look until the panel answers."""
        deadline_s = time.monotonic() + 10
        look = self.keeper.look()
        while look.detail.ir_commanded is None and time.monotonic() < deadline_s:
            look = self.keeper.look()
        return look


def test_swapped_panels_keep_their_programs_and_are_told_until_they_are_back(
    tmp_path: Path,
) -> None:
    room = Room(tmp_path, at_h=7)
    night = plan_of(LightConfig(lights_on="19:00:00"), STANDARD_TIME)  # type: ignore[arg-type]
    left, right = Port(room, "left", room.plan), Port(room, "right", night)
    lines = [left.panel(), right.panel()]
    left.plug(lines[0])
    right.plug(lines[1])
    first = left.look(), right.look()
    for line in lines:
        line.close()
    lines = [right.panel(), left.panel()]
    left.plug(lines[0])
    right.plug(lines[1])
    swapped = [(left.look(), right.look())]
    room.wait(100)
    swapped.append((left.look(), right.look()))
    for line in lines:
        line.close()
    lines = [left.panel(), right.panel()]
    left.plug(lines[0])
    right.plug(lines[1])
    back = [(left.look(), right.look())]
    room.wait(100)
    back.append((left.look(), right.look()))
    for port, line in zip((left, right), lines, strict=True):
        port.keeper.panel.close()
        line.close()
    assert [one.detail.white_commanded for one in first] == [60, 0]
    after = "so it is not given this plan until the rack is started again"
    for looks in swapped:
        assert [one.detail.white_commanded for one in looks] == [0, 60]
        assert [one.detail.reason for one in looks] == [
            f"panel left: another panel answers, SIM-right instead of SIM-left, {after}",
            f"panel right: another panel answers, SIM-left instead of SIM-right, {after}",
        ]
        assert [h.cause for one in looks for h in one.happenings] == []
    assert [one.detail.white_commanded for one in back[0]] == [60, 0]
    assert [one.detail.reason for one in back[1]] == ["", ""]
