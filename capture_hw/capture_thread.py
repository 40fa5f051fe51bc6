"""Reading a camera in a thread of its own, so that writing never makes it wait."""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Final, TypeAlias

from capture_hw.camera import Camera, CameraFormat, CapturedFrame
from capture_hw.error import DeviceLost, DeviceStalled

_READ_S: Final = 0.5
_FIRST_BACKOFF_S: Final = 0.5
_LONGEST_BACKOFF_S: Final = 10.0
_SILENT_S: Final = 10.0
"""Contract: a camera that gives nothing for so long is opened again."""
_STEADY_NS: Final = 10_000_000_000
"""Frames for so long make a camera a good one; less would be a segment for each try."""
_LUMA_QUEUE_S: Final = 3.0
"""30 MB a cage at 704x576: what a disk may take to answer."""
_COPY_QUEUE_S: Final = 30.0
_QUEUE_BYTES: Final = 64_000_000
"""Of frames of either kind: 1.2 s of luma at 1920x1080 and 25 frames/s."""


@dataclass(frozen=True, slots=True)
class CameraOpened:
    """The camera is open, for the first time or again; frames of this format follow."""

    format: CameraFormat
    counts_frames: bool


@dataclass(frozen=True, slots=True)
class QueuedFrame:
    """A frame on its way to the disk."""

    frame: CapturedFrame
    dropped: int
    """Frames before this one for which the queue had no room."""


@dataclass(frozen=True, slots=True)
class CameraGone:
    """The camera is lost or cannot be opened, one sentence says why; the thread keeps trying."""

    reason: str
    was_silent: bool = False
    """Whether it was open, gave nothing, and is opened again for that."""


Queued: TypeAlias = CameraOpened | QueuedFrame | CameraGone


class CaptureThread:
    """Opens the camera, reads it, opens it again when it is lost; for ever, with a backoff.

    The queue is bounded. When it is full, frames are dropped up to the next key frame that finds
    room, so that what is written can be decoded; they are counted.
    """

    def __init__(self, open_camera: Callable[[], Camera], name: str) -> None:
        self._open_camera: Final = open_camera
        self._name: Final = name
        self._stop: Final = threading.Event()
        self._reopen: Final = threading.Event()
        self._change: Final = threading.Condition()
        self._queue: Final[deque[Queued]] = deque()
        self._queued_bytes = 0
        self._dropped = 0
        self._thread: Final = threading.Thread(
            target=self._run, name=f"capture {name}", daemon=True
        )
        self._thread.start()

    def take(self, timeout_s: float) -> Queued | None:
        """Return the oldest entry of the queue; None if there is none within `timeout_s`."""
        with self._change:
            if not self._queue:
                self._change.wait(timeout_s)
            if self._queue:
                entry = self._queue.popleft()
                self._queued_bytes -= _size(entry)
                return entry
        if not (self._thread.is_alive() or self._stop.is_set()):
            raise RuntimeError(f"{self._name}: the capture thread has died")
        return None

    def reopen(self) -> None:
        """Close the camera and open it again: what it delivers cannot be used."""
        self._reopen.set()

    def stop(self) -> None:
        """Read no more; what is queued can still be taken."""
        self._stop.set()

    def join(self, timeout_s: float) -> bool:
        """Wait until the camera is closed; say whether it came in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        backoff_s = _FIRST_BACKOFF_S
        while not self._stop.is_set():
            try:
                camera = self._open_camera()
            except DeviceLost as error:
                self._announce(CameraGone(str(error)))
            else:
                with closing(camera):
                    if self._read_until_lost(camera):
                        backoff_s = _FIRST_BACKOFF_S
            self._stop.wait(backoff_s)
            backoff_s = min(2 * backoff_s, _LONGEST_BACKOFF_S)

    def _read_until_lost(self, camera: Camera) -> bool:
        """Queue frames; return whether the camera gave some that could be used for long enough."""
        self._reopen.clear()
        self._dropped = 0
        self._announce(CameraOpened(camera.format, camera.counts_frames))
        first_ns: int | None = None
        is_steady = False
        heard_s = time.monotonic()
        while not (self._stop.is_set() or self._reopen.is_set()):
            try:
                frame = camera.read(_READ_S)
            except DeviceStalled:
                if time.monotonic() - heard_s < _SILENT_S:
                    continue
                reason = f"{self._name}: no frame for {_SILENT_S:.0f} s, the camera is opened again"
                self._announce(CameraGone(reason, was_silent=True))
                return is_steady
            except DeviceLost as error:
                self._announce(CameraGone(str(error)))
                return is_steady
            heard_s = time.monotonic()
            self._put(frame, camera.format)
            first_ns = frame.captured_ns if first_ns is None else first_ns
            is_steady = frame.captured_ns - first_ns >= _STEADY_NS
        return is_steady and not self._reopen.is_set()

    def _put(self, frame: CapturedFrame, camera_format: CameraFormat) -> None:
        with self._change:
            if not self._has_room(camera_format) or (self._dropped and not frame.is_key):
                self._dropped += 1
                return
            entry = QueuedFrame(frame, self._dropped)
            self._dropped = 0
            self._queued_bytes += _size(entry)
            self._queue.append(entry)
            self._change.notify()

    def _has_room(self, camera_format: CameraFormat) -> bool:
        longest_s = _LUMA_QUEUE_S if camera_format.codec == "luma" else _COPY_QUEUE_S
        most = longest_s * camera_format.fps
        return len(self._queue) < most and self._queued_bytes < _QUEUE_BYTES

    def _announce(self, entry: CameraOpened | CameraGone) -> None:
        """Queue an entry; a camera that opens and dies again and again must not fill the queue."""
        with self._change:
            while self._queue and not isinstance(self._queue[-1], QueuedFrame):
                self._queue.pop()
            self._queue.append(entry)
            self._change.notify()


def _size(entry: Queued) -> int:
    if not isinstance(entry, QueuedFrame):
        return 0
    content = entry.frame.content
    return len(content) if isinstance(content, bytes) else content.nbytes
