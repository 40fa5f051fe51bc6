"""The moment and the number of each frame, from what its buffer says."""

from typing import Final

_SMALLEST_STEP_NS: Final = 1_000_000
"""Segments count milliseconds, and no two frames of one may have the same."""
_COUNTER: Final = 1 << 32
"""v4l2_buffer.sequence is a __u32."""
_SECOND: Final = 2
_MARGIN, _FASTER = 0.5, 1.25
"""A frame that comes early by a quarter of its time is one step, not two."""


class BufferClock:
    """Says when frames were taken; the answers grow. One thread at a time."""

    def __init__(self, started_ns: int) -> None:
        """`started_ns` is when the stream was started; no frame is older."""
        self._earliest_ns = started_ns

    def captured_ns(self, stamped_ns: int | None, dequeued_ns: int) -> int:
        """Return the driver's moment if it can be true, else that of dequeuing.

        It can be true if it lies between the frame before and dequeuing. A virtual driver was seen
        to stamp the end of a frame 31 ms before that end. The answer is later than `dequeued_ns`
        only if two frames are dequeued within a millisecond, and then by at most that.
        """
        captured_ns = max(dequeued_ns, self._earliest_ns)
        if stamped_ns is not None and self._earliest_ns <= stamped_ns <= dequeued_ns:
            captured_ns = stamped_ns
        self._earliest_ns = captured_ns + _SMALLEST_STEP_NS
        return captured_ns


class BufferCounter:
    """Makes a growing number of the driver's 32 bits. One thread at a time.

    The first buffer's number says nothing: v4l2loopback gives it 0 and the next one its true count.
    So the first step is believed only as far as time allows it; later ones are, because between
    them a reader may have been late.
    """

    def __init__(self, fps: float) -> None:
        """`fps` is the nominal rate."""
        self._fps: Final = fps
        self._last: int | None = None
        self._first_ns = 0
        self._number = -1
        self.seen = 0
        """Buffers so far."""
        self.has_grown = False
        """Whether the numbers say anything; some drivers leave every buffer's at 0."""

    def number(self, sequence: int, captured_ns: int) -> int:
        """Return a buffer's number, from 0; a driver that begins its count anew lost nothing."""
        step = 0 if self._last is None else (sequence - self._last) % _COUNTER
        self._last = sequence
        self.seen += 1
        self.has_grown = self.has_grown or step > 0
        if self.seen == 1:
            self._first_ns = captured_ns
        if self.seen == _SECOND:
            step = step if step <= self._most(captured_ns) else 1
        self._number += step if 0 < step < _COUNTER // 2 else 1
        return self._number

    def take_back(self) -> None:
        """Say that the latest buffer was not meant to hold a frame."""
        self._number -= 1

    def _most(self, captured_ns: int) -> float:
        """Return how many frames fit between the first buffer and this moment, with a margin."""
        return _MARGIN + _FASTER * self._fps * (captured_ns - self._first_ns) / 1e9
