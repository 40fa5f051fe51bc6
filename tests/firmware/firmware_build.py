"""The reference firmware and the emulated board around it, built once for a whole test run."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import capture_hw

SOURCE: Final = Path(capture_hw.__path__[0]) / "firmware"
SERIAL_NUMBER: Final = "EP-0042"
_HERE: Final = Path(__file__).parent
_BUILD_S: Final = 120


@dataclass(frozen=True, slots=True)
class BuiltFirmware:
    """Files to run the firmware from."""

    elf: Path
    rig: Path
    """The emulated board, a shared library."""
    acceleration: int
    """How many times faster the firmware's time passes."""


def built_firmware(folder: Path, acceleration: int = 1, uptime_start_ms: int = 0) -> BuiltFirmware:
    """Build what is not there yet; safe to call from several processes."""
    name = f"panel-{acceleration}-{uptime_start_ms}"
    rig, elf = folder / "panel_rig.so", folder / name / "panel.elf"
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder / "lock"):
        if not rig.exists():
            _build_rig(rig)
        if not elf.exists():
            build_panel(elf.parent, acceleration, uptime_start_ms)
    return BuiltFirmware(elf, rig, acceleration)


def _build_rig(rig: Path) -> None:
    sources = [str(source) for source in sorted(_HERE.glob("panel_rig*.c"))]
    fresh = rig.with_suffix(".new")
    options = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
    libraries = ["-lsimavr", "-lelf", "-lm"]
    _run(["gcc", *options, "-o", str(fresh), *sources, *libraries])
    fresh.rename(rig)


def build_panel(
    out: Path, acceleration: int = 1, uptime_start_ms: int = 0, source: Path = SOURCE
) -> None:
    """Build into a folder, from the firmware as it is or from a changed copy."""
    extra = f"-DACCELERATION={acceleration} -DUPTIME_START_MS={uptime_start_ms}ul"
    settings = [f"OUT={out}", f"SERIAL={SERIAL_NUMBER}", f"EXTRA={extra}"]
    _run(["make", "--silent", "-C", str(source), "all", *settings])


def _run(command: list[str]) -> None:
    # A make that runs the tests must not hand its own options on.
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    subprocess.run(command, check=True, timeout=_BUILD_S, env=environment)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
