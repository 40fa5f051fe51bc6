"""Events: what is told to the outside, as other programs read it.

The schemas are a contract (`docs/mqtt.md`); a change raises the number in `schema`.
"""

from datetime import UTC, datetime
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from appliance.status import Severity
from capture_hw.picture_fault import PictureFault


class _Payload(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class StatusPayload(_Payload):
    """`status`: whether the rack talks to the broker; its "offline" is also the last will."""

    state: Literal["online", "offline"]
    reason: Literal["", "stopped", "lost"]
    """Why offline: stopped in order, or the broker lost the rack. Empty when online."""
    software: str
    """Name and version, such as `ethoprofiler 0.1.0`."""
    up_s: float
    """Since the rack's publisher started, at `time`."""


class BehaviorPayload(_Payload):
    """`cage/<NN>/behavior`: what the animal does now."""

    behavior: str
    since: str
    """RFC 3339, UTC, in the picture."""
    confidence: float
    """Of the first label of the bout."""
    segment: str
    frame: int
    """The first frame of the bout."""


class BoutPayload(_Payload):
    """`cage/<NN>/bout`: one finished bout."""

    behavior: str
    start: str
    end: str
    """When the next behavior began, or the end of the last frame before a gap."""
    duration_s: float
    mean_confidence: float
    segment: str
    """Where the bout began."""
    first_frame: int
    end_segment: str
    last_frame: int
    """The last frame of the bout, in `end_segment`."""
    animal: str
    strain: str


class RecordingPayload(_Payload):
    """`cage/<NN>/recording`: state of a cage's recording."""

    state: str
    reason: str
    fps: float
    frames: int
    gaps: int
    segment: str | None


class OverridePayload(_Payload):
    """White light that a technician asked for, until it ends by itself."""

    white_percent: int
    until: str
    author: str
    reason: str


LightsCause: TypeAlias = Literal[
    "start", "schedule", "override", "override-end", "reason", "upload", "clock", "reboot"
]


class LightsPayload(_Payload):
    """`lights/<panel>`: a panel, as scheduled, as commanded and as measured; percent."""

    cause: LightsCause
    """Why it is told: the worker started, the schedule changed the light (in a ramp once a minute),
    an override began or ended, the reason or a level changed, a program was uploaded, the panel's
    clock was set or trimmed, the panel was started again."""
    phase: Literal["light", "dark"]
    white_scheduled: int
    white_commanded: int | None
    """Null if the panel does not answer, as the next three."""
    ir_commanded: int | None
    white_measured: int | None
    """Also null without a sensor."""
    ir_measured: int | None
    next_change: str | None
    """Null if the phase never changes again."""
    override: OverridePayload | None
    reason: str


class AlertPayload(_Payload):
    """`alert/<id>`: something a person should know; an empty retained message clears it."""

    kind: str
    severity: Severity
    since: str
    text: str
    acknowledged: bool


class NotePayload(_Payload):
    """`note`: what a person wrote down, about one cage or the rack."""

    cage: str | None
    author: str
    text: str


class SyncPayload(_Payload):
    """`sync`: how far the store is behind."""

    waiting_files: int
    waiting_bytes: int
    last_verified: str | None
    bytes_per_s: float
    """What the store has taken, mean of the last half minute."""
    estimate_s: float | None
    """Until nothing waits, at `bytes_per_s`; null if nothing is being taken."""
    reachable: bool


class TelemetryPayload(_Payload):
    """`telemetry/rack`: how the box itself is."""

    load_1min: float
    memory_available_bytes: int
    memory_total_bytes: int
    temperatures_c: dict[str, float]
    """By sensor; empty where the kernel shows none."""
    disk_free_bytes: int | None
    """Of the volume with the recordings; null if it does not answer."""
    disk_total_bytes: int | None
    waiting_events: int
    """Events that the broker has not confirmed."""


class PicturePayload(_Payload):
    """`telemetry/cage/<NN>/picture`: what the picture watch saw in the cage's newest key frame."""

    segment: str | None
    age_s: float
    """Of the picture, at the moment of sending."""
    mean_luma: float
    """Level, 16 to 235."""
    bright_part: float
    """Part of the picture that is over-exposed, 0 to 1."""
    dark_part: float
    """Part of the picture without light, 0 to 1."""
    sharpness: float
    """Steepness of the strongest edges, about 0.05 to 1."""
    change: float | None
    """Mean difference to the key frame before, in levels."""
    novelty: float | None
    """Part of the fine detail that the key frame before has not, 0 to 1; near 0: nothing moves."""
    shift_px: float | None
    """Against the reference picture; null without one, as the next two."""
    likeness: float | None
    """Correlation that three of five still tiles have with the reference picture, -1 to 1."""
    focus: float | None
    """Steepness of the still edges; 1 as in the reference picture."""
    most_bright: float | None
    """From this part on it is over-exposed; null without a reference, as the next three."""
    longest_shift_px: float | None
    """A greater shift is a fault."""
    least_likeness: float | None
    """Less likeness is a fault."""
    least_focus: float | None
    """Less focus is a fault."""
    faults: tuple[PictureFault, ...]


Payload: TypeAlias = (
    StatusPayload
    | BehaviorPayload
    | BoutPayload
    | RecordingPayload
    | LightsPayload
    | AlertPayload
    | NotePayload
    | SyncPayload
    | TelemetryPayload
    | PicturePayload
)


def rfc3339(utc_ns: int) -> str:
    """Return a moment as RFC 3339 in UTC with milliseconds, such as 2026-11-22T10:00:00.040Z."""
    seconds, rest_ns = divmod(utc_ns, 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest_ns // 1_000_000:03d}Z"
