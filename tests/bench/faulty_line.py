"""An emulated panel on whose line something is wrong, on request."""

import random
from typing import Any, Final, Literal, TypeAlias

from tests.firmware.emulated_panel import EmulatedPanel
from tests.firmware.firmware_build import BuiltFirmware

LineFault: TypeAlias = Literal["none", "silent", "garbage", "echo"]
"""silent: nothing comes through. garbage: bytes by chance both ways. echo: all comes back."""
_GARBAGE_BYTES: Final = 4
"""At each turn of the line, some two milliseconds: a sixth of what the line carries."""


class FaultyLine(EmulatedPanel):
    """A panel whose line can go bad; the panel itself does not notice."""

    def __init__(self, built: BuiltFirmware, **how: Any) -> None:
        """Put it on the bench; `how` is that of `EmulatedPanel`."""
        super().__init__(built, **how)
        self.fault: LineFault = "none"
        self._echo = b""
        self._chance: Final = random.Random(1)

    def feed(self, data: bytes) -> None:
        """Put bytes on the line to the panel."""
        if self.fault == "silent":
            return
        if self.fault == "echo":
            self._echo += data
        super().feed(data)

    def take(self) -> bytes:
        """Return what comes from the line; more or less than the panel has sent."""
        sent = super().take()
        if self.fault == "silent":
            return b""
        if self.fault == "garbage":
            super().feed(self._chance.randbytes(_GARBAGE_BYTES))
            return sent + self._chance.randbytes(_GARBAGE_BYTES)
        echo, self._echo = self._echo, b""
        return echo + sent
