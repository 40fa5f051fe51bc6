"""A light panel with the real firmware behind a USB adapter of the kernel's own driver."""

import os
import signal
import statistics
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import pytest

from capture_hw.error import PanelLost, PanelSilent
from capture_hw.panel.opening import open_panel
from capture_hw.panel.panel import Panel
from capture_hw.panel.port import SerialPort
from capture_hw.panel.port_search import UsbPort, usb_ports
from capture_hw.panel.program import PanelProgram
from capture_hw.panel_config import SerialPanelConfig
from tests.firmware.firmware_build import SERIAL_NUMBER
from tests.firmware.host import DAY, NIGHT, NOON_S
from tests.vm.guest.bench import (
    ADAPTER,
    BY_ID,
    PORT_NAME,
    decoy_bytes,
    light,
    plug,
    plug_decoy,
    plugged_in,
    pull,
)
from tests.vm.guest.card import wait_until
from tests.vm.guest.usb_witness import usb_witness

Record = Callable[[str, object], None]

HUPCL_FLAGS: Final = 2
"""Position of the control flags in what tcgetattr returns. Source: Python's termios."""
NOBODY: Final = 65_534
UPLOADS: Final = 500
"""More than there is time for before the cable is pulled."""


@pytest.fixture(autouse=True)
def adapter() -> Iterator[None]:
    """The panel's adapter."""
    with plugged_in():
        yield


def panel_on(port: str) -> Panel:
    config = SerialPanelConfig(name="main", driver="serial", port=port, serial_number=SERIAL_NUMBER)
    return open_panel(config, Path("/nonexistent"))


def hangs_up_at_close(path: Path) -> bool:
    """Return whether the kernel would lower DTR now if the port were closed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        return bool(termios.tcgetattr(descriptor)[HUPCL_FLAGS] & termios.HUPCL)
    finally:
        os.close(descriptor)


def open_like_any_program(path: Path) -> None:
    """Open and close the port with the setting that Linux gives to a new one."""
    descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    settings = termios.tcgetattr(descriptor)
    settings[HUPCL_FLAGS] |= termios.HUPCL
    termios.tcsetattr(descriptor, termios.TCSANOW, settings)
    os.close(descriptor)


@pytest.mark.parametrize("port", [PORT_NAME, str(BY_ID)])
def test_a_panel_is_found_by_the_identity_and_by_the_path_of_its_adapter(port: str) -> None:
    assert usb_ports() == [UsbPort("/dev/ttyUSB0", 0x0403, 0x6001, ADAPTER)]
    with closing(panel_on(port)) as panel:
        assert panel.identify().serial_number == SERIAL_NUMBER
        assert os.path.realpath(panel.port) == "/dev/ttyUSB0"


def test_a_port_that_is_held_is_refused_to_everybody_else_and_free_afterwards() -> None:
    as_nobody = f"import os; os.setuid({NOBODY}); os.open('/dev/ttyUSB0', os.O_RDWR)"
    ask_as_nobody = [sys.executable, "-c", as_nobody]
    Path("/dev/ttyUSB0").chmod(0o666)
    with closing(SerialPort("/dev/ttyUSB0")):
        with pytest.raises(PanelLost, match=f"^{BY_ID}: another program holds the port$"):
            SerialPort(str(BY_ID))
        # A program that knows no lock, such as one that looks for modems.
        barred = subprocess.run(ask_as_nobody, capture_output=True, text=True, check=False)
    assert "Device or resource busy" in barred.stderr
    assert subprocess.run(ask_as_nobody, check=False).returncode == 0
    SerialPort(str(BY_ID)).close()


def test_closing_and_opening_again_never_lowers_dtr() -> None:
    told = []
    with usb_witness() as witness:
        for _ in range(3):
            SerialPort(str(BY_ID)).close()
            told.append(witness.modem_lines())
    assert [set(lines) for lines in told] == [{"DTR up", "RTS up"}] * 3
    assert not hangs_up_at_close(BY_ID)


def test_a_host_that_is_killed_does_not_lower_dtr_either() -> None:
    dies = (
        "import os, signal; from capture_hw.panel.port import SerialPort; "
        f"port = SerialPort('{BY_ID}'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    with usb_witness() as witness:
        died = subprocess.run([sys.executable, "-c", dies], check=False)
        told = witness.modem_lines()
    assert died.returncode == -signal.SIGKILL
    assert set(told) == {"DTR up", "RTS up"}


def test_a_program_that_closes_the_port_as_linux_would_lowers_dtr() -> None:
    """What the witness of the tests before would have heard."""
    with usb_witness() as witness:
        open_like_any_program(BY_ID)
        wait_until(lambda: "DTR down" in witness.modem_lines(), "nobody has lowered DTR")


def test_opening_does_not_start_the_controller_anew(record_property: Record) -> None:
    before = light()
    identities = []
    for _ in range(5):
        with closing(panel_on(PORT_NAME)) as panel:
            identities.append(panel.identify())
            assert panel.line_count.resets_by_opening == 0
    record_property("RESETS over five openings", sorted({one.resets for one in identities}))
    assert len({one.resets for one in identities}) == 1
    assert [one.up_s for one in identities] == sorted(one.up_s for one in identities)
    assert light().starts == before.starts


def test_a_program_is_uploaded_and_read_back_and_its_light_is_on_the_pins(
    record_property: Record,
) -> None:
    with closing(panel_on(PORT_NAME)) as panel:
        begun_s = time.monotonic()
        panel.upload(DAY)
        uploaded_s = time.monotonic()
        assert panel.read_program() == DAY
        record_property("uploaded in", f"{uploaded_s - begun_s:.2f} s")
        record_property("read back in", f"{time.monotonic() - uploaded_s:.2f} s")
        panel.set_time((NOON_S - 3600) * 10**9, 60)
        state = panel.read_state()
        assert (state.phase, state.white.commanded, state.program_crc) == ("light", 600, DAY.crc)
        assert (panel.line_count.faults, panel.line_count.foreign_commands) == (0, 0)
    assert (light().white, light().ir) == (600, 900)


def test_the_round_trip_over_the_bus_is_known(record_property: Record) -> None:
    took_ms = []
    with closing(panel_on(PORT_NAME)) as panel:
        panel.identify()
        for _ in range(60):
            begun_s = time.monotonic()
            panel.sense()
            took_ms.append((time.monotonic() - begun_s) * 1000)
    p95_ms = statistics.quantiles(took_ms, n=20)[-1]
    record_property(
        "a question and its answer",
        f"median {statistics.median(took_ms):.0f} ms, p95 {p95_ms:.0f} ms",
    )
    assert statistics.median(took_ms) < 300


@pytest.mark.parametrize("after_s", [0.05, 0.3, 0.7, 1.2])
def test_a_cable_pulled_out_of_an_upload_leaves_the_old_program_or_the_new_one(
    after_s: float, record_property: Record
) -> None:
    with closing(panel_on(PORT_NAME)) as panel:
        panel.upload(DAY)
        threading.Timer(after_s, pull).start()
        lost_after_s = upload_until_lost(panel)
        plug(usb_port=2)
        wait_until(lambda: len(usb_ports()) == 1, "the adapter does not come back")
        kept: list[PanelProgram | None] = []
        wait_until(lambda: read_program(panel, kept), "the panel does not come back")
    record_property("lost after", f"{lost_after_s:.2f} s")
    assert kept in ([DAY], [NIGHT])


def upload_until_lost(panel: Panel) -> float:
    """Upload one program after the other; return after how many seconds the line was lost."""
    begun_s = time.monotonic()
    for program in (NIGHT, DAY) * UPLOADS:
        try:
            panel.upload(program)
        except PanelSilent:
            return time.monotonic() - begun_s
    raise AssertionError("the line is never lost")


def read_program(panel: Panel, found: list[PanelProgram | None]) -> bool:
    with suppress(PanelSilent):
        found.append(panel.read_program())
    return bool(found)


def test_a_silent_adapter_with_the_same_serial_number_is_not_taken_for_the_panel() -> None:
    pull()
    wait_until(lambda: not usb_ports(), "the adapter stays")
    plug_decoy(ADAPTER, usb_port=1)
    wait_until(BY_ID.exists, "the adapter does not come up")
    plug(usb_port=3)
    wait_until(lambda: len(usb_ports()) == 2, "the adapter does not come up")
    with closing(panel_on(PORT_NAME)) as panel:
        found: list[str] = []
        wait_until(lambda: identified(panel, found), "the panel is not found")
        assert (found, panel.port) == ([SERIAL_NUMBER], "/dev/ttyUSB1")
    assert decoy_bytes() > 0


def identified(panel: Panel, found: list[str]) -> bool:
    with suppress(PanelSilent):
        found.append(panel.identify().serial_number)
    return bool(found)
