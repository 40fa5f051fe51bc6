"""What a scripted device answers about its buffers, stream and events.

Source of what is refused and how: the kernel's "Video for Linux API" documentation, the page of
each request.
"""

import errno
import os
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias, TypeVar

from capture_hw.v4l2.number import MEMORY_MMAP, BufferFlag, BufferType
from tests.capture_hw.v4l2_device import ScriptedBuffer, ScriptedDevice

Answer: TypeAlias = Callable[[ScriptedDevice, Any, int], None]
"""Of a device, the request's structure and the descriptor; raises OSError."""
_Item = TypeVar("_Item")


def refuse(code: int) -> OSError:
    return OSError(code, os.strerror(code))


def pick(items: Sequence[_Item], index: int) -> _Item:
    if index >= len(items):
        raise refuse(errno.EINVAL)
    return items[index]


def queue_of(device: ScriptedDevice, kind: int) -> None:
    mine = BufferType.VIDEO_CAPTURE_MPLANE if device.is_multiplanar else BufferType.VIDEO_CAPTURE
    if kind != mine:
        raise refuse(errno.EINVAL)


def _reqbufs(device: ScriptedDevice, asked: Any, descriptor: int) -> None:
    queue_of(device, asked.type)
    if asked.memory != MEMORY_MMAP:
        raise refuse(errno.EINVAL)
    if device.streams and asked.count:
        raise refuse(errno.EBUSY)
    asked.count = device.allot(asked.count)
    device.owner = descriptor if asked.count else None


def _querybuf(device: ScriptedDevice, answer: Any, _: int) -> None:
    queue_of(device, answer.type)
    buffer = pick(device.buffers, answer.index)
    answer.memory = MEMORY_MMAP
    _write_place(device, answer, buffer)
    answer.flags = buffer.flags | (BufferFlag.QUEUED if buffer.is_queued else 0)


def _write_place(device: ScriptedDevice, answer: Any, buffer: ScriptedBuffer) -> None:
    if not device.is_multiplanar:
        answer.m.offset, answer.length = buffer.offset, buffer.length
        answer.bytesused = buffer.bytesused
        return
    if answer.length < 1 or not answer.m.planes:
        raise refuse(errno.EINVAL)
    plane = answer.m.planes[0]
    plane.m.mem_offset, plane.length, plane.bytesused = (
        buffer.offset,
        buffer.length,
        buffer.bytesused,
    )
    answer.length = 1


def _qbuf(device: ScriptedDevice, asked: Any, _: int) -> None:
    queue_of(device, asked.type)
    buffer = pick(device.buffers, asked.index)
    if asked.memory != MEMORY_MMAP or buffer.is_queued:
        raise refuse(errno.EINVAL)
    buffer.is_queued = True
    device.incoming.append(asked.index)


def _dqbuf(device: ScriptedDevice, answer: Any, _: int) -> None:
    queue_of(device, answer.type)
    if not device.streams:
        raise refuse(errno.EINVAL)
    if device.has_fatal_error:
        raise refuse(errno.EIO)
    if not device.done:
        raise refuse(errno.EPIPE if device.has_ended else errno.EAGAIN)
    answer.index = device.done.popleft()
    buffer = device.buffers[answer.index]
    buffer.is_queued = False
    answer.flags, answer.field = buffer.flags, buffer.field_order
    answer.sequence, answer.memory = buffer.sequence, MEMORY_MMAP
    seconds, nanoseconds = divmod(buffer.timestamp_ns, 1_000_000_000)
    answer.timestamp.tv_sec, answer.timestamp.tv_usec = seconds, nanoseconds // 1000
    _write_place(device, answer, buffer)


def _streamon(device: ScriptedDevice, asked: Any, _: int) -> None:
    queue_of(device, asked.value)
    if not device.buffers:
        raise refuse(errno.EINVAL)
    if not device.streams:
        device.start()


def _streamoff(device: ScriptedDevice, asked: Any, _: int) -> None:
    queue_of(device, asked.value)
    device.stop()


def _subscribe_event(device: ScriptedDevice, asked: Any, _: int) -> None:
    if asked.type not in device.event_kinds:
        raise refuse(errno.EINVAL)
    device.subscribed.add(asked.type)


def _dqevent(device: ScriptedDevice, answer: Any, _: int) -> None:
    if not device.events:
        raise refuse(errno.ENOENT)
    answer.type, answer.u.src_change.changes = device.events.popleft()
    answer.pending = len(device.events)


QUEUE_ANSWERS: Final[dict[str, Answer]] = {
    "VIDIOC_REQBUFS": _reqbufs,
    "VIDIOC_QUERYBUF": _querybuf,
    "VIDIOC_QBUF": _qbuf,
    "VIDIOC_DQBUF": _dqbuf,
    "VIDIOC_STREAMON": _streamon,
    "VIDIOC_STREAMOFF": _streamoff,
    "VIDIOC_SUBSCRIBE_EVENT": _subscribe_event,
    "VIDIOC_DQEVENT": _dqevent,
}
