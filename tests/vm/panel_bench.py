"""A light panel for the guest: the real firmware, emulated here, behind QEMU's USB adapter."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.firmware.emulated_panel import EmulatedPanel, FirmwareCrashed, on_the_bench
from tests.firmware.firmware_build import BuiltFirmware, built_firmware
from tests.firmware.paced_panel import PacedPanel
from tests.vm.error import MachineError
from tests.vm.machine import USB, Machine
from tests.vm.mailbox import Answer, Question, answering

MAILBOX: Final = "bench"
"""The folder in the share where the guest asks."""
PANEL: Final = "panel"
DECOY: Final = "decoy"
"""An adapter behind which there is no panel; it keeps what it is sent."""
_PLUG_S: Final = 3.0
"""An adapter that was pulled is gone a moment later."""
_TURN_S: Final = 0.02


class PanelBench:
    """The panel and the adapters, as the guest's tests handle them."""

    def __init__(self, machine: Machine, paced: PacedPanel, decoy: Path) -> None:
        self._machine: Final = machine
        self._paced: Final = paced
        self._decoy: Final = decoy
        machine.order(f"chardev-add serial,id={PANEL},path={paced.link.resolve()}")
        machine.order(f"chardev-add file,id={DECOY},path={decoy}")

    def answer(self, question: Question) -> Answer:
        """Do what is asked, or tell what is so. Raises MachineError."""
        match question["ask"]:
            case "plug":
                self._plug(question["adapter"], question["serial"], question["port"])
                return {}
            case "unplug":
                self._machine.order(f"device_del {question['adapter']}-adapter")
                return {}
            case "power-cut":
                self._paced.call(EmulatedPanel.power_cut)
                return {}
            case "light":
                return self._paced.call(_light) | {"behind_s": self._paced.behind_s}
            case "decoy":
                return {"heard_bytes": self._decoy.stat().st_size}
            case unknown:
                raise MachineError(f"{unknown}: nothing that the bench can do")

    def _plug(self, adapter: str, serial: str, port: str) -> None:
        device = f"usb-serial,id={adapter}-adapter,chardev={adapter},serial={serial}"
        deadline_s = time.monotonic() + _PLUG_S
        while True:
            try:
                self._machine.order(f"device_add {device},bus={USB}.0,port={port}")
            except MachineError:
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(_TURN_S)
            else:
                return


@contextmanager
def panel_bench(machine: Machine, share: Path) -> Iterator[None]:
    """Let the guest handle a panel that is fresh from the factory. Raises MachineError."""
    built = _firmware(share / "firmware")
    try:
        with (
            on_the_bench(built) as panel,
            PacedPanel(panel, share / "panel") as paced,
            answering(share / MAILBOX, PanelBench(machine, paced, share / "decoy").answer),
        ):
            yield
    except (FirmwareCrashed, BufferError) as error:
        raise MachineError(f"the emulated panel has failed: {error}") from error


def _firmware(folder: Path) -> BuiltFirmware:
    try:
        return built_firmware(folder)
    except FileNotFoundError as error:
        raise MachineError(f"the firmware cannot be built: no {error.filename}") from error
    except subprocess.SubprocessError as error:
        raise MachineError(f"the firmware cannot be built: {error}") from error


def _light(panel: EmulatedPanel) -> Answer:
    """Give what the pins show, and what they have shown since the last time, by this host."""
    begun_s = time.time() - panel.monotonic()
    return {
        "utc_s": time.time(),
        "white": panel.white,
        "ir": panel.ir,
        "changes": [[begun_s + one.at_s, one.white, one.ir] for one in panel.take_changes()],
        "starts": panel.starts,
    }
