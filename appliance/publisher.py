"""The way from the event ledger to the broker: connects, sends, connects again, for ever."""

import logging
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

from appliance.backlog import Backlog
from appliance.backoff import Backoff
from appliance.broker_address import broker_address
from appliance.broker_link import BrokerError, BrokerLink, BrokerLost
from appliance.broker_session import BrokerSession
from appliance.channel import topic_root
from appliance.config import ConfigError, RackConfig
from appliance.event_sender import EventSender
from appliance.link_opening import LinkOpening
from appliance.outbox import KEPT_NS, Outbox
from appliance.presence import Presence
from appliance.rack_path import event_ledger, picture_figures
from appliance.report import PublisherDetail

_RECONNECT_S: Final = (1.0, 30.0)
_STEADY_S: Final = 10.0
"""A connection that held so long was a success: the next wait is short again."""
_PRUNE_EVERY_S: Final = 3600.0
_GIVE_UP_S: Final = 1.0
_log = logging.getLogger(__name__)


class Publisher:
    """A rack's publisher; one thread owns it, which calls `turn` again and again.

    A lost connection makes everything start anew at the first event that the broker has not
    confirmed: events come at least once, within a topic in the order of the ledger.
    All methods raise sqlite3.Error.
    """

    def __init__(self, config: RackConfig, environment: Mapping[str, str]) -> None:
        """Open the ledger. Raises ConfigError without [mqtt]; OSError."""
        if config.mqtt is None:
            raise ConfigError("the configuration has no [mqtt] section: nothing to publish to")
        self._config = config
        self._environment = environment
        self._broker = f"{config.mqtt.host}:{config.mqtt.port}"
        self._started_s = self._due_s = self._prune_due_s = time.monotonic()
        self._backoff = Backoff(*_RECONNECT_S)
        self._reason = ""
        self._published = 0
        self._presence: Presence | None = None
        self._opening: LinkOpening | None = None
        self._session: BrokerSession | None = None
        self._outbox = Outbox(event_ledger(config))
        self._backlog = Backlog(self._outbox)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave at once."""
        try:
            if self._opening is not None:
                self._opening.give_up(_GIVE_UP_S)
            self._end_session()
        finally:
            self._outbox.__exit__(kind, error, trace)

    @property
    def detail(self) -> PublisherDetail:
        """How it stands."""
        session = self._session
        tried = f" (try {self._backoff.tries})" if self._backoff.tries > 1 else ""
        return PublisherDetail(
            broker=self._broker,
            connected=session is not None,
            reason=session.reason if session else self._reason and self._reason + tried,
            waiting=self._backlog.count(),
            published=self._published + (session.sender.confirmed if session else 0),
        )

    @property
    def is_idle(self) -> bool:
        """Whether nothing can be sent now: all has arrived, or there is no broker."""
        return self._session is None or self._session.sender.is_idle

    def turn(self, timeout_s: float) -> None:
        """Do what can be done, for about `timeout_s`; never waits for a connection."""
        try:
            if self._session is not None:
                self._session.turn(timeout_s)
            else:
                time.sleep(timeout_s)
                self._connect()
        except (BrokerError, ConfigError) as error:
            self._fail(error)
        if time.monotonic() >= self._prune_due_s and not self._prune():
            self._prune_due_s = time.monotonic() + _PRUNE_EVERY_S

    def say_offline(self, timeout_s: float) -> None:
        """Tell readers that the rack stops in order, if there is a broker to tell it to."""
        if self._session is None:
            return
        try:
            self._session.say_offline(timeout_s)
        except BrokerLost as error:
            self._fail(error)

    def _connect(self) -> None:
        if self._opening is None:
            if time.monotonic() >= self._due_s:
                self._opening = self._open()
        elif self._opening.is_done():
            opening, self._opening = self._opening, None
            self._session = self._session_over(opening.take())
            self._session.say_online()
            self._reason = ""
            _log.info("%s: connected", self._broker)

    def _open(self) -> LinkOpening:
        address = broker_address(self._config, self._environment)
        if self._presence is None:
            self._presence = Presence(self._config, self._outbox, self._started_s)
        return LinkOpening(BrokerLink(address, self._presence.will()))

    def _session_over(self, link: BrokerLink) -> BrokerSession:
        assert self._presence is not None
        rack = self._config.rack
        root = topic_root(rack.facility, rack.name)
        sender = EventSender(self._outbox, link, root)
        return BrokerSession(
            link,
            sender,
            self._presence,
            volume=rack.data,
            figures=picture_figures(self._config),
            count_waiting=self._backlog.count,
        )

    def _fail(self, error: BrokerError | ConfigError) -> None:
        """Note why, and when to try again."""
        held_s = time.monotonic() - self._session.began_s if self._session else 0.0
        self._end_session()
        if isinstance(error, BrokerLost):
            # The broker may have told the numbers of this connection: the next one needs others.
            self._presence = None
        if held_s > _STEADY_S:
            self._backoff.reset()
        self._due_s = time.monotonic() + self._backoff.next_s()
        if str(error) != self._reason:
            _log.warning("%s", error)
        self._reason = str(error)

    def _end_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._published += session.sender.confirmed
            session.close()

    def _prune(self) -> int:
        """Forget a little of what is too old; return how much."""
        return self._outbox.prune(time.time_ns() - KEPT_NS)
