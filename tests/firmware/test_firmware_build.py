"""What `make` puts on a controller: that panel's own image, and none that was built for tests."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.firmware.firmware_build import SOURCE


@pytest.fixture
def programmer(tmp_path: Path) -> Path:
    """A folder with an avrdude that only says what it was asked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "avrdude").write_text('#!/bin/sh\necho "avrdude $*"\n')
    (folder / "avrdude").chmod(0o755)
    return folder


def _make(programmer: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    environment["PATH"] = f"{programmer}:{environment['PATH']}"
    return subprocess.run(
        ["make", "-C", str(SOURCE), f"OUT={programmer.parent / 'out'}", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_another_serial_number_makes_another_image(programmer: Path) -> None:
    image = programmer.parent / "out" / "panel.elf"
    for serial in ("EP-0007", "EP-0008"):
        made = _make(programmer, f"SERIAL={serial}", "flash")
        assert made.returncode == 0, made.stderr
        assert "-U flash:w:" in made.stdout
        assert serial.encode() in image.read_bytes()
    before = image.stat().st_mtime_ns
    assert _make(programmer, "SERIAL=EP-0008", "all").returncode == 0
    assert image.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "flash needs SERIAL="),
        (("SERIAL=EP-0007", "EXTRA=-DACCELERATION=7200"), "EXTRA=-DACCELERATION=7200 is for tests"),
        (("SERIAL=EP 7",), "is not 1 to 24 letters"),
    ],
)
def test_an_image_that_is_no_panels_is_not_flashed(
    programmer: Path, words: tuple[str, ...], reason: str
) -> None:
    made = _make(programmer, *words, "flash")
    assert made.returncode != 0
    assert reason in made.stdout
    assert "avrdude -c" not in made.stdout
