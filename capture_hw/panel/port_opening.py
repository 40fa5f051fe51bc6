"""Opening a panel's line: on which of the possible ports it is, and whether it is the right one."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from capture_hw.error import PanelLost, PanelRefused, PanelSilent
from capture_hw.panel.exchange import Exchange
from capture_hw.panel.port import PanelPort, SerialPort
from capture_hw.panel.serial_panel import SerialPanel
from capture_hw.panel.state import LineCount, PanelIdentity

_IDENTIFY_S: Final = 0.65
"""Two questions without an answer: then it is another device, or a panel that is silent now."""
_SEARCH_S: Final = 0.7
"""No further port is tried in this call after so long, the others come next time."""
_START_S: Final = 0.1
"""From a reset until the controller counts its uptime, at most."""
_NUMBERS: Final = 256


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A panel that has just said who it is."""

    panel: SerialPanel
    was_reset: bool
    """By the opening."""


class PanelOpener:
    """Finds one panel, time after time. One thread at a time."""

    def __init__(
        self,
        name: str,
        serial_number: str | None,
        find_paths: Callable[[], list[str]],
        open_port: Callable[[str], PanelPort] = SerialPort,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`find_paths` returns at least one path or raises PanelLost."""
        self._name: Final = name
        self._serial_number: Final = serial_number
        self._find_paths: Final = find_paths
        self._open_port: Final = open_port
        self._monotonic: Final = monotonic
        self._first_tried_s: dict[str, float] = {}
        """When each port was first opened since the last success."""
        self._turn = 0
        self.failed = LineCount(sent=0, faults=0, openings=0)
        """What happened on lines that were closed again at once."""

    def open(self) -> OpenLine:
        """Open the port that the panel is on; within 1.4 s.

        Several ports may match only if the panel's serial number is known: then each is asked
        `identify`, a few in each call, another first each time. Raises PanelLost, PanelSilent,
        PanelRefused.
        """
        began_s = self._monotonic()
        paths = self._paths()
        reasons: list[str] = []
        for path in paths:
            if reasons and self._monotonic() - began_s >= _SEARCH_S:
                break
            self._turn += 1
            try:
                return self._try(path)
            except (PanelSilent, PanelRefused) as error:
                if len(paths) == 1:
                    raise
                reasons.append(f"{path}: {str(error).removeprefix(self._prefix)}")
        raise PanelSilent(f"{self._prefix}is not on any port tried now: {'; '.join(reasons)}")

    def check(self, identity: PanelIdentity) -> None:
        """Raise PanelRefused if it is not the expected panel."""
        if self._serial_number not in (None, identity.serial_number):
            raise PanelRefused(
                f"{self._prefix}another panel answers, {identity.serial_number} instead of "
                f"{self._serial_number}"
            )

    @property
    def _prefix(self) -> str:
        return f"panel {self._name}: "

    def _paths(self) -> list[str]:
        try:
            paths = self._find_paths()
        except PanelLost as error:
            self._first_tried_s.clear()
            raise PanelLost(f"{self._prefix}{error}") from error
        if len(paths) > 1 and self._serial_number is None:
            raise PanelRefused(
                f"{self._prefix}{len(paths)} adapters match its port ({', '.join(paths)}); "
                "give the panel's serial_number, or the adapter's in the port"
            )
        first = self._turn % len(paths)
        return paths[first:] + paths[:first]

    def _try(self, path: str) -> OpenLine:
        try:
            port = self._open_port(path)
        except PanelLost as error:
            self._first_tried_s.pop(path, None)
            raise PanelLost(f"{self._prefix}{error}") from error
        first_s = self._first_tried_s.setdefault(path, self._monotonic())
        exchange = Exchange(port, self._name, secrets.randbelow(_NUMBERS), self._monotonic)
        panel = SerialPanel(exchange, path)
        try:
            with panel.within(_IDENTIFY_S):
                identity = panel.identify()
            self.check(identity)
        except (PanelSilent, PanelRefused):
            panel.close()
            self.failed = self.failed.plus(panel.line_count)
            raise
        self._first_tried_s.clear()
        open_s = self._monotonic() - first_s
        was_reset = identity.reset_cause == "external" and identity.up_s <= open_s + _START_S
        return OpenLine(panel, was_reset)
