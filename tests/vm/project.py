"""The project as the guest gets it: this checkout's Python files at the time of the run."""

import tarfile
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[2]
_PACKAGES: Final = ("appliance", "capture_hw", "disk", "inference", "sync", "tests", "tui")


def pack_project(archive: Path) -> None:
    """Write the packages and pyproject.toml into a tar file."""
    with tarfile.open(archive, "w") as packed:
        packed.add(_ROOT / "pyproject.toml", "pyproject.toml")
        for package in _PACKAGES:
            for file in sorted((_ROOT / package).rglob("*.py")):
                packed.add(file, str(file.relative_to(_ROOT)))
