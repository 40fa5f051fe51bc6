"""Telling systemd that the rack is up, alive or stopping. Does nothing outside of systemd."""

import os
import socket
from collections.abc import Mapping
from typing import Final


class ServiceNotice:
    """The service manager's socket, if there is one. Source: sd_notify(3)."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the abstract name space.
        self._address: Final = "\0" + address[1:] if address.startswith("@") else address

    def send(self, *assignments: str) -> None:
        """Send lines such as READY=1; whether they are heard is systemd's affair."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as link:
            try:
                link.sendto("\n".join(assignments).encode(), self._address)
            except OSError:
                return
