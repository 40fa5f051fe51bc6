"""Talking to a running rack from another process."""

import json
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pydantic import ValidationError

from appliance.control_message import (
    VERSION,
    AcknowledgeRequest,
    Answer,
    CalibratePanelRequest,
    DimInfraredRequest,
    EndOverrideRequest,
    HistoryRequest,
    NoteRequest,
    OverrideLightRequest,
    Request,
    StartCageRequest,
    StatusRequest,
    StopCageRequest,
    StopRackRequest,
    WatchRequest,
)
from appliance.local_socket import socket_address
from appliance.status import History, RackStatus

_LONGEST_ANSWER: Final = 16_000_000
"""Bytes; the history of 99 cages in 2000 bins has about 1 MB."""
_CONNECT_AGAIN_S: Final = 0.02


class ControlError(Exception):
    """The rack gave no answer that can be used; the message is one sentence."""


class NoRackRunning(ControlError):
    """Nobody listens; start the rack, or look elsewhere."""


class RequestRefused(ControlError):
    """The rack runs and says why it does not do what it was asked."""


class ControlClient:
    """A connection to a rack, made when it is first needed and again when it broke.

    To its supervisor or, for orders about light, to its lights worker, at the socket of each.

    One thread at a time; but a `watch` has a connection of its own and may run in another thread,
    and `close` may come from any thread: it ends a watch that waits. Every call raises
    ControlError and takes `timeout_s` at most.
    """

    def __init__(self, path: Path, timeout_s: float = 5.0) -> None:
        self._path: Final = path
        self._timeout_s: Final = timeout_s
        self._asking: _Connection | None = None
        self._watching: _Connection | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def status(self) -> RackStatus:
        """Return the rack's state."""
        return _status_in(self._ask(StatusRequest()), self._path)

    def watch(self, every_s: float) -> Iterator[RackStatus]:
        """Yield the rack's state now and then every `every_s`, until `close` or a ControlError."""
        request = _checked(WatchRequest, every_s=every_s)
        connection = self._watching = _Connection(self._path, self._timeout_s)
        try:
            connection.send(request)
            while True:
                line = connection.receive(every_s + self._timeout_s)
                yield _status_in(_parsed(line, self._path), self._path)
        except ControlError:
            if not self._closed:
                raise
        finally:
            connection.close()

    def history(self, hours: float, bins: int) -> History:
        """Return what the animals did in the last hours."""
        answer = self._ask(_checked(HistoryRequest, hours=hours, bins=bins))
        if answer.history is None:
            raise ControlError(f"{self._path}: the rack's answer holds no history")
        return answer.history

    def start_cage(self, cage: int, author: str) -> str:
        """Let a cage be recorded again; return what was done, one sentence."""
        return self._do(_checked(StartCageRequest, cage=cage, author=author))

    def stop_cage(self, cage: int, author: str) -> str:
        """End a cage's recording until it is started again; return one sentence."""
        return self._do(_checked(StopCageRequest, cage=cage, author=author))

    def note(self, text: str, author: str, cage: int | None = None) -> str:
        """Write down what a person saw, about a cage or the rack; return one sentence."""
        return self._do(_checked(NoteRequest, text=text, author=author, cage=cage))

    def acknowledge(self, alert_id: str, author: str) -> str:
        """Say that a person knows of an alert; return one sentence."""
        return self._do(_checked(AcknowledgeRequest, alert=alert_id, author=author))

    def stop_rack(self, author: str) -> str:
        """Begin to end the whole rack in order; return one sentence at once."""
        return self._do(_checked(StopRackRequest, author=author))

    def dim_infrared(self, panel: str, percent: int, for_s: float) -> str:
        """Dim a panel's infrared light for a moment; return one sentence. To the lights worker."""
        return self._do(_checked(DimInfraredRequest, panel=panel, percent=percent, for_s=for_s))

    def override_light(
        self, panel: str, white_percent: int, minutes: float, reason: str, author: str
    ) -> str:
        """Give other white light for a time; return what the panel confirmed, one sentence."""
        return self._do(
            _checked(
                OverrideLightRequest,
                panel=panel,
                white_percent=white_percent,
                minutes=minutes,
                reason=reason,
                author=author,
            )
        )

    def end_override(self, panel: str, author: str) -> str:
        """Go back to the plan; return what the panel confirmed, one sentence."""
        return self._do(_checked(EndOverrideRequest, panel=panel, author=author))

    def calibrate_panel(self, panel: str, author: str) -> str:
        """Take what the sensors read now for what is commanded; return one sentence."""
        return self._do(_checked(CalibratePanelRequest, panel=panel, author=author))

    def close(self) -> None:
        """End the connections; safe to call twice and from any thread."""
        self._closed = True
        for connection in (self._asking, self._watching):
            if connection is not None:
                connection.interrupt()
        if self._asking is not None:
            self._asking.close()

    def _do(self, request: Request) -> str:
        return self._ask(request).done or ""

    def _ask(self, request: Request) -> Answer:
        connection, self._asking = self._asking, None
        if connection is not None and connection.is_broken():
            connection.close()
            connection = None
        connection = connection or _Connection(self._path, self._timeout_s)
        try:
            connection.send(request)
            line = connection.receive(self._timeout_s)
        except ControlError:
            # An answer that comes late must not be taken for the next one's.
            connection.close()
            raise
        self._asking = connection
        return _parsed(line, self._path)


class _Connection:
    """One connection; a line out, lines in."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        self._path = path
        self._rest = b""
        self._socket = _connected(path, timeout_s)

    def send(self, request: Request) -> None:
        """Send one line. Raises ControlError."""
        try:
            self._socket.sendall(request.model_dump_json().encode() + b"\n")
        except OSError as error:
            raise ControlError(f"{self._path}: the rack has hung up") from error

    def receive(self, timeout_s: float) -> bytes:
        """Return the next line. Raises ControlError."""
        deadline_s = time.monotonic() + timeout_s
        chunks = [self._rest]
        size = len(self._rest)
        while b"\n" not in chunks[-1]:
            if size > _LONGEST_ANSWER:
                raise ControlError(f"{self._path}: the rack's answer has no end")
            self._socket.settimeout(max(0.001, deadline_s - time.monotonic()))
            chunks.append(self._chunk(timeout_s))
            size += len(chunks[-1])
        line, _, self._rest = b"".join(chunks).partition(b"\n")
        return line

    def is_broken(self) -> bool:
        """Say whether the other side has hung up, or sent what nobody asked for."""
        return bool(select.select([self._socket], [], [], 0)[0])

    def interrupt(self) -> None:
        """Let a `receive` in another thread return at once."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def close(self) -> None:
        """Give the socket back; safe to call twice."""
        self._socket.close()

    def _chunk(self, timeout_s: float) -> bytes:
        try:
            chunk = self._socket.recv(1 << 16)
        except TimeoutError as error:
            raise ControlError(f"{self._path}: no answer within {timeout_s:g} s") from error
        except OSError as error:
            raise ControlError(f"{self._path}: the rack has hung up") from error
        if not chunk:
            raise ControlError(f"{self._path}: the rack has hung up")
        return chunk


def _connected(path: Path, timeout_s: float) -> socket.socket:
    """Return a connected socket. Raises ControlError."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.settimeout(timeout_s)
        _connect(link, path, time.monotonic() + timeout_s)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError) as error:
        link.close()
        raise NoRackRunning(f"{path}: no rack is running here") from error
    except PermissionError as error:
        link.close()
        raise ControlError(f"{path}: you may not talk to this rack") from error
    except OSError as error:
        link.close()
        raise ControlError(f"{path}: cannot be reached: {error.strerror}") from error
    return link


def _connect(link: socket.socket, path: Path, deadline_s: float) -> None:
    while True:
        try:
            with socket_address(path) as address:
                link.connect(address)
        except BlockingIOError:
            # The rack's queue of new connections is full; connect(2) does not wait for a Unix one.
            if time.monotonic() > deadline_s:
                raise
            time.sleep(_CONNECT_AGAIN_S)
        else:
            return


def _parsed(line: bytes, path: Path) -> Answer:
    try:
        document = json.loads(line)
        version = document.get("version") if isinstance(document, dict) else None
        if version != VERSION:
            raise ControlError(
                f"{path}: the rack speaks protocol {version!r}, this program {VERSION}; "
                "use the release that the rack runs"
            )
        answer = Answer.model_validate_json(line)
    except ValueError as error:
        raise ControlError(f"{path}: the rack's answer cannot be understood") from error
    if answer.refused is not None:
        raise RequestRefused(answer.refused)
    return answer


def _status_in(answer: Answer, path: Path) -> RackStatus:
    if answer.status is None:
        raise ControlError(f"{path}: the rack's answer holds no status")
    return answer.status


def _checked(kind: type[Request], **values: object) -> Request:
    """Make a request; raises RequestRefused for what the rack would not accept either."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        fault = error.errors()[0]
        key = fault["loc"][0] if fault["loc"] else "request"
        raise RequestRefused(f"{key}: {fault['msg']}") from error
