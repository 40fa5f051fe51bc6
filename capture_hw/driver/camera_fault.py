"""The faults of a simulated camera: planned in its configuration or begun while it runs.

Those of the configuration count from the first opening in this process, so that they do not begin
again when a recorder closes the camera and opens it again. Those of the fault file hold between
two moments of CLOCK_MONOTONIC, so that they hold for whoever opens the camera.
"""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from capture_hw.camera_config import CameraFault, FaultKind, SimulatedCameraConfig
from capture_hw.error import DeviceLost

_SECOND_NS: Final = 1_000_000_000


class FaultWindow(BaseModel):
    """A fault between two moments of CLOCK_MONOTONIC, the second one excluded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FaultKind
    from_ns: int
    until_ns: int


_WINDOWS: Final = TypeAdapter(tuple[FaultWindow, ...])


def begin_faults(file: Path, faults: Iterable[CameraFault]) -> None:
    """Let the cameras that watch `file` show these faults, counted from now, and no others.

    They notice within 50 ms. Raises OSError.
    """
    content = _WINDOWS.dump_json(_placed(faults, time.monotonic_ns()))
    part = file.with_name(file.name + ".part")
    part.write_bytes(content)
    part.replace(file)


class FaultSchedule:
    """Says which fault a camera has at a moment; one thread at a time."""

    def __init__(self, config: SimulatedCameraConfig) -> None:
        """Note the planned faults; nothing is read yet."""
        self._planned = _placed(config.faults, config.first_opened_ns)
        self._file = config.fault_file
        self._seen: tuple[int, int, int] | None = None
        self._begun: tuple[FaultWindow, ...] = ()

    def refresh(self) -> None:
        """Look whether the fault file has changed; raises DeviceLost if it is none."""
        if self._file is None:
            return
        seen = _identity(self._file)
        if seen != self._seen:
            self._begun = () if seen is None else _read(self._file)
            self._seen = seen

    def window(self, kind: FaultKind, moment_ns: int) -> FaultWindow | None:
        """Return the fault of this kind that holds at `moment_ns`, None if none does."""
        for window in (*self._planned, *self._begun):
            if window.kind == kind and window.from_ns <= moment_ns < window.until_ns:
                return window
        return None


def _placed(faults: Iterable[CameraFault], zero_ns: int) -> tuple[FaultWindow, ...]:
    return tuple(
        FaultWindow(
            kind=fault.kind,
            from_ns=zero_ns + round(fault.after_s * _SECOND_NS),
            until_ns=zero_ns + round((fault.after_s + fault.for_s) * _SECOND_NS),
        )
        for fault in faults
    )


def _identity(file: Path) -> tuple[int, int, int] | None:
    """Return what differs between two contents of the file; None if there is no file."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DeviceLost(f"{file}: {os.strerror(error.errno or 0).lower()}") from error
    return status.st_ino, status.st_mtime_ns, status.st_size


def _read(file: Path) -> tuple[FaultWindow, ...]:
    try:
        return _WINDOWS.validate_json(file.read_bytes())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise DeviceLost(f"{file}: {os.strerror(error.errno or 0).lower()}") from error
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the file"
        raise DeviceLost(f"{file}: {place}: {error.errors()[0]['msg']}") from error
