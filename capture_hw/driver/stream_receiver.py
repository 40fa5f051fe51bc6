"""The thread that receives a network camera's packets."""

from __future__ import annotations  # PyAV's types take parameters in stubs only

import queue
import threading
import time
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.camera_config import StreamCameraConfig
from capture_hw.driver.annexb import is_h264
from capture_hw.driver.stream_clock import StreamClock
from capture_hw.driver.stream_unit import ReceivedUnit, StreamOpening, StreamUnits
from capture_hw.driver.video_file import nominal_rate, reason_of
from capture_hw.error import DeviceLost

SILENCE_S: Final = 5.0
"""A camera that says nothing for so long is lost."""
OPEN_S: Final = 8.0
_QUEUED_FRAMES: Final = 256
"""Ten seconds: more than a disk's worst write, less than memory minds."""
_SECOND_NS: Final = 1_000_000_000
_OPTIONS: Final = {"analyzeduration": "3000000"}
"""Microseconds in which FFmpeg finds size and rate; what it reads then is delivered, not lost."""
_RTSP_OPTIONS: Final = {"allowed_media_types": "video"}


class StreamReceiver:
    """Opens a stream and queues its frames in a thread of its own.

    FFmpeg cannot be interrupted from outside: a thread that waits for a silent camera ends by
    itself, `SILENCE_S` after the last byte, and closes its connection then.
    """

    def __init__(self, config: StreamCameraConfig) -> None:
        """Start the thread; it opens the stream."""
        self.place: Final = address_without_secrets(config.url)
        self.opened: Final = threading.Event()
        """Set when `format` is known or `end` says why not."""
        self.format: CameraFormat | None = None
        self.end: str | None = None
        """Why there will be no more frames than those in the queue."""
        self.frames: Final[queue.Queue[CapturedFrame | None]] = queue.Queue(_QUEUED_FRAMES)
        """None wakes a waiting reader when `end` is set."""
        self._config = config
        self._stopping = threading.Event()
        self._heard_s = time.monotonic()
        self._sequence = -1
        self._skipping = False
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Tell the thread to end and wait so long for it; safe to call twice."""
        self._stopping.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            with self._open() as container:
                self.end = self._receive(container)
        except DeviceLost as error:
            self.end = str(error)
        except av.FFmpegError as error:
            self.end = f"{self.place}: {self._failure(error)}"
        finally:
            self.end = self.end or f"{self.place}: receiving failed"
            self.opened.set()
            with suppress(queue.Full):  # a full queue has no waiting reader
                self.frames.put_nowait(None)

    def _failure(self, error: av.FFmpegError) -> str:
        """Say what went wrong; FFmpeg has many words for a time limit that has passed."""
        limit_s = OPEN_S if self.format is None else SILENCE_S
        timed_out = time.monotonic() - self._heard_s >= limit_s
        if self.format is None:
            return f"no answer within {limit_s:.0f} s" if timed_out else reason_of(error)
        if timed_out:
            return f"no data for {limit_s:.0f} s"
        return f"the stream broke off: {reason_of(error)}"

    def _open(self) -> InputContainer:
        options = dict(_OPTIONS)
        if self._config.url.startswith("rtsp"):
            options |= _RTSP_OPTIONS | {"rtsp_transport": self._config.transport}
        return av.open(
            self._config.url,
            options=options,
            timeout=(OPEN_S, SILENCE_S),
            metadata_errors="replace",
        )

    def _receive(self, container: InputContainer) -> str:
        """Queue frames until the stream ends or is stopped; return why."""
        stream = self._video_of(container)
        rate = nominal_rate(stream)
        self.format = CameraFormat(
            "h264", stream.codec_context.width, stream.codec_context.height, float(rate)
        )
        self.opened.set()
        units = StreamUnits(self.place, stream)
        opening = StreamOpening(round(_SECOND_NS / rate))
        clock: StreamClock | None = None
        if self._stopping.is_set():
            return f"{self.place}: the stream is closed"
        for packet in container.demux(stream):
            if self._stopping.is_set():
                return f"{self.place}: the stream is closed"
            self._heard_s = time.monotonic()
            received = units.next(packet)
            if received is None:
                continue
            if clock is not None:
                self._offer(clock, received)
            elif burst := opening.add(received):
                clock = StreamClock([one.arrival for one in burst])
                for one in burst:
                    self._offer(clock, one)
        return f"{self.place}: the stream has ended"

    def _video_of(self, container: InputContainer) -> VideoStream:
        streams = container.streams.video
        if not streams:
            raise DeviceLost(f"{self.place}: delivers no video")
        stream = streams[0]
        if not is_h264(stream):
            name = stream.codec_context.name if stream.codec_context else "an unknown codec"
            raise DeviceLost(f"{self.place}: delivers {name}, and only H.264 is recorded")
        if not stream.codec_context.width:
            raise DeviceLost(f"{self.place}: did not say the picture's size within {OPEN_S:.0f} s")
        if stream.codec_context.has_b_frames:
            raise DeviceLost(
                f"{self.place}: reorders its frames; switch B-frames off in the camera"
            )
        return stream

    def _offer(self, clock: StreamClock, received: ReceivedUnit) -> None:
        """Queue a frame; if the reader is 10 s late, lose everything up to the next key frame.

        What is lost shows as a step of `sequence`.
        """
        self._sequence += 1
        captured_ns = clock.captured_ns(received.arrival)
        content, is_key = received.unit.content, received.unit.is_key
        if self._skipping and not is_key:
            return
        try:
            self.frames.put_nowait(CapturedFrame(captured_ns, self._sequence, content, is_key))
        except queue.Full:
            self._skipping = True
        else:
            self._skipping = False


def address_without_secrets(url: str) -> str:
    """Return scheme, host, port and path: neither user, password nor query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
