"""A panel with the reference firmware on the bench."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.firmware.emulated_panel import EmulatedPanel, on_the_bench
from tests.firmware.firmware_build import BuiltFirmware, built_firmware
from tests.firmware.host import Host


@pytest.fixture(scope="session")
def firmware_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this test run that all its processes share."""
    base = tmp_path_factory.getbasetemp()
    # A worker of pytest-xdist has a folder of its own in that of the run.
    shared = base.parent if base.name.startswith("popen-") else base
    return shared / "firmware"


@pytest.fixture(scope="session")
def build(firmware_folder: Path) -> Callable[..., BuiltFirmware]:
    """Build with other constants: those of `built_firmware`."""
    return lambda **constants: built_firmware(firmware_folder, **constants)


@pytest.fixture(scope="session")
def firmware(build: Callable[..., BuiltFirmware]) -> BuiltFirmware:
    """The firmware as it is flashed."""
    return build()


@pytest.fixture
def panel(firmware: BuiltFirmware) -> Iterator[EmulatedPanel]:
    """A panel fresh from the factory, just switched on."""
    with on_the_bench(firmware) as panel:
        panel.run(0.05)
        yield panel


@pytest.fixture
def host(panel: EmulatedPanel) -> Host:
    """Its host."""
    return Host(panel)
