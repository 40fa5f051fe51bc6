"""Memory-mapped buffers: filled ones out, each with its number, moment and flags."""

import errno
import mmap
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes import Array, c_int
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from capture_hw.error import DeviceLost
from capture_hw.v4l2 import abi, request
from capture_hw.v4l2.node import Node, RequestRefused
from capture_hw.v4l2.number import MEMORY_MMAP, BufferFlag, BufferType

_FEWEST: Final = 2
"""One is filled while the other is read."""
_ANY_EVENT: Final = select.POLLIN | select.POLLPRI
_ENDS: Final = select.POLLERR | select.POLLHUP | select.POLLNVAL

Wakeup: TypeAlias = Literal["buffer", "event", "nothing"]


@dataclass(frozen=True, slots=True)
class FilledBuffer:
    """One buffer as the driver gave it; its content is borrowed."""

    content: memoryview
    """As many bytes as the driver says it has written."""
    sequence: int
    """The driver's count, 32 bits."""
    stamped_ns: int | None
    """CLOCK_MONOTONIC, if the driver vouches for that."""
    is_stamped_at_start: bool
    """The stamp is the start of the exposure, not the end of the frame."""
    dequeued_ns: int
    is_damaged: bool
    """The driver says that some of the content is wrong."""
    is_key: bool
    """The driver says that it holds a key frame."""


class BufferStream:
    """A running stream of one node; `close` it. One thread at a time.

    Every method raises DeviceLost.
    """

    def __init__(self, node: Node, kind: BufferType, wanted: int) -> None:
        """Ask for `wanted` buffers, take as many as the driver gives, and start.

        The format is set before. Nothing stays mapped if this fails.
        """
        self._node: Final = node
        self._kind: Final = kind
        self._maps: Final[list[mmap.mmap]] = []
        self._has_buffers = False
        self._is_on = False
        try:
            self._request(wanted)
            for index in range(len(self._maps)):
                self._queue(index)
            node.call(request.STREAMON, c_int(kind))
            self._is_on = True
        except DeviceLost:
            self.close()
            raise

    @property
    def count(self) -> int:
        """How many buffers the driver has given."""
        return len(self._maps)

    def wait(self, timeout_s: float) -> Wakeup:
        """Wait for a filled buffer or an event; with an event there may be a buffer, too."""
        happened = self._node.poll(_ANY_EVENT, timeout_s)
        if happened & select.POLLPRI:
            return "event"
        if happened & select.POLLIN:
            return "buffer"
        if happened & _ENDS:
            # The next request says why, if the driver knows.
            with self.filled():
                raise DeviceLost(f"{self._node.path}: the stream has broken off")
        return "nothing"

    @contextmanager
    def filled(self) -> Iterator[FilledBuffer | None]:
        """Lend the oldest filled buffer, None if there is none; it goes back to the driver."""
        buffer, planes = self._empty()
        try:
            has_one = self._node.asks(request.DQBUF, buffer, errno.EAGAIN)
        except RequestRefused as error:
            if error.code == errno.EPIPE:
                raise DeviceLost(f"{self._node.path}: the stream has ended") from error
            raise
        if not has_one:
            yield None
            return
        try:
            with memoryview(self._maps[buffer.index]) as whole:
                first, length = self._extent(buffer, planes)
                with whole[first : first + length] as content:
                    yield _described(buffer, content)
        finally:
            self._queue(buffer.index)

    def close(self) -> None:
        """Stop, unmap and give the buffers back; safe to call twice."""
        if self._is_on:
            self._is_on = False
            with suppress(DeviceLost):  # a device that is gone has stopped
                self._node.call(request.STREAMOFF, c_int(self._kind))
        while self._maps:
            self._maps.pop().close()
        if self._has_buffers:
            self._has_buffers = False
            with suppress(DeviceLost):
                self._node.call(request.REQBUFS, self._buffer_request(0))

    def _buffer_request(self, count: int) -> abi.BufferRequest:
        return abi.BufferRequest(count=count, type=self._kind, memory=MEMORY_MMAP)

    def _request(self, wanted: int) -> None:
        answer = self._buffer_request(wanted)
        self._node.call(request.REQBUFS, answer)
        self._has_buffers = True
        if answer.count < _FEWEST:
            raise DeviceLost(
                f"{self._node.path}: the driver has memory for {answer.count} pictures,"
                f" and {_FEWEST} are needed"
            )
        for index in range(answer.count):
            buffer, planes = self._empty(index)
            self._node.call(request.QUERYBUF, buffer)
            offset, length = buffer.m.offset, buffer.length
            if planes is not None:
                offset, length = planes[0].m.mem_offset, planes[0].length
            self._maps.append(self._node.map(length, offset))

    def _queue(self, index: int) -> None:
        buffer, _ = self._empty(index)
        self._node.call(request.QBUF, buffer)

    def _empty(self, index: int = 0) -> tuple[abi.Buffer, Array[abi.Plane] | None]:
        """Return a structure to ask with, and its planes, which must live as long."""
        buffer = abi.Buffer(index=index, type=self._kind, memory=MEMORY_MMAP)
        if self._kind != BufferType.VIDEO_CAPTURE_MPLANE:
            return buffer, None
        planes = (abi.Plane * 1)()
        buffer.m.planes = planes
        buffer.length = len(planes)
        return buffer, planes

    def _extent(self, buffer: abi.Buffer, planes: Array[abi.Plane] | None) -> tuple[int, int]:
        """Return where the content begins in its mapping and how long it is."""
        if planes is None:
            return 0, buffer.bytesused
        first = planes[0].data_offset
        return first, max(0, planes[0].bytesused - first)


def _described(buffer: abi.Buffer, content: memoryview) -> FilledBuffer:
    flags = BufferFlag(buffer.flags)
    stamped_ns = None
    if flags & BufferFlag.TIMESTAMP_MASK == BufferFlag.TIMESTAMP_MONOTONIC:
        stamped_ns = buffer.timestamp.tv_sec * 1_000_000_000 + buffer.timestamp.tv_usec * 1_000
    return FilledBuffer(
        content=content,
        sequence=buffer.sequence,
        stamped_ns=stamped_ns,
        is_stamped_at_start=flags & BufferFlag.TSTAMP_SRC_MASK == BufferFlag.TSTAMP_SRC_SOE,
        dequeued_ns=time.monotonic_ns(),
        is_damaged=bool(flags & BufferFlag.ERROR),
        is_key=bool(flags & BufferFlag.KEYFRAME),
    )
