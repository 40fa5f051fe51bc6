"""From filled buffers to numbered, timed frames, and what is left out on the way."""

import logging
from typing import Final

from capture_hw.camera import CapturedFrame
from capture_hw.error import PictureDamaged
from capture_hw.v4l2.clock import BufferClock, BufferCounter
from capture_hw.v4l2.picture import Picture, PictureLayout, picture_reader
from capture_hw.v4l2.stream import FilledBuffer
from capture_hw.v4l2.uncounted_loss import UncountedLoss

_log = logging.getLogger(__name__)


class BufferFrames:
    """Makes frames of one stream's buffers, in their order; one thread at a time.

    A picture that is damaged is left out, and its number is missing then. Of H.264 everything up
    to the next key frame is left out with it, and behind a number that the driver left out: it
    could not be decoded as it was. What the driver lost without counting is missing as well.
    """

    def __init__(
        self, place: str, driver: str, layout: PictureLayout, fps: float, started_ns: int
    ) -> None:
        """`fps` is the nominal rate; no frame is older than `started_ns`, the stream's start."""
        self._place: Final = place
        self._pictures: Final = picture_reader(layout)
        self._needs_key: Final = layout.pixel_format == "H264"
        self._counter: Final = BufferCounter(fps)
        self._clock: Final = BufferClock(started_ns)
        self._uncounted: Final = UncountedLoss(driver, fps)
        self._missing = 0
        """Frames so far that the driver lost without counting."""
        self._awaits_key = self._needs_key
        self._has_begun = False
        self._expected = 0
        self.stamp = ""
        """What the moment of the latest frame is, for people."""
        self.left_out = 0
        """Buffers that held no picture that could be given."""

    @property
    def seen(self) -> int:
        """How many buffers there were."""
        return self._counter.seen

    @property
    def counts(self) -> bool:
        """Whether the driver numbers its frames; not known before the second buffer."""
        return self._counter.has_grown

    def frame(self, buffer: FilledBuffer) -> CapturedFrame | None:
        """Return a buffer's frame, None if it has none to give.

        Raises DeviceLost if what comes cannot be recorded at all.
        """
        captured_ns = self._clock.captured_ns(buffer.stamped_ns, buffer.dequeued_ns)
        number = self._counter.number(buffer.sequence, captured_ns)
        self.stamp = _stamp(buffer)
        is_behind_loss, self._expected = number != self._expected, number + 1
        self._awaits_key = self._needs_key and (self._awaits_key or is_behind_loss)
        if self.counts:
            is_stamped = captured_ns == buffer.stamped_ns
            self._missing += self._uncounted.before(number, captured_ns if is_stamped else None)
        try:
            picture = self._picture(buffer)
        except PictureDamaged as damage:
            self._leave_out(str(damage))
            self._awaits_key = self._needs_key
            return None
        if picture is None:
            # Parameter sets in a buffer of their own: the driver counts them, and nothing is lost.
            self._counter.take_back()
            self._expected = number
            return None
        if self._awaits_key and not picture.is_key:
            if self._has_begun:
                self._leave_out("an access unit behind a loss")
            return None
        self._awaits_key, self._has_begun = False, True
        return CapturedFrame(captured_ns, number + self._missing, picture.content, picture.is_key)

    def _picture(self, buffer: FilledBuffer) -> Picture | None:
        if buffer.is_damaged:
            raise PictureDamaged("the driver calls it damaged")
        return self._pictures.read(buffer.content, is_key=buffer.is_key)

    def _leave_out(self, why: str) -> None:
        """Count a picture that is left out; the first one is worth a line."""
        self.left_out += 1
        if self.left_out == 1:
            _log.warning(
                "%s: a picture is left out: %s; the next ones are counted", self._place, why
            )


def _stamp(buffer: FilledBuffer) -> str:
    if buffer.stamped_ns is None:
        return "timed when read"
    if buffer.is_stamped_at_start:
        return "timed at the start of exposure"
    return "timed at the end of the frame"
