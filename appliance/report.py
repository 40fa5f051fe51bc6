"""What workers tell the supervisor: a datagram twice a second to a socket path.

A path, not a pipe to a parent: a worker outlives a dead supervisor and reports to the next one.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from capture_hw.picture_fault import PictureFault

WorkerState = Literal["starting", "ready", "stopping"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RecorderDetail(_Record):
    """One cage's recording."""

    kind: Literal["recorder"] = "recorder"
    state: Literal["opening", "recording", "stalled", "lost", "storage"]
    """stalled: no frame for 2 s; lost: the device is gone; storage: the disk refuses."""
    reason: str = ""
    """One sentence when the state is not `recording`, or when the spool takes the recording."""
    segment: str | None
    """The stem of the segment that is being written."""
    fps: float
    """Frames written in the last few seconds, a second."""
    frames: int
    """Frames written since the worker started."""
    gaps: int
    """Gaps since the worker started."""
    frames_lost: int
    late_ms: float
    """The longest time from capture to disk in the last few seconds."""
    bytes_per_s: float
    complaint: str = ""
    """What is wrong with a segment that goes on, one sentence."""


class CageLabel(_Record):
    """What the classifier knows of one cage."""

    cage: int
    behavior: str | None
    """None before the first label."""
    confidence: float
    since_utc_ns: int
    """When the behavior began, in the picture."""
    segment: str | None
    frame: int
    """The last labelled frame of the segment."""
    lag_s: float
    """Age of the newest label: from capture of its last frame to now."""
    waiting_segments: int
    """Finished segments that still lack labels, the followed one not counted."""
    fault: str = ""
    """Why a segment of this cage cannot be labelled, one sentence."""


class ClassifierDetail(_Record):
    """All cages' labels."""

    kind: Literal["classifier"] = "classifier"
    model: str
    """`<model>@<hash>`"""
    device: str
    frames_per_s: float
    cages: tuple[CageLabel, ...]


class PanelOverride(_Record):
    """White light that a technician asked for."""

    white_percent: int
    until_utc_ns: int
    author: str
    """Empty if another host asked for it."""
    reason: str


class PanelDetail(_Record):
    """One panel, as commanded and as read back; levels in percent, rounded."""

    panel: str
    phase: Literal["light", "dark"]
    """As due by the panel's plan."""
    white_scheduled: int
    white_commanded: int | None
    """None if the panel does not say, as the next three."""
    ir_commanded: int | None
    white_measured: int | None
    """Also None without a sensor."""
    ir_measured: int | None
    next_change_utc_ns: int | None
    """None if the phase never changes again."""
    override: PanelOverride | None = None
    keeps_schedule: bool = True
    """Whether light goes on by itself when the host is dead."""
    clock_off_s: float | None = None
    """The panel's clock minus this machine's."""
    serial_number: str = ""
    port: str = ""
    resets: int = 0
    """Of the panel, seen since the worker started."""
    line_faults: int = 0
    """Damaged, late and foreign lines since the worker started, of both sides."""
    reason: str = ""
    """One sentence if the panel does not answer or disagrees."""


class CagePicture(_Record):
    """What the picture watch sees of one cage; figures of its newest look."""

    cage: int
    segment: str | None
    age_s: float | None
    """Of the picture that was looked at; None before the first."""
    mean_luma: float
    bright_part: float
    """Part of the picture that is over-exposed, 0 to 1."""
    dark_part: float
    """Part of the picture without light, 0 to 1."""
    sharpness: float
    """Steepness of the strongest edges, about 0.05 to 1."""
    change: float | None
    """Mean difference to the picture before, in levels; None for the first picture."""
    novelty: float | None
    """Part of the finest detail that the picture before has not, where it is most, 0 to 1.

    Sensor noise alone keeps it near 1; a picture that stands still comes near 0.
    """
    shift_px: float | None
    """Against the reference picture; None without one."""
    likeness: float | None
    """Correlation that three of five still tiles have with the reference, -1 to 1; None without."""
    focus: float | None
    """Steepness of the still edges, 1 as in the reference picture; None without."""
    most_bright: float | None = None
    """From this part on it is over-exposed; None without a reference, as the next three."""
    longest_shift_px: float | None = None
    """Further is a fault."""
    least_likeness: float | None = None
    """Less is a fault."""
    least_focus: float | None = None
    """Less is a fault."""
    is_commissioned: bool
    faults: tuple[PictureFault, ...]
    sentences: tuple[str, ...] = ()
    """One for each fault, with the figures."""
    reason: str = ""
    """One sentence if the cage's reference or its pictures cannot be used."""


class WatcherDetail(_Record):
    """All cages' pictures."""

    kind: Literal["watcher"] = "watcher"
    cages: tuple[CagePicture, ...]


class LightsDetail(_Record):
    """All panels."""

    kind: Literal["lights"] = "lights"
    phase: Literal["light", "dark"]
    """By the rack's plan, as the next two; a panel may have another."""
    zt_h: float
    next_change_utc_ns: int | None
    """None if the phase never changes again."""
    panels: tuple[PanelDetail, ...]
    record_fault: str = ""
    """Why the light record cannot be written, one sentence; its rows wait."""


class PublisherDetail(_Record):
    """The way to the broker."""

    kind: Literal["publisher"] = "publisher"
    broker: str
    """`host:port`"""
    connected: bool
    reason: str = ""
    waiting: int
    """Events in the outbox that the broker has not confirmed."""
    published: int
    """Events confirmed since the worker started."""


class UploaderDetail(_Record):
    """The way to the store."""

    kind: Literal["uploader"] = "uploader"
    store: str
    reachable: bool
    reason: str = ""
    waiting_files: int
    waiting_bytes: int
    verified_files: int
    """Files the store has confirmed, ever."""
    last_verified_utc_ns: int | None
    bytes_per_s: float
    conflicts: int
    """Files whose place in the store holds another object; they wait for a person."""


Detail: TypeAlias = Annotated[
    RecorderDetail
    | ClassifierDetail
    | WatcherDetail
    | LightsDetail
    | PublisherDetail
    | UploaderDetail,
    Field(discriminator="kind"),
]


class Report(_Record):
    """One datagram."""

    worker: str
    """`recorder-03`, `classifier`, `watcher`, `lights`, `publisher` or `uploader`."""
    pid: int
    config_sha256: str
    """Of the configuration that the worker runs with."""
    state: WorkerState
    detail: Detail | None = None
