"""How long the disks that take the recordings last."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance.config import RackConfig
from appliance.data_folder import shares_volume
from appliance.rack_volume import volume_fault
from appliance.status import DiskStatus
from appliance.writing_rate import WritingRate, hours_left
from capture_hw.data_volume import is_marked

_GB: Final = 1e9


class DiskSpace:
    """Free space of a folder's volume, and the hours until the recorders stop for lack of it."""

    def __init__(self, folder: Path, keep_free_gb: float, fault_of: Callable[[], str]) -> None:
        """`fault_of` says why what is there is not the right volume; empty if it is."""
        self._folder: Final = folder
        self._keep_free: Final = keep_free_gb * _GB
        self._fault_of: Final = fault_of
        self.status: DiskStatus | None = None
        self.fault = ""
        """Why the volume cannot be looked at, one sentence."""

    def look(self, bytes_per_s: float | None) -> None:
        """Measure anew, for recorders that write so fast together."""
        self.status = None
        try:
            self.fault = self._fault_of()
            if self.fault:
                return
            volume = os.statvfs(self._folder)
        except OSError as error:
            self.fault = f"{self._folder}: {error.strerror}"
            return
        free = volume.f_bavail * volume.f_frsize
        self.status = DiskStatus(
            free_bytes=free,
            total_bytes=volume.f_blocks * volume.f_frsize,
            hours_left=hours_left(free, self._keep_free, bytes_per_s),
        )


class RackDisks:
    """The volumes of data and spool; the forecast of each is for recording into that one alone."""

    def __init__(self, config: RackConfig) -> None:
        data, recording = config.rack.data, config.recording
        self._rate: Final = WritingRate()
        self.data: Final = DiskSpace(data, recording.keep_free_gb, lambda: volume_fault(config))
        self.spool: DiskSpace | None = None
        """None if the rack has none."""
        if (spool := recording.spool) is not None:
            self.spool = DiskSpace(spool, recording.keep_free_gb, lambda: _spool_fault(spool, data))

    def look(self, bytes_per_s: float, now_s: float) -> None:
        """Measure anew, with the present rate of all recorders."""
        self._rate.add(bytes_per_s, now_s)
        for disk in (self.data, self.spool):
            if disk is not None:
                disk.look(self._rate.bytes_per_s)


def _spool_fault(spool: Path, data: Path) -> str:
    """Return why the spool would not help. Raises OSError."""
    if not is_marked(spool):
        return f"{spool}: the volume of the spool is not mounted"
    if shares_volume(spool, data):
        return f"{spool}: is no spool, it is on the same volume as {data}"
    return ""
