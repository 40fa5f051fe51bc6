"""One connection to an MQTT 5 broker; the only module that knows paho."""

import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self, TypeAlias

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

IN_FLIGHT: Final = 20
"""Messages sent and not confirmed. Source: measured, Mosquitto 2.0 loses some above its default."""
_KEEPALIVE_S: Final = 15
"""A dead rack is told of after one and a half of it, a dead broker is noticed within two."""
_OPEN_S: Final = 5.0
"""The longest wait for the connection, for its encryption, and for the broker's first answer."""


_KEPT_PROPERTIES: Final = 64
_PropertyKey: TypeAlias = tuple[bool, tuple[tuple[str, str], ...], int | None]


class BrokerError(Exception):
    """The broker cannot be used now; try again later. The message is one sentence."""


class BrokerUnreachable(BrokerError):
    """Nobody answers at the address, or not in a way that can be trusted; nothing was said."""


class BrokerRefused(BrokerError):
    """The broker does not want us, and kept nothing of what it was told."""


class BrokerLost(BrokerError):
    """The connection broke; what was not confirmed may have arrived or not."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is, and who we are to it."""

    host: str
    port: int
    client_id: str
    tls: bool = False
    ca_file: Path | None = None
    """Certificates to trust; those of the system if not given."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent; an empty body with `retained` empties the topic."""

    topic: str
    body: str
    retained: bool
    qos: Literal[0, 1] = 1
    properties: tuple[tuple[str, str], ...] = ()
    """User properties."""
    expiry_s: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The broker's answer to one message."""

    packet: int
    """As `send` returned it."""
    refusal: str
    """Why the broker does not take the message; empty if it has it."""


class BrokerLink:
    """A connection with a clean session, used once: after BrokerLost make another one.

    One thread at a time; nothing happens on the network but inside a call. What is sent lives in
    memory until its receipt, so the caller bounds it: at most `window` messages.
    """

    def __init__(self, address: BrokerAddress, will: Message | None) -> None:
        """Prepare a connection that leaves `will` with the broker. Raises BrokerUnreachable."""
        self.address: Final = address
        self.window = IN_FLIGHT
        self._answer: ReasonCode | None = None
        self._farewell = ""
        self._is_lost = False
        self._receipts: list[Receipt] = []
        self._properties: dict[_PropertyKey, Properties] = {}
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=address.client_id, protocol=MQTTv5
        )
        self._client.connect_timeout = _OPEN_S
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        if address.username is not None or address.password is not None:
            self._client.username_pw_set(address.username, address.password)
        if address.tls:
            self._client.tls_set_context(_tls_context(address))
        if will is not None:
            properties = _properties(will, PacketTypes.WILLMESSAGE)
            self._client.will_set(will.topic, will.body, will.qos, will.retained, properties)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        """Connect; takes 15 s at most, and what the system needs to find the host by its name.

        Raises BrokerError.
        """
        try:
            self._client.connect(
                self.address.host, self.address.port, keepalive=_KEEPALIVE_S, clean_start=True
            )
        except (OSError, ValueError) as error:
            raise BrokerUnreachable(f"{self.address}: {_sentence(error)}") from error
        deadline_s = time.monotonic() + _OPEN_S
        while self._answer is None:
            if self._client.loop(0.1) != MQTTErrorCode.MQTT_ERR_SUCCESS and self._answer is None:
                raise BrokerLost(f"{self.address}: closed the connection without an answer")
            if time.monotonic() > deadline_s:
                raise BrokerLost(f"{self.address}: no answer in {_OPEN_S:.0f} s")
        if self._answer.is_failure:
            name = self.address.username
            whom = "a client without user name" if name is None else f"user '{name}'"
            raise BrokerRefused(f"{self.address}: refuses {whom}: {self._answer}")
        if self._farewell:
            raise BrokerRefused(f"{self.address}: {self._farewell}")

    def send(self, message: Message) -> int:
        """Hand a message over and return the number of its packet. Raises BrokerLost."""
        sent = self._client.publish(
            message.topic,
            message.body.encode(),
            message.qos,
            message.retained,
            self._publish_properties(message),
        )
        if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise self._lost()
        return sent.mid

    def wait(self, timeout_s: float) -> list[Receipt]:
        """Serve the network until something came or `timeout_s` is over. Raises BrokerLost."""
        if self._is_lost:
            raise self._lost()
        ended = self._client.loop(timeout_s)
        if ended != MQTTErrorCode.MQTT_ERR_SUCCESS:
            # Receipts that came with the last bytes are still good.
            self._is_lost = True
        receipts, self._receipts = self._receipts, []
        return receipts

    def close(self) -> None:
        """Say goodbye, so that the broker forgets the will; safe to call twice or when lost."""
        self._client.disconnect()
        # paho keeps sockets and a reference to us: without the circle they are closed here, not
        # by the garbage collector.
        self._client.on_connect = self._client.on_disconnect = self._client.on_publish = None
        self._is_lost = True

    def _publish_properties(self, message: Message) -> Properties:
        """Return a message's properties; few sets of them come again and again."""
        # Making them anew took a third of the publisher's processor time.
        key = (bool(message.body), message.properties, message.expiry_s)
        properties = self._properties.get(key)
        if properties is None:
            if len(self._properties) == _KEPT_PROPERTIES:
                self._properties.clear()
            properties = self._properties[key] = _properties(message, PacketTypes.PUBLISH)
        return properties

    def _lost(self) -> BrokerLost:
        return BrokerLost(f"{self.address}: {self._farewell or 'the connection is lost'}")

    def _on_connect(
        self,
        _client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self._answer = reason
        if properties is None:
            return
        # Source: MQTT 5.0, 3.2.2.3.3 to 3.2.2.3.5: what a broker can say it does not offer.
        self.window = min(IN_FLIGHT, getattr(properties, "ReceiveMaximum", IN_FLIGHT))
        if getattr(properties, "MaximumQoS", 2) < 1:
            self._farewell = "the broker confirms no messages (maximum QoS 0)"
        elif not getattr(properties, "RetainAvailable", 1):
            self._farewell = "the broker keeps no retained messages"

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._is_lost = True
        if flags.is_disconnect_packet_from_server:
            self._farewell = f"the broker closed the connection: {reason}"
        elif str(reason) == "Keep alive timeout":
            self._farewell = f"no sign of life for {_KEEPALIVE_S} s"

    def _on_publish(
        self,
        _client: Client,
        _userdata: object,
        packet: int,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._receipts.append(Receipt(packet, str(reason) if reason.is_failure else ""))


def _properties(message: Message, packet_type: int) -> Properties:
    properties = Properties(packet_type)  # type: ignore[no-untyped-call] # paho's own omission
    if message.body:
        properties.ContentType = "application/json"
        # Source: MQTT 5.0, 3.3.2.3.2: 1 says UTF-8 text.
        properties.PayloadFormatIndicator = 1
    if message.expiry_s is not None:
        properties.MessageExpiryInterval = message.expiry_s
    if message.properties:
        properties.UserProperty = list(message.properties)
    return properties


def _tls_context(address: BrokerAddress) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=address.ca_file)
    except OSError as error:
        raise BrokerUnreachable(
            f"{address.ca_file}: cannot be read as a list of certificates: {_sentence(error)}"
        ) from error


def _sentence(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"no encrypted connection: {error.reason or error}"
    reason = error.strerror if isinstance(error, OSError) else None
    return reason or str(error) or type(error).__name__
