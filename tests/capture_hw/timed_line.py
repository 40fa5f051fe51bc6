"""A panel's line in memory, whose time passes only while somebody waits for it."""

import heapq
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, TypeAlias

from capture_hw.error import PanelLost
from capture_hw.panel.exchange import Exchange
from capture_hw.panel.line import Line, decode, encode
from capture_hw.panel.quartz import Quartz
from capture_hw.panel.simulated_controller import SimulatedController
from capture_hw.panel_config import SimulatedPanelConfig

FarSide: TypeAlias = Callable[[bytes], Iterable[tuple[float, bytes]]]
"""From what the host wrote to what comes back, and after how many seconds."""
FIRST_NUMBER: Final = 0x2A


class TimedLine:
    """A `PanelPort`; `now_s` is its monotonic clock."""

    def __init__(self, far_side: FarSide) -> None:
        self.now_s = 0.0
        self.far_side = far_side
        self.written: list[bytes] = []
        self.is_open = True
        self.is_plugged_in = True
        self._coming: list[tuple[float, int, bytes]] = []

    def monotonic(self) -> float:
        return self.now_s

    def write(self, data: bytes) -> None:
        self._require_plug()
        self.written.append(data)
        for delay_s, answer in self.far_side(data):
            heapq.heappush(self._coming, (self.now_s + delay_s, len(self.written), answer))

    def read(self, timeout_s: float) -> bytes:
        self._require_plug()
        until_s = self.now_s + timeout_s
        if not self._coming or self._coming[0][0] > until_s:
            self.now_s = until_s
            return b""
        due_s, _, answer = heapq.heappop(self._coming)
        self.now_s = max(self.now_s, due_s)
        return answer

    def close(self) -> None:
        self.is_open = False

    def exchange(self) -> Exchange:
        return Exchange(self, "lamp", FIRST_NUMBER, self.monotonic)

    @property
    def questions(self) -> list[str]:
        """What was asked so far, without numbers."""
        return [" ".join(line_in(data).words) for data in self.written]

    def _require_plug(self) -> None:
        if not self.is_plugged_in:
            raise PanelLost("/dev/none: the line is gone")


def line_in(data: bytes) -> Line:
    """Return the one line that bytes with their end are."""
    line = decode(data.removesuffix(b"\n"))
    assert isinstance(line, Line)
    return line


def answer_to(question: bytes, *words: str) -> bytes:
    """Return an answer with the question's number."""
    return encode(Line("<", line_in(question).number, words))


def echo_verb(question: bytes) -> list[tuple[float, bytes]]:
    """Confirm anything at once: a far side that knows no bounds."""
    return [(0.01, answer_to(question, *line_in(question).words))]


def controller(folder: Path) -> SimulatedController:
    """Return a panel that has its program in a file; its quartz stands still."""
    config = SimulatedPanelConfig(name="lamp", driver="simulated")
    quartz = Quartz(lambda: 5_000_000_000, "run", 0, has_rtc=False)
    return SimulatedController(config, folder / "panel.json", quartz)


def panel_on_the_line(folder: Path) -> FarSide:
    """Return a panel that answers everything after 10 ms."""
    panel = controller(folder)
    return lambda data: [(0.01, panel.feed(data))]
