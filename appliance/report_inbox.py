"""Where the workers' reports arrive."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pydantic import ValidationError

from appliance.local_socket import socket_address
from appliance.report import Report

_LARGEST: Final = 262_144
"""Bytes; a classifier of 99 cages reports about 30 kB."""
_MOST_A_TURN: Final = 400
"""Four reports of each of a hundred workers; who sends more does not keep the reader for ever."""


class ReportInbox:
    """A datagram socket at a path; readable for a selector when reports wait. One thread."""

    def __init__(self, path: Path) -> None:
        """Bind in one step in place of a predecessor's socket. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.unreadable = 0
        """Datagrams that were no reports."""
        self._path: Final = path
        self._socket: Final = socket.socket(
            socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
        )
        young = path.with_name(f".{path.name}.{os.getpid()}")
        young.unlink(missing_ok=True)
        with socket_address(young) as address:
            self._socket.bind(address)
        young.chmod(0o600)
        young.replace(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._socket.fileno()

    def take(self) -> Iterator[Report]:
        """Yield the reports that wait; what is none is counted in `unreadable`."""
        for _ in range(_MOST_A_TURN):
            try:
                datagram = self._socket.recv(_LARGEST)
            except BlockingIOError:
                return
            try:
                yield Report.model_validate_json(datagram)
            except ValidationError:
                self.unreadable += 1
