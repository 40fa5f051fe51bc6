"""What a rack says of itself: online, offline, how its box is and its cameras' pictures."""

import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final, Literal

from appliance.broker_link import Message
from appliance.cage_plan import cage_plan, rack_plan
from appliance.channel import PICTURE, STATUS, TELEMETRY, Channel, topic_root
from appliance.config import RackConfig
from appliance.event import Payload, PicturePayload, StatusPayload, TelemetryPayload
from appliance.machine_state import MachineState
from appliance.message import Envelope, envelope_at, message_text
from appliance.outbox import Outbox
from appliance.report import CagePicture


class Presence:
    """The status and telemetry of one connection. All methods may raise sqlite3.Error.

    It takes two numbers of the status stream when it is made: "online" has the first, whatever
    ends it the second, be it the last will or "stopped". These two share their id as well, so
    that a reader who gets both takes them for one.
    """

    def __init__(self, config: RackConfig, outbox: Outbox, started_s: float) -> None:
        """Take the numbers; `started_s` is the publisher's start on the monotonic clock."""
        self._outbox = outbox
        self._started_s = started_s
        self._root = topic_root(config.rack.facility, config.rack.name)
        self._plan = rack_plan(config)
        self._cage_plans = {cage.number: cage_plan(config, cage) for cage in config.cage}
        with outbox.step():
            self._online_seq = outbox.take_seq(STATUS.address)
            end_seq = outbox.take_seq(STATUS.address)
        self._end: Final = self._envelope(STATUS, end_seq)

    def will(self) -> Message:
        """Return what the broker says when it loses us; its time is that of the connection."""
        return self._message(STATUS, self._end, self._status("offline", "lost"))

    def online(self) -> Message:
        """Return what is said first."""
        envelope = self._envelope(STATUS, self._online_seq)
        return self._message(STATUS, envelope, self._status("online", ""))

    def stopped(self) -> Message:
        """Return what is said before leaving in order."""
        now = self._envelope(STATUS, self._end.seq)
        envelope = now.model_copy(update={"id": self._end.id})
        return self._message(STATUS, envelope, self._status("offline", "stopped"))

    def telemetry(self, machine: MachineState, waiting_events: int) -> Message:
        """Return a reading of the box, with the next number of its stream."""
        with self._outbox.step():
            seq = self._outbox.take_seq(TELEMETRY.address)
        payload = TelemetryPayload(
            load_1min=machine.load_1min,
            memory_available_bytes=machine.memory_available_bytes,
            memory_total_bytes=machine.memory_total_bytes,
            temperatures_c=machine.temperatures_c,
            disk_free_bytes=machine.disk_free_bytes,
            disk_total_bytes=machine.disk_total_bytes,
            waiting_events=waiting_events,
        )
        return self._message(TELEMETRY, self._envelope(TELEMETRY, seq), payload)

    def pictures(self, cages: Sequence[CagePicture]) -> list[Message]:
        """Return a message for each cage, with the next numbers of their streams."""
        if not cages:
            return []
        with self._outbox.step():
            numbers = [self._outbox.take_seq(_picture_topic(cage)) for cage in cages]
        return [self._picture(cage, seq) for cage, seq in zip(cages, numbers, strict=True)]

    def _picture(self, cage: CagePicture, seq: int) -> Message:
        age_s = cage.age_s or 0.0
        utc_ns = time.time_ns() - round(age_s * 1e9)
        zt_h = self._cage_plans.get(cage.cage, self._plan).zt_h(utc_ns)
        envelope = envelope_at(PICTURE.schema, seq, utc_ns, zt_h)
        payload = PicturePayload(
            segment=cage.segment,
            age_s=age_s,
            mean_luma=cage.mean_luma,
            bright_part=cage.bright_part,
            dark_part=cage.dark_part,
            sharpness=cage.sharpness,
            change=cage.change,
            novelty=cage.novelty,
            shift_px=cage.shift_px,
            likeness=cage.likeness,
            focus=cage.focus,
            most_bright=cage.most_bright,
            longest_shift_px=cage.longest_shift_px,
            least_likeness=cage.least_likeness,
            least_focus=cage.least_focus,
            faults=cage.faults,
        )
        return self._message(PICTURE, envelope, payload, _picture_topic(cage))

    def _status(
        self, state: Literal["online", "offline"], reason: Literal["", "stopped", "lost"]
    ) -> StatusPayload:
        return StatusPayload(
            state=state,
            reason=reason,
            software=f"ethoprofiler {version('ethoprofiler')}",
            up_s=round(time.monotonic() - self._started_s, 1),
        )

    def _envelope(self, channel: Channel, seq: int) -> Envelope:
        utc_ns = time.time_ns()
        return envelope_at(channel.schema, seq, utc_ns, self._plan.zt_h(utc_ns))

    def _message(
        self, channel: Channel, envelope: Envelope, payload: Payload, topic: str = ""
    ) -> Message:
        return Message(
            self._root + (topic or channel.address),
            message_text(envelope, payload),
            channel.retained,
            channel.qos,
            (("schema", channel.schema),),
            channel.expiry_s,
        )


def _picture_topic(cage: CagePicture) -> str:
    return PICTURE.address.format(cage=f"{cage.cage:02d}")
