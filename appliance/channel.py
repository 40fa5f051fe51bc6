"""The topics of a rack: what each carries and how it is sent."""

from dataclasses import dataclass
from typing import Final, Literal

from appliance.event import (
    AlertPayload,
    BehaviorPayload,
    BoutPayload,
    LightsPayload,
    NotePayload,
    Payload,
    PicturePayload,
    RecordingPayload,
    StatusPayload,
    SyncPayload,
    TelemetryPayload,
)


@dataclass(frozen=True, slots=True)
class Channel:
    """A topic, or a family of topics, below the rack's root."""

    address: str
    """Such as `cage/{cage}/bout`."""
    schema: str
    payload: type[Payload]
    retained: bool = True
    qos: Literal[0, 1] = 1
    expiry_s: int | None = None
    """How long a broker keeps a message for a reader who is away; None: for ever."""


STATUS: Final = Channel("status", "ethoprofiler.status-message/1", StatusPayload)
TELEMETRY: Final = Channel(
    "telemetry/rack",
    "ethoprofiler.telemetry/1",
    TelemetryPayload,
    retained=False,
    qos=0,
    expiry_s=60,
)
PICTURE: Final = Channel(
    "telemetry/cage/{cage}/picture",
    "ethoprofiler.picture/1",
    PicturePayload,
    retained=False,
    qos=0,
    expiry_s=60,
)
CHANNELS: Final = (
    STATUS,
    Channel("cage/{cage}/behavior", "ethoprofiler.behavior/1", BehaviorPayload),
    Channel("cage/{cage}/bout", "ethoprofiler.bout/1", BoutPayload, retained=False),
    Channel("cage/{cage}/recording", "ethoprofiler.recording/1", RecordingPayload),
    Channel("lights/{panel}", "ethoprofiler.lights/2", LightsPayload),
    Channel("alert/{alert}", "ethoprofiler.alert/1", AlertPayload),
    Channel("note", "ethoprofiler.note/1", NotePayload, retained=False),
    Channel("sync", "ethoprofiler.sync/1", SyncPayload),
    TELEMETRY,
    PICTURE,
)


def topic_root(facility: str, rack: str) -> str:
    """Return what stands before every topic of a rack, with the slash."""
    return f"ethoprofiler/{facility}/{rack}/"
