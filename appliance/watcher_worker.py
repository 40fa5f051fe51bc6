"""The process that watches the pictures of all cages while they are recorded."""

import logging
import time
from threading import Event, Lock
from typing import Final

from appliance.cage_watch import CageWatch
from appliance.config import CageSection, RackConfig
from appliance.picture_figures import write_figures
from appliance.rack_path import picture_figures, reference_path, segment_folder, spool_folder
from appliance.report import WatcherDetail
from appliance.worker import Worker

_LOOP_S: Final = 0.25
_FIGURES_EVERY_S: Final = 5.0
_JOIN_S: Final = 2.0
_log = logging.getLogger(__name__)


def run(worker: Worker) -> None:
    """Watch until `worker.stop`; a cage that hangs does not keep the others from being seen.

    With all of them hung it gives no sign of life, and is started anew.
    """
    stop, measuring = Event(), Lock()
    cages = [_watch(worker.config, cage, stop, measuring) for cage in worker.config.cage]
    figures = _Figures(worker.config)
    for cage in cages:
        cage.start()
    try:
        while not worker.stop.wait(_LOOP_S):
            detail = WatcherDetail(cages=tuple(cage.report() for cage in cages))
            figures.write(detail)
            if not all(cage.is_hung() for cage in cages):
                worker.beat(detail)
    finally:
        stop.set()
        until_s = time.monotonic() + _JOIN_S
        for cage in cages:
            cage.join(max(0.0, until_s - time.monotonic()))


def _watch(config: RackConfig, cage: CageSection, stop: Event, measuring: Lock) -> CageWatch:
    folders = [segment_folder(config, cage.number)]
    if (spool := spool_folder(config, cage.number)) is not None:
        folders.insert(0, spool)  # its disk answers while the main volume hangs
    return CageWatch(cage.number, folders, reference_path(config, cage.number), stop, measuring)


class _Figures:
    """What is written for the publisher now and then; without it only telemetry is missing."""

    def __init__(self, config: RackConfig) -> None:
        self._path: Final = picture_figures(config)
        self._is_wanted: Final = config.mqtt is not None
        self._due_s = 0.0
        self._fault = ""

    def write(self, detail: WatcherDetail) -> None:
        """Write if it is time; an error is told once."""
        now_s = time.monotonic()
        if not self._is_wanted or now_s < self._due_s:
            return
        self._due_s = now_s + _FIGURES_EVERY_S
        fault = ""
        try:
            write_figures(self._path, detail.cages, time.monotonic_ns())
        except OSError as error:
            fault = f"{self._path}: cannot be written: {error.strerror}"
        if fault and fault != self._fault:
            _log.warning("%s", fault)
        self._fault = fault
