"""A bad line between a host and an emulated panel."""

import random
from typing import Final

from tests.firmware.emulated_panel import SteppedPort


class LossyPort:
    """A `PanelPort` that damages, loses and doubles bytes both ways, by chance."""

    def __init__(self, port: SteppedPort, seed: int, chance: float) -> None:
        self._port: Final = port
        self._random: Final = random.Random(seed)
        self._chance: Final = chance

    def read(self, timeout_s: float) -> bytes:
        """Return what has come, not always as it was sent."""
        return self._damaged(self._port.read(timeout_s))

    def write(self, data: bytes) -> None:
        """Send it, not always as it is."""
        self._port.write(self._damaged(data))

    def close(self) -> None:
        """Let go of the line."""

    def _damaged(self, data: bytes) -> bytes:
        return b"".join(self._byte(byte) for byte in data)

    def _byte(self, byte: int) -> bytes:
        if self._random.random() >= self._chance:
            return bytes([byte])
        return self._random.choice([b"", bytes([byte, byte]), self._random.randbytes(1)])
