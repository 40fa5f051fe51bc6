"""A capture card's channel or a USB camera."""

import logging
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.camera_config import V4l2CameraConfig
from capture_hw.error import DeviceLost, DeviceStalled
from capture_hw.v4l2.event import ending_event, subscribe_events
from capture_hw.v4l2.frame import BufferFrames
from capture_hw.v4l2.identity import wanted_place
from capture_hw.v4l2.input_signal import SignalWatch
from capture_hw.v4l2.kernel import Machine
from capture_hw.v4l2.opening import open_set_device
from capture_hw.v4l2.stream import BufferStream

_SILENCE_NS: Final = 5_000_000_000
"""A device that fills no buffer for so long is lost; opening it again may wake it."""
_FIRST_BUFFERS: Final = 2
"""So many say whether the driver counts its frames."""
_LOOK_NS: Final = 500_000_000
"""The longest wait without a look at the input's signal."""
_SECOND_NS: Final = 1_000_000_000
_log = logging.getLogger(__name__)


class V4l2Camera:
    """Reads a device's buffers; each is given back before its frame is given out.

    What is lost is a step of `sequence`, see `capture_hw.v4l2.frame`. One thread at a time.
    """

    def __init__(self, config: V4l2CameraConfig, machine: Machine | None = None) -> None:
        """Find the device, set it and wait for two buffers, within 10 s; raises DeviceLost."""
        self._place: Final = wanted_place(config)
        self._is_closed = False
        self._stream: BufferStream | None = None
        self._waiting: Final[deque[CapturedFrame]] = deque()
        with self._named():
            self._device: Final = open_set_device(config, machine or Machine())
        self._signal: Final = SignalWatch(self._device.node, self._device.input)
        self._heard_ns = time.monotonic_ns()
        driver, layout = self._device.driver, self._device.layout
        fps = float(self._device.fps)
        self._frames: Final = BufferFrames(self._place, driver, layout, fps, self._heard_ns)
        try:
            with self._named():
                self._start()
        except DeviceLost:
            self.close()
            raise
        self.counts_frames: Final = self._frames.counts
        """Some drivers leave every frame's number at 0; then only pauses show losses."""
        self.format: Final = CameraFormat(
            codec="h264" if layout.pixel_format == "H264" else "luma",
            width=layout.width & ~1,
            height=layout.height & ~1,
            fps=fps,
            source=f"{self._device.source}, {self._frames.stamp}",
        )

    def read(self, timeout_s: float) -> CapturedFrame:
        """Wait for the next frame; see `capture_hw.camera.Camera`.

        A device that is silent for 5 s, or whose input has had no signal for 1 s, is lost.
        """
        if self._is_closed:
            raise DeviceLost(f"{self._place}: the camera is closed")
        if self._waiting:
            return self._waiting.popleft()
        deadline_ns = time.monotonic_ns() + round(timeout_s * _SECOND_NS)
        with self._named():
            while True:
                frame = self._next(deadline_ns)
                if frame is not None:
                    return frame
                if time.monotonic_ns() >= deadline_ns:
                    raise DeviceStalled(f"{self._place}: no frame for {timeout_s:.1f} s")

    def close(self) -> None:
        """Stop the stream and close the device; safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._frames.left_out:
            _log.warning("%s: pictures left out: %d", self._place, self._frames.left_out)
        if self._stream is not None:
            self._stream.close()
        with suppress(DeviceLost):  # the device may be gone
            self._device.node.close()

    def _start(self) -> None:
        """Start the stream and read the buffers that say whether the driver counts."""
        subscribe_events(self._device.node)
        self._stream = BufferStream(self._device.node, self._device.kind, self._device.buffers)
        while self._frames.seen < _FIRST_BUFFERS:
            frame = self._next(time.monotonic_ns() + _LOOK_NS)
            if frame is not None:
                self._waiting.append(frame)

    def _next(self, deadline_ns: int) -> CapturedFrame | None:
        """Wait for one buffer or event; return the frame, None if there is none to give."""
        assert self._stream is not None
        now_ns = time.monotonic_ns()
        self._check_signal(now_ns)
        wait_ns = max(0, min(deadline_ns - now_ns, _LOOK_NS))
        woken_by = self._stream.wait(wait_ns / _SECOND_NS)
        if woken_by == "event" and (
            reason := ending_event(self._device.node, self._device.standard)
        ):
            raise DeviceLost(f"{self._place}: {reason}; it was {self._device.source}")
        # Also after a wait in vain: another moment may have brought one.
        with self._stream.filled() as buffer:
            if buffer is None:
                self._check_silence()
                return None
            self._heard_ns = buffer.dequeued_ns
            frame = self._frames.frame(buffer)
        return None if frame is None else _not_in_the_future(frame)

    def _check_signal(self, now_ns: int) -> None:
        fault = self._signal.fault(now_ns)
        if fault is not None:
            raise DeviceLost(f"{self._place}: {fault} on input {self._device.input}")

    def _check_silence(self) -> None:
        """Raise DeviceLost if no buffer waits and none came for too long."""
        if time.monotonic_ns() - self._heard_ns >= _SILENCE_NS:
            raise DeviceLost(f"{self._place}: no frame for {_SILENCE_NS // _SECOND_NS} s")

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Say which camera it is where only its node is named, which is another one tomorrow."""
        try:
            yield
        except DeviceLost as error:
            if str(error).startswith(self._place):
                raise
            raise DeviceLost(f"{self._place}: {error}") from error


def _not_in_the_future(frame: CapturedFrame) -> CapturedFrame:
    """Wait out the rest of a millisecond by which frames of one moment are set apart."""
    ahead_ns = frame.captured_ns - time.monotonic_ns()
    if ahead_ns > 0:
        time.sleep(ahead_ns / _SECOND_NS)
    return frame
