"""Opens a broker link beside the loop, which must go on beating while the network is slow."""

import threading

from appliance.broker_link import BrokerError, BrokerLink


class LinkOpening:
    """One attempt in a thread of its own; the link belongs to that thread until it is `taken`."""

    def __init__(self, link: BrokerLink) -> None:
        self._link = link
        self._error: BrokerError | None = None
        self._given_up = threading.Event()
        # A daemon: looking up a host's name cannot be broken off, and must not hold up the end.
        self._thread = threading.Thread(target=self._open, name="broker link", daemon=True)
        self._thread.start()

    def is_done(self) -> bool:
        """Return whether `take` has something to return or raise."""
        return not self._thread.is_alive()

    def take(self) -> BrokerLink:
        """Return the open link once it `is_done`. Raises BrokerError."""
        if self._error is not None:
            self._link.close()
            raise self._error
        return self._link

    def give_up(self, timeout_s: float) -> None:
        """Close the link as soon as may be; wait for that `timeout_s` at most."""
        self._given_up.set()
        self._thread.join(timeout_s)
        if self.is_done():
            # It may have been done before it could see that nobody wants the link.
            self._link.close()

    def _open(self) -> None:
        try:
            self._link.open()
        except BrokerError as error:
            # Its message only: the traceback holds the socket of a failed handshake open.
            self._error = type(error)(str(error))
        if self._given_up.is_set():
            self._link.close()
