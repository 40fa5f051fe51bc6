"""How long the disk with the recordings lasts."""

import math
import os
from pathlib import Path
from typing import Final

from appliance.status import DiskStatus

_SMOOTHING_S: Final = 600.0
"""A mouse's video has a tenth of the size when it sleeps; a forecast should not jump with it."""
_GB: Final = 1e9


class DiskSpace:
    """Free space of a folder's volume, and the hours until the recorders stop for lack of it."""

    def __init__(self, folder: Path, keep_free_gb: float) -> None:
        self._folder: Final = folder
        self._keep_free: Final = keep_free_gb * _GB
        self._rate: float | None = None
        self._rated_s = 0.0
        self.status: DiskStatus | None = None
        self.fault = ""
        """Why the volume cannot be looked at, one sentence."""

    def look(self, bytes_per_s: float, now_s: float) -> None:
        """Measure anew, with the present rate of all recorders."""
        rate = self._smooth(bytes_per_s, now_s)
        try:
            volume = os.statvfs(self._folder)
        except OSError as error:
            self.status, self.fault = None, f"{self._folder}: {error.strerror}"
            return
        free = volume.f_bavail * volume.f_frsize
        room = max(0.0, free - self._keep_free)
        self.fault = ""
        self.status = DiskStatus(
            free_bytes=free,
            total_bytes=volume.f_blocks * volume.f_frsize,
            hours_left=round(room / rate / 3600, 2) if rate >= 1.0 else None,
        )

    def _smooth(self, bytes_per_s: float, now_s: float) -> float:
        if self._rate is None or self._rate < 1.0:
            self._rate = bytes_per_s
        else:
            weight = 1.0 - math.exp(-(now_s - self._rated_s) / _SMOOTHING_S)
            self._rate += weight * (bytes_per_s - self._rate)
        self._rated_s = now_s
        return self._rate
