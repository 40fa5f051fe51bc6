"""A TCP proxy that spoils what passes, to test what stands a bad line."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Final, Self

_BLOCK_BYTES: Final = 1 << 14
_BODY_BYTES: Final = 4096
"""Blocks of at least this size are part of a body, not of a head."""
_POLL_S: Final = 0.05


class TcpProxy:
    """Passes bytes to a port of this machine until told otherwise; a context manager.

    `upstream_bytes` counts what went towards the server. `flip_upstream` and `flip_downstream` turn
    one bit of every big block over. `pass_bytes` is how much more may go upstream before the line
    stalls; None is no limit.
    """

    def __init__(self, target_port: int) -> None:
        self._target = ("127.0.0.1", target_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_POLL_S)
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self.upstream_bytes = 0
        self.flip_upstream = False
        self.flip_downstream = False
        self.pass_bytes: int | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _start(self, target: object, *arguments: object) -> None:
        assert callable(target)
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            server = socket.create_connection(self._target, timeout=5)
            with server:
                client.settimeout(_POLL_S)
                server.settimeout(_POLL_S)
                back = threading.Thread(target=self._pass_down, args=(server, client), daemon=True)
                back.start()
                with contextlib.suppress(OSError):
                    self._pass_up(client, server)
                for end in (client, server):
                    with contextlib.suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)
                back.join(10)

    def _pass_up(self, client: socket.socket, server: socket.socket) -> None:
        while not self._closing.is_set():
            if not self._may_pass():
                self._closing.wait(_POLL_S)
                continue
            try:
                block = client.recv(_BLOCK_BYTES)
            except TimeoutError:
                continue
            if not block:
                return
            with self._lock:
                self.upstream_bytes += len(block)
                if self.pass_bytes is not None:
                    self.pass_bytes -= len(block)
            _send(server, _flipped(block) if self.flip_upstream else block, self._closing)

    def _pass_down(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while not self._closing.is_set():
                try:
                    block = server.recv(_BLOCK_BYTES)
                except TimeoutError:
                    continue
                if not block:
                    client.shutdown(socket.SHUT_RDWR)
                    return
                _send(client, _flipped(block) if self.flip_downstream else block, self._closing)

    def _may_pass(self) -> bool:
        with self._lock:
            return self.pass_bytes is None or self.pass_bytes > 0


def _flipped(block: bytes) -> bytes:
    if len(block) < _BODY_BYTES:
        return block
    spoiled = bytearray(block)
    spoiled[len(block) // 2] ^= 1
    return bytes(spoiled)


def _send(target: socket.socket, block: bytes, closing: threading.Event) -> None:
    left = memoryview(block)
    while left and not closing.is_set():
        with contextlib.suppress(TimeoutError):
            left = left[target.send(left) :]
