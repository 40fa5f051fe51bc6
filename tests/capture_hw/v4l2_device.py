"""A scripted capture card: what a Video4Linux driver keeps of one device.

It knows nothing of ioctls; `tests.capture_hw.v4l2_kernel` puts the kernel's interface before it.
"""

import errno
import mmap
import os
import time
import weakref
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from capture_hw.v4l2.number import (
    STD_625_50,
    BufferFlag,
    Cap,
    ControlKind,
    EventKind,
    Field,
    InputKind,
    Standard,
    fourcc,
)

PAL_FPS: Final = Fraction(25)
_BYTES_PER_PIXEL: Final = {"GREY": Fraction(1), "NV12": Fraction(3, 2), "YUYV": Fraction(2)}
_MOST_BUFFERS: Final = 32


@dataclass
class ScriptedFormat:
    """Sizes are single (width, height), or one range with steps."""

    code: str = "YUYV"
    sizes: tuple[tuple[int, int], ...] = ((720, 576), (704, 576))
    size_range: tuple[int, int, int, int, int, int] | None = None
    """Smallest, largest and step of the width, then of the height; instead of `sizes`."""
    rates: tuple[Fraction, ...] = (PAL_FPS,)
    """Frames/s; none: the driver does not say."""
    rate_range: tuple[Fraction, Fraction] | None = None
    """Slowest and fastest, instead of `rates`."""
    flags: int = 0

    @property
    def is_compressed(self) -> bool:
        return self.code not in _BYTES_PER_PIXEL


@dataclass
class ScriptedInput:
    name: str = "S-Video 0"
    kind: InputKind = InputKind.CAMERA
    status: int = 0
    standards: int = STD_625_50
    """0: a digital one."""


@dataclass
class ScriptedControl:
    id: int
    name: str
    kind: ControlKind = ControlKind.INTEGER
    minimum: int = 0
    maximum: int = 255
    step: int = 1
    default: int = 0
    value: int = 0
    flags: int = 0
    menu: dict[int, str | int] = field(default_factory=dict)
    refused_with: int = 0
    """The error number that every question what it is gets, if not 0."""


@dataclass
class ScriptedBuffer:
    """One buffer of the driver and what DQBUF says of it."""

    offset: int
    length: int
    is_queued: bool = False
    bytesused: int = 0
    flags: int = 0
    field_order: int = 0
    sequence: int = 0
    timestamp_ns: int = 0


@dataclass
class ScriptedDevice:
    """One capture node. Guard it with its kernel's lock; `v4l2_kernel` does."""

    card: str = "Cam A"
    bus_info: str = "usb-0000:00:14.0-1"
    driver: str = "uvcvideo"
    abilities: Cap = Cap.VIDEO_CAPTURE | Cap.STREAMING
    inputs: Sequence[ScriptedInput] = field(default_factory=lambda: (ScriptedInput(),))
    standards: Sequence[tuple[str, int, Fraction, int]] = (("PAL", Standard.PAL, PAL_FPS, 625),)
    """Name, set of variants, frames/s, lines."""
    formats: Sequence[ScriptedFormat] = field(default_factory=lambda: (ScriptedFormat(),))
    controls: Sequence[ScriptedControl] = ()
    line_padding: int = 0
    fewest_buffers: int = 2
    """REQBUFS gives no fewer."""
    most_buffers: int = _MOST_BUFFERS
    event_kinds: frozenset[int] = frozenset({EventKind.EOS, EventKind.SOURCE_CHANGE})
    timestamp_flags: BufferFlag = BufferFlag.TIMESTAMP_MONOTONIC
    counts_lost: bool = True
    """Whether a frame without a buffer gets a number, as usbtv's and others' do not."""

    def __post_init__(self) -> None:
        self.input = 0
        self.standard: int = self.standards[0][1] if self.standards else 0
        self.format = self.formats[0] if self.formats else ScriptedFormat()
        self.size = self.fitting_size(self.format, 720, 576)
        self.rate = self.format.rates[0] if self.format.rates else PAL_FPS
        self.memory = os.memfd_create("v4l2")
        weakref.finalize(self, os.close, self.memory)
        self.buffers: list[ScriptedBuffer] = []
        self.incoming: deque[int] = deque()
        self.done: deque[int] = deque()
        self.owner: int | None = None
        """The descriptor that asked for buffers."""
        self.streams = False
        self.has_ended = False
        self.has_fatal_error = False
        self.is_unplugged = False
        self.sequence = 0
        self.lost = 0
        """Frames without a buffer."""
        self.events: deque[tuple[int, int]] = deque()
        """Kind, changes."""
        self.subscribed: set[int] = set()
        self.detected_standard: int | None = None
        """What the input sees, if not the standard that was set; 0: the decoder is not sure."""
        self.rectangles: dict[int, tuple[int, int, int, int]] = {}
        """Left, top, width and height by selection target; none: it neither crops nor composes."""

    @property
    def is_multiplanar(self) -> bool:
        return bool(self.abilities & Cap.VIDEO_CAPTURE_MPLANE)

    @property
    def is_interlaced(self) -> bool:
        return bool(self.inputs and self.inputs[self.input].standards)

    @property
    def field_order(self) -> Field:
        return Field.INTERLACED if self.is_interlaced else Field.NONE

    @property
    def bytes_per_line(self) -> int:
        if self.format.is_compressed:
            return 0
        bytes_per_pixel = 2 if self.format.code == "YUYV" else 1
        return self.size[0] * bytes_per_pixel + self.line_padding

    @property
    def image_bytes(self) -> int:
        width, height = self.size
        if self.format.is_compressed:
            return width * height * 2
        rows = height * 3 // 2 if self.format.code == "NV12" else height
        return self.bytes_per_line * rows

    def format_of(self, number: int) -> ScriptedFormat:
        """Return the offered format, or the first one, as drivers do."""
        return next((it for it in self.formats if fourcc(it.code) == number), self.formats[0])

    def fitting_size(self, wanted: ScriptedFormat, width: int, height: int) -> tuple[int, int]:
        """Return the offered size that a driver makes of a wanted one."""
        if wanted.size_range is None:
            return min(wanted.sizes, key=lambda it: abs(it[0] - width) + abs(it[1] - height))
        least_w, most_w, step_w, least_h, most_h, step_h = wanted.size_range
        return fit(width, least_w, most_w, step_w), fit(height, least_h, most_h, step_h)

    def allot(self, count: int) -> int:
        """Throw buffers away and make others; return how many there are now."""
        given = 0 if count == 0 else min(max(count, self.fewest_buffers), self.most_buffers)
        stride = -(-self.image_bytes // mmap.PAGESIZE) * mmap.PAGESIZE
        os.ftruncate(self.memory, max(1, given * stride))
        self.buffers = [ScriptedBuffer(at * stride, self.image_bytes) for at in range(given)]
        self.stop()
        return given

    def stop(self) -> None:
        """End the stream; every buffer belongs to the program again."""
        self.streams = self.has_ended = self.has_fatal_error = False
        self.incoming.clear()
        self.done.clear()
        for buffer in self.buffers:
            buffer.is_queued = False

    def start(self) -> None:
        """Begin the stream; frames count from 0 again."""
        self.streams = True
        self.sequence = 0

    def fill(self, content: bytes, *, flags: int = 0, timestamp_ns: int | None = None) -> bool:
        """Make a frame; False if no buffer was queued for it: it is lost, and counted."""
        at = self.sequence
        self.sequence += 1
        if not self.streams or not self.incoming:
            self.lost += self.streams
            self.sequence = at + self.counts_lost
            return False
        buffer = self.buffers[self.incoming[0]]
        if len(content) > buffer.length:
            raise OSError(errno.EINVAL, "a frame that is larger than its buffer")
        os.pwrite(self.memory, content, buffer.offset)
        buffer.bytesused = len(content)
        buffer.flags = flags | self.timestamp_flags
        buffer.field_order = self.field_order
        buffer.sequence = at
        buffer.timestamp_ns = time.monotonic_ns() if timestamp_ns is None else timestamp_ns
        self.done.append(self.incoming.popleft())
        return True

    def tell(self, kind: int, changes: int = 0) -> None:
        """Put an event into the queue, if somebody subscribed to it."""
        if kind in self.subscribed:
            self.events.append((kind, changes))


def fit(value: int, least: int, most: int, step: int) -> int:
    """Return what a driver makes of a value: within its range, rounded down to a step."""
    clamped = min(max(value, least), most)
    return least + (clamped - least) // max(1, step) * max(1, step)
