"""The emulated panel as a device with a path, in real time."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from capture_hw.panel.line import Line, LineReader, encode
from capture_hw.panel.port import SerialPort
from tests.firmware.emulated_panel import on_the_bench
from tests.firmware.firmware_build import BuiltFirmware
from tests.firmware.paced_panel import PacedPanel


@pytest.fixture
def paced(firmware: BuiltFirmware, tmp_path: Path) -> Iterator[PacedPanel]:
    """A panel that runs."""
    with on_the_bench(firmware) as panel, PacedPanel(panel, tmp_path / "panel") as paced:
        yield paced


def _identify(link: Path) -> tuple[str, ...]:
    port, reader = SerialPort(str(link)), LineReader()
    try:
        until_s = time.monotonic() + 5
        while time.monotonic() < until_s:
            port.write(encode(Line(">", 1, ("identify",))))
            for line in reader.feed(port.read(0.3)):
                return line.words
    finally:
        port.close()
    raise TimeoutError


def test_it_answers_on_its_path_before_and_after_it_was_unplugged(paced: PacedPanel) -> None:
    words = ("identify", "etho-panel-328p", "1.0", "EP-0042", "1")
    assert _identify(paced.link) == words
    paced.unplug()
    assert not paced.link.exists()
    paced.plug()
    assert _identify(paced.link) == words


def test_its_time_is_the_machines(paced: PacedPanel) -> None:
    began_s, panel_s = time.monotonic(), paced.call(lambda panel: panel.monotonic())
    while time.monotonic() - began_s < 0.5:
        _identify(paced.link)
    passed_s = paced.call(lambda panel: panel.monotonic()) - panel_s
    assert passed_s == pytest.approx(time.monotonic() - began_s, abs=0.3)
