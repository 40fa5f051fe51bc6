"""The message around a payload: JSON text with schema, id, number and time."""

import json
import os
import time

from pydantic import BaseModel, ConfigDict, Field

from appliance.event import Payload, rfc3339
from capture_hw.light_config import LONGEST_CYCLE_H
from capture_hw.photoperiod import written_zt_h


class Envelope(BaseModel):
    """What every message begins with."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    schema_name: str = Field(alias="schema")
    """Name and number of the message's form, such as `ethoprofiler.bout/1`."""
    id: str
    """UUID version 7; the same when the message is sent again."""
    seq: int = Field(ge=1)
    """Grows by one in each topic and survives restarts."""
    time: str
    """When it happened in the picture: RFC 3339, UTC."""
    zt_h: float = Field(ge=0, lt=LONGEST_CYCLE_H)
    """Zeitgeber time of that moment: hours since the lights went on, less than the cycle."""


def message_text(envelope: Envelope, payload: Payload) -> str:
    """Return the whole message: the envelope's fields, then the payload's."""
    fields = envelope.model_dump(by_alias=True) | payload.model_dump(mode="json")
    return json.dumps(fields, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def envelope_at(schema: str, seq: int, utc_ns: int, zt_h: float) -> Envelope:
    """Return an envelope with a new id."""
    return Envelope(
        schema=schema, id=uuid7(), seq=seq, time=rfc3339(utc_ns), zt_h=written_zt_h(zt_h)
    )


def uuid7() -> str:
    """Return a new UUID version 7. Source: RFC 9562, section 5.7."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    number = milliseconds << 80 | 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    number |= 0b10 << 62 | random & (1 << 62) - 1
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
