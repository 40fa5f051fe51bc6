"""The simplest host of a panel: one question, one answer, and programs piece by piece."""

from typing import Final

from capture_hw.light_plan import Era
from capture_hw.panel.line import Line, LineReader, encode
from capture_hw.panel.program import PanelProgram
from capture_hw.photoperiod import LightSpan, Photoperiod
from tests.firmware.emulated_panel import EmulatedPanel, SteppedPort

_ANSWER_S: Final = 4.0
DAY: Final = PanelProgram(
    900, (Era(0, Photoperiod(0, 86_400, (LightSpan(0, 600, 600), LightSpan(43_200, 0, 0)))),)
)
"""Light from 00:00 to 12:00 UTC."""
NIGHT: Final = PanelProgram(
    500, (Era(0, Photoperiod(0, 86_400, (LightSpan(0, 0, 0), LightSpan(43_200, 350, 350)))),)
)
"""Light from 12:00 to 24:00 UTC."""
LARGEST: Final = PanelProgram(
    777,
    tuple(
        Era(
            number * 100_000_001,
            Photoperiod(
                number * 7, 86_400, tuple(LightSpan(part * 9_999, part, 999) for part in range(5))
            ),
        )
        for number in range(8)
    ),
)
"""As many eras and spans as a panel takes."""
NOON_S: Final = 1_800_014_400
"""2027-01-15, 12:00 UTC."""


class NoAnswer(Exception):
    """The panel did not answer in time."""


class Host:
    """Asks an emulated panel; panel time passes meanwhile."""

    def __init__(self, panel: EmulatedPanel) -> None:
        self.panel: Final = panel
        self._port: Final = SteppedPort(panel)
        self._reader = LineReader()
        self._number = 0
        self.took_s = 0.0
        """How long the last answer took, from the first byte of the question."""

    def ask(self, text: str) -> str:
        """Send a command, return the answer without its number. Raises NoAnswer."""
        self._number = (self._number + 1) % 256
        self._port.write(encode(Line(">", self._number, tuple(text.split()))))
        began_s = self.panel.monotonic()
        until_s = began_s + _ANSWER_S
        while self.panel.monotonic() < until_s:
            for line in self._reader.feed(self._port.read(until_s - self.panel.monotonic())):
                if line.number == self._number and line.way == "<":
                    self.took_s = self.panel.monotonic() - began_s
                    return " ".join(line.words)
        raise NoAnswer(text)

    def words(self, text: str) -> list[str]:
        """Return the words behind the verb of the answer."""
        return self.ask(text).split()[1:]

    def stage(self, program: PanelProgram) -> None:
        """Stage a program."""
        self._confirm(f"begin {program.ir_permille}")
        for era in program.eras:
            own = era.photoperiod
            self._confirm(
                f"stage-era {era.from_utc_s} {own.zero_utc_s} {own.cycle_s} {len(own.spans)}"
            )
            for span in own.spans:
                self._confirm(f"stage-span {span.start_s} {span.from_permille} {span.to_permille}")

    def commit(self, program: PanelProgram) -> None:
        """Stage a program and let the panel run it."""
        self.stage(program)
        self._confirm(f"commit {program.crc:04X}")

    def set_time(self, utc_s: int, ms: int = 0) -> None:
        """Set the panel's clock."""
        self._confirm(f"time {utc_s} {ms} 60")

    def now_s(self) -> float:
        """Return what the panel's clock says."""
        utc_s, ms, *_ = self.words("clock")
        return int(utc_s) + int(ms) / 1000

    def crc(self) -> str:
        """Return the CRC of the committed program."""
        return self.words("program")[3]

    def _confirm(self, text: str) -> None:
        answer = self.ask(text)
        assert answer == text, f"{text!r} -> {answer!r}"
