"""A program that reads a rack's messages: what a consumer would be."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

WAIT_S: Final = 30.0


@dataclass(frozen=True)
class Read:
    """One message as it came."""

    topic: str
    body: str
    retained: bool
    """It was kept by the broker from before the subscription."""
    qos: int
    properties: dict[str, Any]
    """By their names in the specification, without spaces."""

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON object."""
        fields: dict[str, Any] = json.loads(self.body)
        return fields


class MqttReader:
    """Subscribes to all of one root and keeps what comes; connects again by itself."""

    def __init__(self, port: int, root: str, *, name: str = "reader") -> None:
        self.root: Final = root
        self.read: Final[list[Read]] = []
        self._subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = 3600
        self._client.connect_async(
            "127.0.0.1", port, keepalive=5, clean_start=False, properties=session
        )

    def __enter__(self) -> Self:
        self._client.loop_start()
        assert self._subscribed.wait(WAIT_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._client.on_connect = self._client.on_message = self._client.on_subscribe = None

    def of(self, topic: str) -> list[Read]:
        """Return what came on a topic below the root, in order."""
        return [read for read in self.read if read.topic == self.root + topic]

    def first_seqs(self, topic: str) -> list[int]:
        """Return the numbers of a topic in the order of their first coming: deduplicated by id."""
        return list({read.fields["id"]: read.fields["seq"] for read in self.of(topic)}.values())

    def _on_connect(
        self,
        client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        _reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        client.subscribe(self.root + "#", qos=1)

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self.read.append(
            Read(
                message.topic,
                message.payload.decode(),
                message.retain,
                message.qos,
                message.properties.json() if message.properties else {},  # type: ignore[no-untyped-call]
            )
        )


def wait_until(claim: Callable[[], bool], what: str, *, wait_s: float = WAIT_S) -> None:
    """Ask again and again; fail with `what` if the claim does not become true in time."""
    deadline_s = time.monotonic() + wait_s
    while not claim():
        assert time.monotonic() < deadline_s, f"not in {wait_s} s: {what}"
        time.sleep(0.01)
