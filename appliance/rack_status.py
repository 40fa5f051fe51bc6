"""The rack's state, put together from what its workers reported last."""

import time
from collections.abc import Mapping
from importlib.metadata import version
from typing import Final, TypeVar

from appliance.config import CageSection, RackConfig
from appliance.report import (
    CageLabel,
    CagePicture,
    ClassifierDetail,
    LightsDetail,
    PublisherDetail,
    RecorderDetail,
    UploaderDetail,
    WatcherDetail,
)
from appliance.status import AlertStatus, CageStatus, DiskStatus, RackStatus, WorkerStatus
from appliance.stopped_cages import StoppedCages
from appliance.worker import RECORDER
from appliance.worker_slot import WorkerSlot

_Detail = TypeVar(
    "_Detail",
    RecorderDetail,
    ClassifierDetail,
    WatcherDetail,
    LightsDetail,
    PublisherDetail,
    UploaderDetail,
)
SOFTWARE: Final = "ethoprofiler"


class RackReporter:
    """What of a rack's state does not change, and where the rest is looked up."""

    def __init__(
        self, config: RackConfig, slots: Mapping[str, WorkerSlot], stopped: StoppedCages
    ) -> None:
        self._config: Final = config
        self._slots: Final = slots
        self._stopped: Final = stopped
        self._began_s: Final = time.monotonic()
        self._software: Final = f"{SOFTWARE} {version(SOFTWARE)}"

    def status(
        self,
        now_s: float,
        disk: DiskStatus | None,
        alerts: tuple[AlertStatus, ...],
        *,
        spool: DiskStatus | None = None,
        clock_synchronized: bool,
    ) -> RackStatus:
        """Return everything as it is now."""
        classifier = _detail(self._slots.get("classifier"), ClassifierDetail)
        labels = {label.cage: label for label in classifier.cages} if classifier else {}
        watcher = _detail(self._slots.get("watcher"), WatcherDetail)
        pictures = {picture.cage: picture for picture in watcher.cages} if watcher else {}
        recorders = {f"{RECORDER}-{cage.label}" for cage in self._config.cage}
        others = [slot for name, slot in self._slots.items() if name not in recorders]
        return RackStatus(
            facility=self._config.rack.facility,
            rack=self._config.rack.name,
            software=self._software,
            time_utc_ns=time.time_ns(),
            up_s=round(now_s - self._began_s, 1),
            clock_synchronized=clock_synchronized,
            cages=tuple(
                self._cage(cage, labels.get(cage.number), pictures.get(cage.number), now_s)
                for cage in self._config.cage
            ),
            workers=tuple(slot.status(now_s) for slot in others),
            classifier=classifier,
            lights=_detail(self._slots.get("lights"), LightsDetail),
            publisher=_detail(self._slots.get("publisher"), PublisherDetail),
            uploader=_detail(self._slots.get("uploader"), UploaderDetail),
            disk=disk,
            spool=spool,
            alerts=alerts,
        )

    def bytes_per_s(self) -> float:
        """Return what all recorders write together."""
        details = [_detail(slot, RecorderDetail) for slot in self._slots.values()]
        return sum(detail.bytes_per_s for detail in details if detail is not None)

    def _cage(
        self,
        cage: CageSection,
        label: CageLabel | None,
        picture: CagePicture | None,
        now_s: float,
    ) -> CageStatus:
        slot = self._slots[f"{RECORDER}-{cage.label}"]
        return CageStatus(
            cage=cage.number,
            animal=cage.animal,
            strain=cage.strain,
            wanted=self._stopped.get(cage.number) is None,
            worker=self._worker(cage.number, slot.status(now_s)),
            recorder=_detail(slot, RecorderDetail),
            label=label,
            picture=picture,
            panel=cage.panel,
        )

    def _worker(self, cage: int, worker: WorkerStatus) -> WorkerStatus:
        stop = self._stopped.get(cage)
        if stop is None or worker.state != "stopped":
            return worker
        return worker.model_copy(update={"reason": f"stopped by {stop.author}"})


def _detail(slot: WorkerSlot | None, kind: type[_Detail]) -> _Detail | None:
    detail = slot.report.detail if slot is not None and slot.report is not None else None
    return detail if isinstance(detail, kind) else None
