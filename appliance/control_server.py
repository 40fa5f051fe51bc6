"""The control socket: where people and programs ask a running rack, and tell it what to do."""

import os
import selectors
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias

from pydantic import ValidationError

from appliance.control_connection import ControlConnection
from appliance.control_message import REQUEST, VERSION, Answer, Request, StatusRequest, WatchRequest
from appliance.instance_lock import AlreadyRunning
from appliance.local_socket import socket_address
from appliance.pending_answer import PendingAnswer

Handler: TypeAlias = Callable[[Request], Answer | PendingAnswer]
"""Answers every request but `watch`, which the server turns into repeated `status` requests.

What takes time it hands to another thread; `status` it answers itself.
"""

_MODE: Final = 0o660
_MOST_CLIENTS: Final = 64
"""When one more comes, the one that has been silent longest goes."""
_STUCK_S: Final = 10.0
"""A client that has not taken a byte of a waiting answer for so long is hung up on."""
_LINES_A_TURN: Final = 8
_ACCEPTS_A_TURN: Final = 32
_PENDING_S: Final = 0.01
"""So often the server sees whether another thread has answered."""


class ControlServer:
    """A listening socket, its clients, and a handler; it never waits for a client.

    Belongs to one thread, which calls `serve` again and again. In a loop of its own that is all;
    in a bigger selectors loop register the server for reading (it has a `fileno`) and call
    `serve(0)` when it is readable or when `due_in_s` has passed.
    """

    def __init__(self, path: Path, handler: Handler) -> None:
        """Listen at `path`, mode 0660, in place of a dead server's socket.

        Raises AlreadyRunning if a server answers there, OSError.
        """
        self._path: Final = path
        self._handler: Final = handler
        self._clients: dict[socket.socket, ControlConnection] = {}
        self._selector: Final = selectors.EpollSelector()
        self._listener: Final = _listen(path)
        self._inode: Final = path.stat().st_ino
        self._selector.register(self._listener, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def fileno(self) -> int:
        """Return a descriptor that is readable when `serve` has work."""
        return self._selector.fileno()

    def due_in_s(self) -> float | None:
        """Return in how many seconds `serve` must run even if nothing comes; None if never."""
        if any(client.can_act for client in self._clients.values()):
            return 0.0
        now_s = time.monotonic()
        dues = [c.watch_due_s for c in self._clients.values() if c.watch_every_s is not None]
        dues += [now_s + _PENDING_S for c in self._clients.values() if c.pending is not None]
        return max(0.0, min(dues) - now_s) if dues else None

    def serve(self, timeout_s: float) -> None:
        """Do what can be done now; if there is nothing, wait for it up to `timeout_s`."""
        due_s = self.due_in_s()
        wait_s = timeout_s if due_s is None else min(timeout_s, due_s)
        for key, mask in self._selector.select(wait_s):
            if key.fileobj is self._listener:
                self._accept()
            elif client := self._clients.get(key.fileobj):  # type: ignore[call-overload]
                self._move(client, mask)
        for client in list(self._clients.values()):
            self._guarded(client, self._answer_waiting)
        self._serve_watches()
        self._hang_up_on_stuck()

    def close(self) -> None:
        """Hang up on everybody and remove the socket; safe to call twice."""
        for client in list(self._clients.values()):
            self._drop(client)
        if self._listener.fileno() >= 0:
            self._listener.close()
            self._selector.close()
            if self._path.exists() and self._path.stat().st_ino == self._inode:
                self._path.unlink()

    def _accept(self) -> None:
        for _ in range(_ACCEPTS_A_TURN):
            try:
                incoming, _address = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError:
                # Out of descriptors: make room, and let the newcomer try again.
                self._drop_most_silent()
                return
            if len(self._clients) >= _MOST_CLIENTS:
                self._drop_most_silent()
            self._clients[incoming] = ControlConnection(incoming, time.monotonic())
            self._selector.register(incoming, selectors.EVENT_READ)

    def _move(self, client: ControlConnection, mask: int) -> None:
        now_s = time.monotonic()
        if mask & selectors.EVENT_WRITE:
            self._guarded(client, lambda c: c.send(now_s))
        if mask & selectors.EVENT_READ:
            self._guarded(client, lambda c: c.receive(now_s))

    def _answer_waiting(self, client: ControlConnection) -> None:
        answer = client.pending.answer() if client.pending is not None else None
        if answer is not None:
            client.pending = None
            client.answer(_line(answer), time.monotonic())
        client.each_line(_LINES_A_TURN, lambda line: self._act(client, line))
        if client.is_flooding:
            client.answer(_line(Answer(refused="the request is too long")), time.monotonic())
            self._drop(client)
        elif client.is_over:
            self._drop(client)
        else:
            self._watch_bytes(client)

    def _watch_bytes(self, client: ControlConnection) -> None:
        """Be told when a client can go on; of one whose answer is pending, nothing."""
        key = self._selector.get_map().get(client.socket)
        if client.pending is not None:
            if key is not None:
                self._selector.unregister(client.socket)
            return
        wanted = selectors.EVENT_WRITE if client.is_sending else selectors.EVENT_READ
        if key is None:
            self._selector.register(client.socket, wanted)
        elif key.events != wanted:
            self._selector.modify(client.socket, wanted)

    def _act(self, client: ControlConnection, line: bytes) -> None:
        now_s = time.monotonic()
        try:
            request = REQUEST.validate_json(line)
        except ValidationError as error:
            client.answer(_line(Answer(refused=_refusal(error))), now_s)
            return
        if isinstance(request, WatchRequest):
            client.watch_every_s, client.watch_due_s = request.every_s, now_s
            return
        answer = self._handler(request)
        if isinstance(answer, PendingAnswer):
            client.pending = answer
            return
        client.answer(_line(answer), now_s)

    def _serve_watches(self) -> None:
        """Send the state to all who are due; who has not taken the last one misses this one."""
        now_s = time.monotonic()
        due = [
            client
            for client in self._clients.values()
            if client.watch_every_s is not None and client.watch_due_s <= now_s
        ]
        if not due:
            return
        answer = self._handler(StatusRequest())
        assert isinstance(answer, Answer)
        line = _line(answer)
        for client in due:
            assert client.watch_every_s is not None
            client.watch_due_s = now_s + client.watch_every_s
            if not client.is_sending:
                self._guarded(client, lambda c: c.answer(line, now_s))
                self._guarded(client, self._answer_waiting)

    def _hang_up_on_stuck(self) -> None:
        limit_s = time.monotonic() - _STUCK_S
        for client in list(self._clients.values()):
            if client.is_sending and client.moved_s < limit_s:
                self._drop(client)

    def _guarded(self, client: ControlConnection, act: Callable[[ControlConnection], None]) -> None:
        """Do something with a client that may be gone, or may go while it is done."""
        if client.socket not in self._clients:
            return
        try:
            act(client)
        except OSError:
            self._drop(client)

    def _drop_most_silent(self) -> None:
        if self._clients:
            self._drop(min(self._clients.values(), key=lambda client: client.moved_s))

    def _drop(self, client: ControlConnection) -> None:
        if self._clients.pop(client.socket, None) is not None:
            if client.socket in self._selector.get_map():
                self._selector.unregister(client.socket)
            client.socket.close()
            if client.pending is not None:
                client.pending.cancel()


def _listen(path: Path) -> socket.socket:
    """Return a listening socket whose name appears with the right mode and in one step."""
    _refuse_living(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    young = path.with_name(f".{path.name}.{os.getpid()}")
    young.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        with socket_address(young) as address:
            listener.bind(address)
        young.chmod(_MODE)
        listener.listen(128)
        young.replace(path)
    except OSError:
        listener.close()
        young.unlink(missing_ok=True)
        raise
    return listener


def _refuse_living(path: Path) -> None:
    """Raise AlreadyRunning if a server listens at `path`, OSError if it is no socket."""
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise FileExistsError(f"{path}: is not a socket")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        try:
            with socket_address(path) as address:
                probe.connect(address)
        except ConnectionRefusedError:
            return
        except BlockingIOError:
            pass  # its queue of connections is full: somebody lives there
    raise AlreadyRunning(f"{path}: another rack answers here")


def _line(answer: Answer) -> bytes:
    return answer.model_dump_json().encode() + b"\n"


def _refusal(error: ValidationError) -> str:
    """Say in one sentence why a line is not a request."""
    fault = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in fault["loc"]) or "the request"
    if fault["loc"][-1:] == ("version",):
        return f"this rack speaks protocol {VERSION}"
    return f"{key}: {fault['msg']}"
