"""How the box is: load, memory, temperatures, room for recordings, as the kernel tells."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SYS: Final = Path("/sys")
_PROC: Final = Path("/proc")
_MOST_SENSORS: Final = 32


@dataclass(frozen=True, slots=True)
class MachineState:
    """One reading."""

    load_1min: float
    memory_available_bytes: int
    memory_total_bytes: int
    temperatures_c: dict[str, float]
    disk_free_bytes: int | None
    """What is free for us; root's reserve is not. None if the volume does not answer."""
    disk_total_bytes: int | None


def machine_state(volume: Path) -> MachineState:
    """Read the state of the box and of the volume that `volume` lies on."""
    memory = _memory_bytes(_PROC / "meminfo")
    free_bytes, total_bytes = _disk_bytes(volume)
    return MachineState(
        load_1min=round(os.getloadavg()[0], 2),
        memory_available_bytes=memory["MemAvailable"],
        memory_total_bytes=memory["MemTotal"],
        temperatures_c=temperatures_c(_SYS),
        disk_free_bytes=free_bytes,
        disk_total_bytes=total_bytes,
    )


def temperatures_c(sys: Path) -> dict[str, float]:
    """Return the thermal zones by kind and number, such as `x86_pkg_temp-1`; at most 32.

    Source: Documentation/driver-api/thermal/sysfs-api.rst: `type`, and `temp` in 1/1000 degree.
    """
    temperatures = {}
    for zone in sorted((sys / "class" / "thermal").glob("thermal_zone*"))[:_MOST_SENSORS]:
        number = zone.name.removeprefix("thermal_zone")
        try:
            kind = (zone / "type").read_text().strip()
            temperatures[f"{kind}-{number}"] = int((zone / "temp").read_text()) / 1000
        except (OSError, ValueError):
            # A sensor that is switched off says so with an error; it has no temperature.
            continue
    return temperatures


def _disk_bytes(volume: Path) -> tuple[int, int] | tuple[None, None]:
    try:
        disk = os.statvfs(volume)
    except OSError:
        return None, None
    return disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize


def _memory_bytes(meminfo: Path) -> dict[str, int]:
    """Source: proc(5): lines such as `MemTotal:  24576000 kB`."""
    sizes = {}
    for line in meminfo.read_text().splitlines():
        name, _, size = line.partition(":")
        if size.endswith("kB"):
            sizes[name] = int(size.removesuffix("kB")) * 1024
    return sizes
