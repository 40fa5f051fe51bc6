"""A network camera that delivers H.264, which is copied."""

import queue
import time
from typing import Final

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.camera_config import StreamCameraConfig
from capture_hw.driver.stream_receiver import OPEN_S, SILENCE_S, StreamReceiver
from capture_hw.error import DeviceLost, DeviceStalled

_CLOSE_S: Final = 0.9
_OPEN_GRACE_S: Final = 1.0
"""FFmpeg looks at its own limit ten times a second, but not while it looks up a name."""


class StreamCamera:
    """Receives a stream in a thread, so that no wait is longer than what was asked for.

    One thread at a time reads and closes.
    """

    def __init__(self, config: StreamCameraConfig) -> None:
        """Connect and learn the format, within 10 s; raises DeviceLost without user or password."""
        self._receiver = StreamReceiver(config)
        if not self._receiver.opened.wait(OPEN_S + _OPEN_GRACE_S):
            self._receiver.stop(0.0)
            raise DeviceLost(f"{self._receiver.place}: no answer within {OPEN_S:.0f} s")
        if self._receiver.format is None:
            raise DeviceLost(self._receiver.end or f"{self._receiver.place}: cannot be opened")
        self.format: Final[CameraFormat] = self._receiver.format
        self.counts_frames: Final = False
        """A camera that drops frames does not say so; `sequence` shows only what we dropped."""
        self._heard_s = time.monotonic()
        self._closed = False

    def read(self, timeout_s: float) -> CapturedFrame:
        """Wait for the next frame; see `capture_hw.camera.Camera`.

        A camera that is silent for 5 s is lost.
        """
        if self._closed:
            raise DeviceLost(f"{self._receiver.place}: the stream is closed")
        silent_in_s = self._heard_s + SILENCE_S - time.monotonic()
        frame = self._queued(max(0.0, min(timeout_s, silent_in_s)))
        if frame is not None:
            self._heard_s = time.monotonic()
            return frame
        if self._receiver.end is not None:
            raise DeviceLost(self._receiver.end)
        if time.monotonic() - self._heard_s >= SILENCE_S:
            raise DeviceLost(f"{self._receiver.place}: no frame for {SILENCE_S:.0f} s")
        raise DeviceStalled(f"{self._receiver.place}: no frame for {timeout_s:.1f} s")

    def close(self) -> None:
        """Disconnect, within 1 s; safe to call twice."""
        self._closed = True
        self._receiver.stop(_CLOSE_S)

    def _queued(self, timeout_s: float) -> CapturedFrame | None:
        """Return the next frame; None if none came or no more will come."""
        try:
            # After the end, what is still queued counts, and nothing is worth waiting for.
            if self._receiver.end is not None:
                return self._receiver.frames.get_nowait()
            return self._receiver.frames.get(timeout=timeout_s)
        except queue.Empty:
            return None
