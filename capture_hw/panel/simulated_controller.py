"""A light panel's controller in software: bytes from the line in, bytes for the line out."""

from pathlib import Path
from typing import Final

from capture_hw.panel.line import Line, LineReader, encode
from capture_hw.panel.quartz import Quartz, machine_quartz
from capture_hw.panel.simulated_command import CommandRefused, require
from capture_hw.panel.simulated_device import SimulatedDevice
from capture_hw.panel.simulated_memory import COUNTER_END
from capture_hw.panel_config import SimulatedPanelConfig

_MS_NS: Final = 1_000_000
_MOST_MS: Final = 2**32 - 1
"""Of a number on the line. Source: docs/panel-protocol.md, "Commands"."""


class SimulatedController:
    """A panel that speaks the protocol and runs its committed program, asked or not.

    A later object on the same memory is the same panel after a power cut. One thread at a time.
    """

    def __init__(
        self, config: SimulatedPanelConfig, memory: Path, quartz: Quartz | None = None
    ) -> None:
        """Switch the panel on. Raises OSError if this machine's clock cannot be read.

        `memory` is its EEPROM: what is missing or unreadable there was never committed.
        """
        self._device: Final = SimulatedDevice(config, memory, quartz or machine_quartz())
        self._reader = LineReader()
        self._bad = 0
        self._commands = 0
        self._heard_ns = self._host_silent_ns = 0
        """When the last valid command came, by uptime; how long after the one before."""
        self._said: Line | None = None

    def feed(self, received: bytes) -> bytes:
        """Take bytes from the line in; return what it answers, nothing while it is silent."""
        if self._device.lamps.shows("silent"):
            return b""
        before = self._damaged()
        lines = self._reader.feed(received)
        self._bad += self._damaged() - before
        return b"".join(self._answer(line) for line in lines)

    def _answer(self, line: Line) -> bytes:
        if line.way == "<":
            if line != self._said:
                self._bad += 1
            return b""
        verb, *words = line.words
        try:
            answer = (verb, *self._act(verb, tuple(words)).split())
        except CommandRefused as refused:
            answer = ("error", refused.code)
        self._said = Line("<", line.number, answer)
        return encode(self._said)

    def _act(self, verb: str, words: tuple[str, ...]) -> str:
        if verb == "counters":
            require(words, 0)
            self._hear()
            silent_ms = min(self._host_silent_ns // _MS_NS, _MOST_MS)
            return f"{silent_ms} {self._commands} {self._bad % COUNTER_END} 0 0"
        act = self._device.verbs.get(verb)
        if act is None:
            raise CommandRefused("verb")
        answer = act(words)
        self._hear()
        return answer

    def _hear(self) -> None:
        """Take note of a valid command."""
        up_ns = self._device.up_ns()
        self._host_silent_ns, self._heard_ns = up_ns - self._heard_ns, up_ns
        self._commands = (self._commands + 1) % COUNTER_END

    def _damaged(self) -> int:
        return self._reader.damaged + self._reader.too_long
