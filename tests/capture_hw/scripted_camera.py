"""A camera that plays a script, and frames to put into it."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta, timezone
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

import av
import numpy as np
from numpy.typing import NDArray

from capture_hw.camera import Camera, CameraFormat, CapturedFrame
from capture_hw.error import DeviceLost, DeviceStalled
from capture_hw.segment_file import SegmentPlan

WIDTH: Final = 64
HEIGHT: Final = 48
FRAME_NS: Final = 40_000_000
STANDARD_TIME: Final = timezone(timedelta(hours=1))
LUMA: Final = CameraFormat("luma", WIDTH, HEIGHT, 25.0)
H264: Final = CameraFormat("h264", WIDTH, HEIGHT, 25.0)
Step: TypeAlias = CapturedFrame | DeviceLost | Callable[[], None]
"""What a script does next: give a frame, be lost, or something of the test's own."""


class ScriptedCamera:
    """Gives its frames as fast as they are read; silent when the script is over."""

    def __init__(
        self, steps: Iterable[Step], camera_format: CameraFormat = LUMA, *, counts: bool = True
    ) -> None:
        self.format: Final = camera_format
        self.counts_frames: Final = counts
        self.is_closed = False
        self._steps: Final = iter(steps)
        self._closed: Final = threading.Event()

    def read(self, timeout_s: float) -> CapturedFrame:
        for step in self._steps:
            if isinstance(step, CapturedFrame):
                return step
            if isinstance(step, DeviceLost):
                raise step
            step()
        self._closed.wait(min(timeout_s, 0.05))
        raise DeviceStalled("the script is over")

    def close(self) -> None:
        self.is_closed = True
        self._closed.set()


class NoisyCamera:
    """Gives a picture of noise every 10 ms until it is closed."""

    FRAME_NS: int = 10_000_000

    def __init__(self) -> None:
        self.format: Final = CameraFormat("luma", WIDTH, HEIGHT, 1e9 / self.FRAME_NS)
        self.counts_frames: Final = True
        self.start_ns: Final = time.monotonic_ns()
        self._random: Final = np.random.default_rng(3)
        self._next = 0

    def read(self, timeout_s: float) -> CapturedFrame:
        number, self._next = self._next, self._next + 1
        due_ns = self.start_ns + number * self.FRAME_NS
        time.sleep(min(timeout_s, max(0, due_ns - time.monotonic_ns()) / 1e9))
        noise = self._random.integers(16, 235, (HEIGHT, WIDTH), dtype=np.uint8)
        return CapturedFrame(due_ns, number, noise, is_key=True)

    def close(self) -> None:
        """There is nothing to give back."""


def opening(*cameras: Camera | DeviceLost) -> Callable[[], Camera]:
    """Return an `open_camera` that gives one camera after the other, then refuses."""
    waiting = list(cameras)

    def open_camera() -> Camera:
        if not waiting:
            raise DeviceLost("no camera is left")
        camera = waiting.pop(0)
        if isinstance(camera, DeviceLost):
            raise camera
        return camera

    return open_camera


def luma_frames(start_ns: int, numbers: Iterable[int]) -> Iterator[CapturedFrame]:
    """Yield frames that were captured every 40 ms, of these numbers."""
    for number in numbers:
        yield CapturedFrame(start_ns + number * FRAME_NS, number, picture(number), is_key=True)


def h264_frames(start_ns: int, numbers: Sequence[int]) -> Iterator[CapturedFrame]:
    """Yield copied frames that were captured every 40 ms; a key frame every 10."""
    units = access_units(max(numbers) + 1)
    for number in numbers:
        content, is_key = units[number]
        yield CapturedFrame(start_ns + number * FRAME_NS, number, content, is_key=is_key)


def picture(number: int) -> NDArray[np.uint8]:
    """Return a gray wedge with a bar that moves."""
    wedge = np.tile(np.linspace(20, 230, WIDTH).astype(np.uint8), (HEIGHT, 1))
    wedge[8:16, number % WIDTH :] = 40
    return wedge


@cache
def access_units(count: int) -> tuple[tuple[bytes, bool], ...]:
    """Return (Annex B unit, is key frame) of noisy pictures; a key frame every 10."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base = Fraction(1, 25)
    encoder.gop_size, encoder.max_b_frames, encoder.thread_count = 10, 0, 1
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
    random = np.random.default_rng(1)
    units = []
    for number in range(count):
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane in frame.planes:
            samples = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
            samples[:] = random.integers(100, 130, samples.size)
        frame.pts = number
        units += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(frame)]
    return tuple(units)


def decoded_units(units: Iterable[bytes]) -> list[bytes]:
    """Return the luma of each unit as a decoder without any container sees it."""
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    frames = [frame for unit in units for frame in decoder.decode(av.Packet(unit))]
    return [_luma(frame) for frame in (*frames, *decoder.decode(None))]


def decoded(video: Path) -> list[tuple[int, bytes]]:
    """Return (time in ms, luma) of each frame of a file."""
    with av.open(str(video)) as container:
        frames = list(container.decode(video=0))
        assert container.streams.video[0].time_base == Fraction(1, 1000)
    return [(frame.pts or 0, _luma(frame)) for frame in frames]


def times_ms(video: Path) -> list[int]:
    """Return the time of each frame in a file."""
    with av.open(str(video)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    return [packet.pts for packet in packets if packet.pts is not None]


def plan(folder: Path, segment_s: int = 21_600) -> SegmentPlan:
    """Return the plan of cage 3, at UTC+1."""
    tags = {"animal": "m17", "software": "ethoprofiler 0"}
    return SegmentPlan(folder, 3, segment_s, STANDARD_TIME, tags)


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 15.0) -> None:
    """Poll until the condition holds."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, f"never: {what}"
        time.sleep(0.005)


def _luma(frame: av.VideoFrame) -> bytes:
    plane = frame.planes[0]
    samples = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
    luma = samples.reshape(-1, plane.line_size)[: frame.height, : frame.width]
    return bytes(luma.tobytes())
