"""A room with one simulated panel, its keeper, and the clocks that a test turns."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta, timezone
from pathlib import Path
from typing import Final

from appliance.light_clock import LightClock
from appliance.light_teller import LightTeller
from appliance.override_book import OverrideBook
from appliance.override_watch import OverrideWatch
from appliance.panel_keeper import PanelKeeper
from appliance.panel_look import PanelLook
from capture_hw.light_config import LightConfig
from capture_hw.light_setting import plan_of
from capture_hw.panel.port_opening import PanelOpener
from capture_hw.panel.quartz import Quartz
from capture_hw.panel.reconnection import ReconnectingPanel
from capture_hw.panel.simulated_controller import SimulatedController
from capture_hw.panel.simulated_panel import SimulatedPanelLine
from capture_hw.panel_config import PanelFault, SimulatedPanelConfig

SECOND_NS: Final = 1_000_000_000
HOUR_S: Final = 3600
MIDNIGHT_S: Final = 1_790_000_640 // 86_400 * 86_400
"""2026-09-21 in UTC; with lights on at 07:00 they are on from 06:00 to 18:00 UTC."""
STANDARD_TIME: Final = timezone(timedelta(hours=1))


class Room:
    """One panel and two clocks: the host's, and the panel's quartz, which may be wrong."""

    def __init__(
        self,
        folder: Path,
        at_h: float,
        faults: tuple[PanelFault, ...] = (),
        lights: LightConfig | None = None,
        *,
        has_rtc: bool = True,
        quartz_ppm: float = 0.0,
    ) -> None:
        self.folder = folder
        self.host_s = MIDNIGHT_S + at_h * HOUR_S
        self.passed_s = 0.0
        self.is_synchronized = True
        self.plan = plan_of(lights or LightConfig(), STANDARD_TIME)
        self.teller = LightTeller()
        self.looks: list[PanelLook] = []
        self.memory = folder / "north.json"
        self.book_path = folder / "override" / "north.json"
        self._config = SimulatedPanelConfig(name="north", driver="simulated", faults=faults)
        self._rate = 1 + quartz_ppm / 1e6
        self._quartz = Quartz(
            lambda: round(self.passed_s * self._rate * SECOND_NS),
            "a run",
            round(self.host_s * SECOND_NS),
            has_rtc=has_rtc,
        )
        self.clock = LightClock(
            lambda: round(self.host_s * SECOND_NS),
            lambda: self.passed_s,
            lambda: self.is_synchronized,
        )

    def panel(self) -> ReconnectingPanel:
        """Switch the panel on; with a real-time clock its time is right."""
        self._line = SimulatedPanelLine(self._config, self.memory, self._quartz)
        return ReconnectingPanel(
            "north", PanelOpener("north", None, lambda: [str(self._line.path)])
        )

    def power_cycle(self) -> None:
        """Cut the panel's power for a moment and plug it into another port."""
        self._line.close()
        self._line = SimulatedPanelLine(self._config, self.memory, self._quartz)

    def reset(self) -> None:
        """Let the panel's controller start again with its line open."""
        self._line._controller = SimulatedController(  # type: ignore[misc]
            self._config, self.memory, self._quartz
        )

    def keep(self, panel: ReconnectingPanel) -> PanelKeeper:
        return PanelKeeper(
            panel,
            self.plan,
            100,
            self.clock,
            STANDARD_TIME,
            OverrideWatch("north", OverrideBook(self.book_path)),
        )

    @contextmanager
    def keeper(self) -> Iterator[PanelKeeper]:
        """Yield the keeper of a panel that is switched on, and switch it off."""
        panel = self.panel()
        try:
            yield self.keep(panel)
        finally:
            panel.close()
            self._line.close()

    def deafen(self, verb: str, times: int = 1_000_000, *, is_heard: bool = False) -> list[float]:
        """Let the panel not answer a command so often; return when it was sent, which grows.

        `is_heard`: it does what it is told, and only the answer is lost.
        """
        controller = self._line._controller
        feed, unanswered = controller.feed, f" {verb}".encode("ascii")
        sent_s: list[float] = []

        def hear(received: bytes) -> bytes:
            if unanswered not in received or len(sent_s) >= times:
                return feed(received)
            sent_s.append(self.passed_s)
            if is_heard:
                feed(received)
            return b""

        controller.feed = hear  # type: ignore[method-assign]
        return sent_s

    def wait(self, seconds: float) -> None:
        self.passed_s += seconds
        self.host_s += seconds

    def step_host_clock(self, seconds: float) -> None:
        self.host_s += seconds

    def watch(self, keeper: PanelKeeper, seconds: int, every_s: float = 1) -> list[PanelLook]:
        """Look again and again for so long; return the looks."""
        looks = []
        for _ in range(round(seconds / every_s)):
            looks.append(keeper.look())
            self.wait(every_s)
        self.looks += looks
        return looks
