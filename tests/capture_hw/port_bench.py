"""Serial ports in memory, which can be plugged in and out, with one clock for all."""

from capture_hw.error import PanelLost
from capture_hw.panel.port_opening import PanelOpener
from capture_hw.panel.reconnection import ReconnectingPanel
from tests.capture_hw.timed_line import FarSide, TimedLine


class Bench:
    """Ports by path, with one clock; a path without a line is not plugged in."""

    def __init__(self, serial_number: str | None = None) -> None:
        self.now_s = 100.0
        self.paths = ["/dev/a"]
        self.lines: dict[str, TimedLine] = {}
        self.opened: list[tuple[str, float]] = []
        self.released = 0
        opener = PanelOpener("lamp", serial_number, self._find, self._open, self.monotonic)
        self.panel = ReconnectingPanel("lamp", opener, self.monotonic, self._release)

    def plug(self, path: str, far_side: FarSide) -> TimedLine:
        self.lines[path] = _SharedTimeLine(self, far_side)
        return self.lines[path]

    def unplug(self, path: str) -> None:
        self.lines.pop(path).is_plugged_in = False

    def monotonic(self) -> float:
        return self.now_s

    def _find(self) -> list[str]:
        if not self.paths:
            raise PanelLost("no USB adapter is plugged in")
        return self.paths

    def _open(self, path: str) -> TimedLine:
        self.opened.append((path, self.now_s))
        if path not in self.lines:
            raise PanelLost(f"{path}: there is no such port")
        return self.lines[path]

    def _release(self) -> None:
        self.released += 1


class _SharedTimeLine(TimedLine):
    """A line whose time is the bench's."""

    def __init__(self, bench: Bench, far_side: FarSide) -> None:
        self._bench = bench
        super().__init__(far_side)

    @property
    def now_s(self) -> float:
        return self._bench.now_s

    @now_s.setter
    def now_s(self, now_s: float) -> None:
        if now_s:
            self._bench.now_s = now_s
