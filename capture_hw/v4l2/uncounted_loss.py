"""Losses that a driver's own count does not show, found by its time stamps."""

from collections import deque
from statistics import median
from typing import Final

_PAUSE_INTERVALS: Final = 1.5
"""A pause is longer than its steps explain from here on, as in `capture_hw.gap_finder`."""
_USUAL_OF: Final = 51
"""Intervals that say how fast the device really is: 2 s at 25 frames/s."""
_FEWEST: Final = 5
"""Fewer say nothing; a device that is slower than it says must not lose its first second."""
_COUNTS_ALWAYS: Final = frozenset({"uvcvideo", "v4l2 loopback", "vivid"})
"""Source: drivers/media/usb/uvc/uvc_video.c, uvc_video_decode_start: "Increase the sequence number
regardless of any buffer states"; v4l2loopback.c, write_position: the count of pictures written;
vivid-kthread-cap.c: the count of frame periods. UVC cameras expose longer in the dark, and who
writes into a loopback may be late, which is no loss."""


class UncountedLoss:
    """Says how many frames are missing that the driver did not count; one thread at a time.

    usbtv, stk1160, em28xx and others count a frame when they have filled a buffer with it; what
    came while there was none leaves no hole in their numbers. So numbers are believed only as far
    as the driver's time stamps allow, until the driver has shown that it counts what it loses.
    """

    def __init__(self, driver: str, fps: float) -> None:
        """`driver` is the kernel's name of it, `fps` the nominal rate."""
        self._nominal_ns: Final = 1e9 / fps
        self._intervals_ns: Final[deque[float]] = deque(maxlen=_USUAL_OF)
        self._counts = driver in _COUNTS_ALWAYS
        self._number: int | None = None
        self._stamped: tuple[int, int] | None = None
        """Number and moment of the latest frame with a moment that the driver vouches for."""

    def before(self, number: int, stamped_ns: int | None) -> int:
        """Return how many frames are missing before this one beside the steps of `number`.

        `stamped_ns` is the driver's moment of the frame, None where only that of reading is known,
        which a late reader makes late.
        """
        if self._number is not None and number > self._number + 1:
            self._counts = True
        self._number = number
        if self._counts or stamped_ns is None:
            return 0
        last, self._stamped = self._stamped, (number, stamped_ns)
        if last is None:
            return 0
        return self._unexplained(max(1, number - last[0]), stamped_ns - last[1])

    def _unexplained(self, steps: int, pause_ns: int) -> int:
        """Return how many more frames than `steps` fit into a pause that is too long for them."""
        is_known = len(self._intervals_ns) >= _FEWEST
        usual_ns = max(self._nominal_ns, median(self._intervals_ns)) if is_known else 0.0
        self._intervals_ns.append(pause_ns / steps)
        if not is_known or pause_ns <= _PAUSE_INTERVALS * steps * usual_ns:
            return 0
        return round(pause_ns / usual_ns) - steps
