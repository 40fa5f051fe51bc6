"""What a simulated panel tells the simulated cameras before it: when its light is dimmed."""

import time
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from capture_hw.error import DeviceLost

_MOST_WINDOWS: Final = 32


class DimmedWindow(BaseModel):
    """Infrared light of `percent` between two moments of CLOCK_MONOTONIC, the second excluded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    percent: int = Field(ge=0, le=100)
    from_ns: int
    until_ns: int


_WINDOWS: Final = TypeAdapter(tuple[DimmedWindow, ...])


def dim(file: Path, percent: int, for_ns: int) -> None:
    """Let the cameras before a panel see it dimmed from now on; it ends an earlier window.

    Raises OSError, DeviceLost.
    """
    now_ns = time.monotonic_ns()
    window = DimmedWindow(percent=percent, from_ns=now_ns, until_ns=now_ns + for_ns)
    _write(file, (*_ended(read_windows(file), now_ns), window)[-_MOST_WINDOWS:])


def end_dimming(file: Path) -> None:
    """Let the cameras see the panel as it should be from now on. Raises OSError, DeviceLost."""
    _write(file, _ended(read_windows(file), time.monotonic_ns()))


def read_windows(file: Path) -> tuple[DimmedWindow, ...]:
    """Return what a file says; nothing if there is none. Raises DeviceLost if it is another."""
    try:
        return _WINDOWS.validate_json(file.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, ValidationError) as error:
        raise DeviceLost(f"{file}: cannot be read as a panel's light") from error


def _ended(windows: tuple[DimmedWindow, ...], now_ns: int) -> tuple[DimmedWindow, ...]:
    """Return windows of which none goes on beyond now."""
    return tuple(
        window.model_copy(update={"until_ns": min(window.until_ns, now_ns)}) for window in windows
    )


def _write(file: Path, windows: tuple[DimmedWindow, ...]) -> None:
    part = file.with_name(file.name + ".part")
    part.write_bytes(_WINDOWS.dump_json(windows))
    part.replace(file)


class PanelLight:
    """The infrared light behind a simulated cage; one thread at a time."""

    def __init__(self, file: Path | None) -> None:
        """Without a file the panel always shines as it should."""
        self._file: Final = file
        self._seen: tuple[int, int, int] | None = None
        self._windows: tuple[DimmedWindow, ...] = ()

    def percent_at(self, moment_ns: int) -> int:
        """Return the level at a moment of CLOCK_MONOTONIC. Raises DeviceLost for a broken file."""
        if self._file is None:
            return 100
        try:
            status = self._file.stat()
            seen = (status.st_ino, status.st_mtime_ns, status.st_size)
        except FileNotFoundError:
            return 100
        if seen != self._seen:
            self._windows, self._seen = read_windows(self._file), seen
        for window in reversed(self._windows):
            if window.from_ns <= moment_ns < window.until_ns:
                return window.percent
        return 100
