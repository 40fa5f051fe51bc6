"""The rack's state as the control socket gives it: one JSON document for screens and programs."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from appliance.report import (
    CageLabel,
    CagePicture,
    ClassifierDetail,
    LightsDetail,
    PublisherDetail,
    RecorderDetail,
    UploaderDetail,
)

Severity = Literal["info", "warning", "critical"]
WorkerCondition = Literal["starting", "ready", "failed", "stopped", "stopping"]
"""failed: it died or hung and waits for its next start."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WorkerStatus(_Record):
    """One worker process as the supervisor sees it."""

    name: str
    state: WorkerCondition
    pid: int | None
    restarts: int
    up_s: float
    next_start_s: float | None = None
    reason: str = ""
    """Why it ended last, until it is ready again; or that it has not reported for seconds."""


class CageStatus(_Record):
    """One cage: who lives in it, its recording, its labels."""

    cage: int
    animal: str
    strain: str
    wanted: bool
    """False if a person stopped the recording."""
    worker: WorkerStatus
    recorder: RecorderDetail | None
    label: CageLabel | None
    picture: CagePicture | None = None
    """What the picture watch sees; None before its first report."""
    panel: str | None = None
    """The light panel behind it, by its name."""


class DiskStatus(_Record):
    """A volume that takes the recordings."""

    free_bytes: int
    total_bytes: int
    hours_left: float | None
    """At the rate of the last hour, all cages on this volume; None if nothing was recorded."""


class AlertStatus(_Record):
    """Something a person should know."""

    id: str
    """Stable for one cause, such as `cage-03-stalled`."""
    kind: str
    severity: Severity
    since_utc_ns: int
    text: str
    acknowledged: bool


class RackStatus(_Record):
    """Everything."""

    schema_name: Literal["ethoprofiler.status/1"] = "ethoprofiler.status/1"
    facility: str
    rack: str
    software: str
    time_utc_ns: int
    up_s: float
    clock_synchronized: bool
    cages: tuple[CageStatus, ...]
    workers: tuple[WorkerStatus, ...]
    """All but the recorders."""
    classifier: ClassifierDetail | None
    lights: LightsDetail | None
    publisher: PublisherDetail | None
    uploader: UploaderDetail | None
    disk: DiskStatus | None
    spool: DiskStatus | None = None
    """None without a spool, or while its volume is away."""
    alerts: tuple[AlertStatus, ...]


class CageHistory(_Record):
    """What one animal did: the most frequent code of each bin, None where there is no label."""

    cage: int
    codes: tuple[int | None, ...]


class History(_Record):
    """The last hours of all cages, oldest bin first; the last bin ends now."""

    from_utc_ns: int
    bin_s: float
    cages: tuple[CageHistory, ...]
