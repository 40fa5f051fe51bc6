"""A video file as a camera."""

import time
from collections.abc import Iterator
from typing import Final

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.camera_config import ReplayCameraConfig
from capture_hw.driver.file_pass import FileFrame, FilePass
from capture_hw.driver.replay_clock import ReplayClock
from capture_hw.error import DeviceLost, DeviceStalled

_SECOND_NS: Final = 1_000_000_000


class ReplayCamera:
    """Plays a file at its own pace, once or for ever.

    Nothing is dropped for a late reader: it gets the frames late, with the times at which they
    were due, until it has caught up. One thread at a time.
    """

    def __init__(self, config: ReplayCameraConfig) -> None:
        """Open the file and find its first frame; raises DeviceLost."""
        self._config = config
        self._closed = False
        self._sequence = -1
        self._pass = FilePass(config.file, copy_h264=config.copy_h264)
        self._frames: Iterator[FileFrame] = self._pass.frames()
        self._clock = ReplayClock(time.monotonic_ns(), self._pass.time_base, self._pass.rate)
        self.counts_frames: Final = True
        """Frames that cannot be decoded are a step of `sequence`."""
        self.format: Final = CameraFormat(
            codec="h264" if config.copy_h264 else "luma",
            width=self._pass.width,
            height=self._pass.height,
            fps=float(self._pass.rate),
        )
        try:
            first = next(self._frames, None)
            if first is None:
                raise self._nothing_to_play()
        except DeviceLost:
            self.close()
            raise
        self._pending: CapturedFrame | None = self._stamped(first)

    def read(self, timeout_s: float) -> CapturedFrame:
        """Wait for the next frame; see `capture_hw.camera.Camera`."""
        if self._closed:
            raise DeviceLost(f"{self._config.file}: the replay is closed")
        deadline_ns = time.monotonic_ns() + round(timeout_s * _SECOND_NS)
        if self._pending is None:
            self._pending = self._next()
        wait_ns = min(self._pending.captured_ns, deadline_ns) - time.monotonic_ns()
        if wait_ns > 0:
            time.sleep(wait_ns / _SECOND_NS)
        if self._pending.captured_ns > time.monotonic_ns():
            raise DeviceStalled(f"{self._config.file}: no frame for {timeout_s:.1f} s")
        frame, self._pending = self._pending, None
        return frame

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._closed = True
        self._pass.close()

    def _next(self) -> CapturedFrame:
        frame = next(self._frames, None)
        if frame is None:
            frame = self._first_of_next_pass()
        return self._stamped(frame)

    def _stamped(self, frame: FileFrame) -> CapturedFrame:
        self._sequence += 1 + frame.lost_before
        return CapturedFrame(
            captured_ns=self._clock.stamp(frame.pts),
            sequence=self._sequence,
            content=frame.content,
            is_key=frame.is_key,
        )

    def _first_of_next_pass(self) -> FileFrame:
        """Open the file anew: seeking to its start is not exact in every container."""
        if not self._config.loop:
            reason = f" early: {self._pass.fault}" if self._pass.fault else ""
            raise DeviceLost(f"{self._config.file}: the file has ended{reason}")
        self._sequence += self._pass.lost_at_end
        self._pass.close()
        self._pass = FilePass(self._config.file, copy_h264=self._config.copy_h264)
        self._check_unchanged()
        self._clock.begin_pass()
        self._frames = self._pass.frames()
        first = next(self._frames, None)
        if first is None:
            raise self._nothing_to_play()
        return first

    def _check_unchanged(self) -> None:
        if (self._pass.width, self._pass.height) != (self.format.width, self.format.height):
            raise DeviceLost(
                f"{self._config.file}: is now {self._pass.width}x{self._pass.height},"
                f" was {self.format.width}x{self.format.height}"
            )

    def _nothing_to_play(self) -> DeviceLost:
        what = "be copied" if self._config.copy_h264 else "be decoded"
        reason = f": {self._pass.fault}" if self._pass.fault else ""
        return DeviceLost(f"{self._config.file}: holds no frame that can {what}{reason}")
