"""The whole serial stack on real terminals, with everything that goes wrong on a line."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from capture_hw.error import PanelLost, PanelSilent
from capture_hw.panel.line import Line, encode
from capture_hw.panel.opening import open_panel
from capture_hw.panel.panel import Panel
from capture_hw.panel.port import SerialPort
from capture_hw.panel.port_search import UsbPort
from capture_hw.panel.program import PanelProgram
from capture_hw.panel.simulated_controller import SimulatedController
from capture_hw.panel.state import PanelState
from capture_hw.panel_config import SerialPanelConfig, SimulatedPanelConfig
from tests.capture_hw.pty_line import PtyLine
from tests.capture_hw.test_panel_transfer import NEW
from tests.capture_hw.timed_line import controller

Result = TypeVar("Result")
_LIMIT_S = 5.0
"""Of the contract: reconciled after replugging."""


def until(succeeds: Callable[[], Result], limit_s: float = _LIMIT_S) -> Result:
    """Return what a call gives once it no longer raises PanelSilent."""
    deadline_s = time.monotonic() + limit_s
    while True:
        try:
            return succeeds()
        except PanelSilent:
            if time.monotonic() > deadline_s:
                raise
            threading.Event().wait(0.02)


@pytest.fixture
def link(tmp_path: Path) -> Path:
    return tmp_path / "panel-port"


@pytest.fixture
def panel(link: Path, tmp_path: Path) -> Iterator[Panel]:
    config = SerialPanelConfig(
        name="lamp", driver="serial", port=str(link), serial_number="SIM-lamp"
    )
    panel = open_panel(config, tmp_path / "no-memory")
    yield panel
    panel.close()


@pytest.fixture
def device(tmp_path: Path) -> SimulatedController:
    return controller(tmp_path)


def test_a_panel_is_given_a_program_and_says_what_it_shows(
    device: SimulatedController, link: Path, panel: Panel
) -> None:
    with PtyLine(device.feed, link):
        panel.upload(NEW)
        panel.set_time(1_795_370_400_000_000_000, 60)
        assert panel.read_program() == NEW
        state = panel.read_state()
    assert (state.phase, state.white.commanded, state.program_crc) == ("light", 600, NEW.crc)
    assert panel.port == str(link)
    assert panel.keeps_schedule


def test_bytes_one_by_one_with_garbage_between_lines_are_understood(
    device: SimulatedController, link: Path, panel: Panel
) -> None:
    def noisy(data: bytes) -> bytes:
        answers = b"".join(device.feed(bytes([byte])) for byte in data)
        return b"\xff\x00 noise\n<2A sta\n" + answers.replace(b"\n", b"\r\n")

    with PtyLine(noisy, link):
        panel.upload(NEW)
        assert panel.read_program() == NEW
        count = panel.line_count
    assert count.faults == 2 * count.sent


def test_an_echoing_line_is_counted_and_survived(
    device: SimulatedController, link: Path, panel: Panel
) -> None:
    with PtyLine(lambda data: data + device.feed(data), link):
        panel.upload(NEW)
        assert panel.read_program() == NEW
        count = panel.line_count
    assert count.faults == count.sent


def test_wrong_crcs_now_and_then_are_asked_for_again(
    device: SimulatedController, link: Path, panel: Panel
) -> None:
    turns = iter(range(10_000))

    def flipping(data: bytes) -> bytes:
        answer = device.feed(data)
        return answer.replace(b" ", b"!", 1) if next(turns) % 16 == 9 else answer

    with PtyLine(flipping, link):
        panel.upload(NEW)
        assert panel.read_program() == NEW
        count = panel.line_count
    assert count.faults == sum(turn % 16 == 9 for turn in range(count.sent))
    assert count.faults > 0


def test_an_answer_that_comes_too_late_is_counted_and_not_mixed_up(
    device: SimulatedController, link: Path, panel: Panel
) -> None:
    held: list[bytes] = []

    def slow(data: bytes) -> bytes:
        held.append(device.feed(data))
        if b" clock*" in data and len(held) == 1:
            return b""
        said = b"".join(held)
        held.clear()
        return said

    with PtyLine(slow, link):
        state = panel.read_state()
    assert (state.utc_ns, state.clock) == (None, "none")
    assert panel.line_count.faults == 1


def test_a_second_master_is_noticed(device: SimulatedController, link: Path, panel: Panel) -> None:
    with PtyLine(device.feed, link) as line:
        panel.read_state()
        other = encode(Line(">", 0x77, ("heartbeat",)))
        line.say(device.feed(other))
        panel.read_state()
        count = panel.line_count
    assert (count.foreign_commands, count.faults) == (1, 1)


def test_a_panel_that_was_started_again_keeps_its_program(
    device: SimulatedController, tmp_path: Path, link: Path, panel: Panel
) -> None:
    devices = [device]

    def newest(data: bytes) -> bytes:
        return devices[-1].feed(data)

    with PtyLine(newest, link):
        panel.upload(NEW)
        before = panel.read_state()
        devices.append(controller(tmp_path))
        after = panel.read_state()
        assert panel.read_program() == NEW
    assert after.resets == before.resets + 1
    assert panel.line_count.foreign_commands == 0


def test_an_unplugged_panel_is_lost_and_found_under_the_same_link(
    device: SimulatedController, link: Path, panel: Panel
) -> None:
    with PtyLine(device.feed, link):
        panel.identify()
    with pytest.raises(PanelLost, match=r"^panel lamp: .*panel-port: the line is gone"):
        panel.identify()
    assert panel.port == ""
    link.unlink()
    with pytest.raises(PanelLost, match=r"^panel lamp: .*panel-port: (the line|there is no)"):
        panel.identify()
    # Keeps the old number of the terminal from being given out again.
    with PtyLine(lambda _data: b""), PtyLine(device.feed, link):
        plugged_in_s = time.monotonic()
        assert until(panel.identify).serial_number == "SIM-lamp"
        assert time.monotonic() - plugged_in_s < _LIMIT_S
    assert panel.line_count.openings == 2


def test_a_panel_whose_port_another_program_holds_is_there_when_it_is_let_go(
    device: SimulatedController, link: Path, panel: Panel
) -> None:
    with PtyLine(device.feed, link):
        holder = SerialPort(str(link))
        with pytest.raises(PanelLost, match="panel-port: another program holds the port"):
            panel.identify()
        holder.close()
        assert until(panel.identify).serial_number == "SIM-lamp"


def test_an_adapter_that_comes_back_as_another_port_is_found(
    device: SimulatedController, tmp_path: Path
) -> None:
    plugged_in: list[UsbPort] = []
    config = SerialPanelConfig(name="lamp", driver="serial", port="usb:0403:6001:LIGHT01")
    panel = open_panel(config, tmp_path / "no-memory", lambda: plugged_in)
    with PtyLine(device.feed) as line:
        plugged_in[:] = [UsbPort(line.path, 0x0403, 0x6001, "LIGHT01")]
        panel.identify()
        assert panel.port == line.path
        plugged_in.clear()
        line.unplug()
        with pytest.raises(PanelLost):
            panel.identify()
    with PtyLine(lambda _data: b""), PtyLine(device.feed) as elsewhere:
        plugged_in[:] = [
            UsbPort("/dev/none", 0x1A86, 0x7523, None),
            UsbPort(elsewhere.path, 0x0403, 0x6001, "LIGHT01"),
        ]
        until(panel.identify)
        assert panel.port == elsewhere.path
        panel.close()


def test_of_two_adapters_the_one_with_the_right_panel_is_kept(
    device: SimulatedController, tmp_path: Path
) -> None:
    stranger = SimulatedController(
        SimulatedPanelConfig(name="other", driver="simulated"), tmp_path / "other.json"
    )
    config = SerialPanelConfig(
        name="lamp", driver="serial", port="usb:0403:6001", serial_number="SIM-lamp"
    )
    with PtyLine(stranger.feed) as wrong, PtyLine(device.feed) as right:
        ports = [UsbPort(line.path, 0x0403, 0x6001, None) for line in (wrong, right)]
        panel = open_panel(config, tmp_path / "no-memory", lambda: ports)
        assert panel.identify().serial_number == "SIM-lamp"
        assert panel.port == right.path
        # The other panel's port is free for its own keeper.
        SerialPort(wrong.path).close()
        panel.close()


def test_a_simulated_panel_is_opened_like_a_real_one(tmp_path: Path) -> None:
    config = SimulatedPanelConfig(name="north", driver="simulated")
    panel = open_panel(config, tmp_path / "memory.json")
    panel.upload(NEW)
    program: PanelProgram | None = panel.read_program()
    assert program == NEW
    assert panel.port.startswith("/dev/pts/")
    path = panel.port
    state: PanelState = panel.read_state()
    assert state.program_crc == NEW.crc
    panel.close()
    panel.close()
    with pytest.raises(PanelLost):
        SerialPort(path)
