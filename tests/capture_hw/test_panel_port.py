"""A serial port, held alone, on real terminals."""

import fcntl
import os
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from capture_hw.error import PanelLost
from capture_hw.panel.port import PANEL_BAUD, SerialPort
from tests.capture_hw.pty_line import PtyLine

HOLD: Final = """
import sys
from capture_hw.panel.port import SerialPort

port = SerialPort(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def line() -> Iterator[PtyLine]:
    with PtyLine(lambda data: data.upper()) as line:
        yield line


@pytest.fixture
def port(line: PtyLine) -> Iterator[SerialPort]:
    port = SerialPort(line.path)
    yield port
    port.close()


def is_exclusive(descriptor: int) -> bool:
    """Source: tty_ioctl(4), TIOCGEXCL; Python has no name for it."""
    answer = fcntl.ioctl(descriptor, 0x80045440, bytes(4))
    return int.from_bytes(answer, sys.byteorder) != 0


def read_all(port: SerialPort, count: int) -> bytes:
    got = b""
    deadline_s = time.monotonic() + 10
    while len(got) < count and time.monotonic() < deadline_s:
        got += port.read(0.5)
    return got


def test_bytes_pass_both_ways_unchanged(line: PtyLine, port: SerialPort) -> None:
    everything = bytes(range(256))
    line.say(everything)
    assert read_all(port, 256) == everything
    port.write(b"question\r\n")
    assert read_all(port, 10) == b"QUESTION\r\n"


def test_nothing_comes_back_after_the_time_out(port: SerialPort) -> None:
    began_s = time.monotonic()
    assert port.read(0.05) == b""
    assert 0.04 < time.monotonic() - began_s < 2
    assert port.read(-1.0) == b""


def test_what_came_before_it_was_opened_is_dropped(line: PtyLine) -> None:
    line.say(b"boot banner\n")
    port = SerialPort(line.path)
    port.write(b"x")
    assert read_all(port, 1) == b"X"
    port.close()


def test_closing_it_does_not_lower_dtr(line: PtyLine) -> None:
    descriptor = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
    settings = termios.tcgetattr(descriptor)
    settings[2] |= termios.HUPCL
    termios.tcsetattr(descriptor, termios.TCSANOW, settings)
    port = SerialPort(line.path)
    settings = termios.tcgetattr(descriptor)
    os.close(descriptor)
    port.close()
    assert not settings[2] & termios.HUPCL
    assert settings[4] == settings[5] == termios.B115200
    assert PANEL_BAUD == 115_200


def test_other_programs_are_kept_out_as_long_as_it_is_open(line: PtyLine) -> None:
    descriptor = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
    port = SerialPort(line.path)
    assert is_exclusive(descriptor)
    port.close()
    assert not is_exclusive(descriptor)
    os.close(descriptor)


def test_a_port_that_another_program_holds_is_busy(line: PtyLine) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, line.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"open\n"
    with pytest.raises(PanelLost) as lost:
        SerialPort(line.path)
    assert str(lost.value) == f"{line.path}: another program holds the port"
    holder.kill()
    holder.communicate(timeout=10)
    SerialPort(line.path).close()


def test_a_closed_port_can_be_opened_again(line: PtyLine) -> None:
    for _turn in range(3):
        port = SerialPort(line.path)
        port.write(b"a")
        assert read_all(port, 1) == b"A"
        port.close()
        port.close()


def test_an_unplugged_port_is_lost_when_it_is_read(line: PtyLine, port: SerialPort) -> None:
    line.unplug()
    with pytest.raises(PanelLost) as lost:
        port.read(1.0)
    assert str(lost.value) == f"{line.path}: the line is gone: it was unplugged"
    port.close()


def test_an_unplugged_port_is_lost_when_it_is_written(line: PtyLine, port: SerialPort) -> None:
    line.unplug()
    with pytest.raises(PanelLost, match="the line is gone: Input/output error"):
        port.write(b"a")


def test_a_closed_port_is_lost(port: SerialPort) -> None:
    port.close()
    with pytest.raises(PanelLost):
        port.read(0.1)
    with pytest.raises(PanelLost):
        port.write(b"a")


def test_a_port_that_takes_nothing_is_lost_in_time() -> None:
    far, near = os.openpty()
    port = SerialPort(os.ttyname(near))
    began_s = time.monotonic()
    with pytest.raises(PanelLost, match="the line takes nothing"):
        port.write(b"x" * 400_000)
    assert time.monotonic() - began_s < 5
    port.close()
    os.close(far)
    os.close(near)


def test_a_port_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PanelLost) as lost:
        SerialPort(str(tmp_path / "ttyUSB0"))
    assert str(lost.value) == f"{tmp_path}/ttyUSB0: there is no such port; is the panel plugged in?"


def test_a_dangling_link_is_a_port_that_is_not_there(tmp_path: Path) -> None:
    link = tmp_path / "panel"
    link.symlink_to(tmp_path / "gone")
    with pytest.raises(PanelLost, match="there is no such port"):
        SerialPort(str(link))


def test_a_file_is_no_port(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(PanelLost) as lost:
        SerialPort(str(file))
    assert str(lost.value) == f"{file}: cannot be opened: Inappropriate ioctl for device"
