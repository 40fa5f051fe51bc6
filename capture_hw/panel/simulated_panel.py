"""The line to a simulated panel: a pseudo-terminal on which its controller answers."""

import os
import select
import threading
import tty
from pathlib import Path
from typing import Final

from capture_hw.error import PanelLost
from capture_hw.panel.quartz import Quartz
from capture_hw.panel.simulated_controller import SimulatedController
from capture_hw.panel_config import SimulatedPanelConfig

_CHUNK: Final = 4096
_JOIN_S: Final = 5.0


class SimulatedPanelLine:
    """A panel that is switched on and plugged in until `close`; a thread of its own serves it."""

    def __init__(
        self, config: SimulatedPanelConfig, memory: Path, quartz: Quartz | None = None
    ) -> None:
        """Switch it on, as `SimulatedController` does. Raises PanelLost if there is no terminal."""
        try:
            self._controller: Final = SimulatedController(config, memory, quartz)
            self._far_end, self._near_end = os.openpty()
        except OSError as error:
            raise PanelLost(
                f"panel {config.name}: cannot be simulated: {error.strerror}"
            ) from error
        tty.setraw(self._near_end)
        os.set_blocking(self._far_end, False)
        self.path: Final = Path(os.ttyname(self._near_end))
        """What a host opens like a serial port, as often as it likes."""
        self._wake_reader, self._wake_writer = os.pipe()
        self._thread: Final = threading.Thread(
            target=self._serve, name=f"simulated panel {config.name}", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Pull the plug; safe to call twice, and from any thread but its own."""
        if self._wake_writer < 0:
            return
        os.close(self._wake_writer)
        self._wake_writer = -1
        self._thread.join(_JOIN_S)

    def _serve(self) -> None:
        """Answer until the pipe ends. The near end stays open, so that hosts may come and go."""
        try:
            while True:
                readable, _, _ = select.select([self._far_end, self._wake_reader], [], [])
                if self._wake_reader in readable:
                    return
                self._say(self._controller.feed(os.read(self._far_end, _CHUNK)))
        finally:
            for descriptor in (self._far_end, self._near_end, self._wake_reader):
                os.close(descriptor)

    def _say(self, answer: bytes) -> None:
        """Send; what a host does not take is lost, as on a line without flow control."""
        try:
            os.write(self._far_end, answer)
        except BlockingIOError:
            return
