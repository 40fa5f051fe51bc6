"""What every camera does, whatever its driver; a new driver is a new case."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import av
import numpy as np
import pytest
from av.bitstream import BitStreamFilterContext

from capture_hw.camera import Camera, CameraFormat, CapturedFrame, open_camera
from capture_hw.camera_config import (
    ReplayCameraConfig,
    SimulatedCameraConfig,
    StreamCameraConfig,
    V4l2CameraConfig,
)
from capture_hw.driver.v4l2 import V4l2Camera
from capture_hw.error import DeviceLost, DeviceStalled
from tests.capture_hw.http_camera import HttpCamera, http_camera
from tests.capture_hw.rtsp_server import rtsp_server
from tests.capture_hw.v4l2_device import ScriptedDevice, ScriptedFormat
from tests.capture_hw.v4l2_kernel import ScriptedMachine
from tests.capture_hw.v4l2_pace import paced
from tests.video_factory import moving_square, write_video

_INTERVAL_NS: Final = 40_000_000
_FRAMES: Final = 40
_PATIENCE_S: Final = 10.0
_WIDTH, _HEIGHT = 176, 144


@dataclass(frozen=True)
class Case:
    """A camera of 25 frames/s and what it must say of itself."""

    open: Callable[[], Camera]
    format: CameraFormat
    counts_frames: bool


@dataclass(frozen=True)
class Visit:
    """What a camera gave between opening and closing."""

    format_before: CameraFormat
    format_after: CameraFormat
    counts_frames: bool
    frames: tuple[CapturedFrame, ...]
    read_ns: tuple[int, ...]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of H.264 with a key frame each second."""
    options = {"bf": "0", "g": "25", "sc_threshold": "0"}
    pictures = moving_square(50, width=_WIDTH, height=_HEIGHT)
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mkv", pictures, options=options)


def _small(codec: Literal["luma", "h264"]) -> CameraFormat:
    return CameraFormat(codec, _WIDTH, _HEIGHT, 25.0)


_PARAMS: Final = (
    "simulated",
    "replay",
    "replay copy",
    "rtsp",
    "http",
    "v4l2 GREY",
    "v4l2 YUYV",
    "v4l2 H264",
)
_KERNEL_PARAMS: Final = ("kernel GREY", "kernel NV12", "kernel YUYV")
"""In the virtual machine of `make vm`: cards of the kernel's own driver."""
_IS_GUEST: Final = os.environ.get("ETHOPROFILER_VM") == "1"


@pytest.fixture(scope="module", params=_KERNEL_PARAMS if _IS_GUEST else _PARAMS)
def case(
    request: pytest.FixtureRequest, clip: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Case]:
    """One camera after the other."""
    if request.param == "simulated":
        simulated = SimulatedCameraConfig(driver="simulated", seed=3, routine="busy")
        pal = CameraFormat("luma", 704, 576, 25.0)
        yield Case(lambda: open_camera(simulated), pal, counts_frames=True)
    elif request.param == "replay":
        luma = ReplayCameraConfig(driver="replay", file=clip)
        yield Case(lambda: open_camera(luma), _small("luma"), counts_frames=True)
    elif request.param == "replay copy":
        copy = ReplayCameraConfig(driver="replay", file=clip, copy=True)
        yield Case(lambda: open_camera(copy), _small("h264"), counts_frames=True)
    elif request.param == "rtsp":
        with rtsp_server(clip.parent) as server:
            rtsp = StreamCameraConfig(driver="stream", url=server.url(clip.name))
            yield Case(lambda: open_camera(rtsp), _small("h264"), counts_frames=False)
    elif request.param.startswith("v4l2"):
        with _scripted_card(
            request.param.removeprefix("v4l2 "), clip, tmp_path_factory.mktemp("card")
        ) as scripted:
            yield scripted
    elif request.param.startswith("kernel"):
        yield _kernel_card(request.param.removeprefix("kernel "))
    else:
        with http_camera(HttpCamera([clip])) as served:
            http = StreamCameraConfig(driver="stream", url=served.url)
            yield Case(lambda: open_camera(http), _small("h264"), counts_frames=False)


@contextmanager
def _scripted_card(code: str, clip: Path, folder: Path) -> Iterator[Case]:
    """Yield a V4L2 camera on a kernel with one scripted card that takes pictures all the time."""
    card = ScriptedMachine(folder)
    device = ScriptedDevice(formats=[ScriptedFormat(code, sizes=((_WIDTH, _HEIGHT),))])
    card.plug(0, device)
    contents = _annexb(clip) if code == "H264" else [bytes(device.image_bytes)]
    config = V4l2CameraConfig(driver="v4l2", device=device.bus_info)
    source = (
        f"v4l2 {device.bus_info} node 0 (Cam A), S-Video 0, PAL, {code} {_WIDTH}x{_HEIGHT}"
        " interlaced, top field first, timed at the end of the frame"
    )
    camera_format = replace(_small("h264" if code == "H264" else "luma"), source=source)
    with paced(card.kernel, device, contents):
        yield Case(lambda: V4l2Camera(config, card.machine), camera_format, counts_frames=True)


def _kernel_card(code: str) -> Case:
    """Return a camera on a card of the kernel's own virtual driver."""
    from tests.vm.guest.card import Card  # of use in the virtual machine alone

    card = Card(6)
    card.set(timestamp_source=1)
    config = card.config(pixel_format=code, width=_WIDTH, height=_HEIGHT)
    source = (
        f"v4l2 {card.bus_path} node 0 (vivid), S-Video 0, PAL, {code} {_WIDTH}x{_HEIGHT}"
        " interlaced, top field first, timed at the start of exposure"
    )
    camera_format = replace(_small("luma"), source=source)
    return Case(lambda: open_camera(config), camera_format, counts_frames=True)


def _annexb(clip: Path) -> list[bytes]:
    """Return a file's access units with start codes."""
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        to_annexb = BitStreamFilterContext("h264_mp4toannexb", stream)
        packets = [packet for packet in container.demux(stream) if packet.size]
        return [b"".join(map(bytes, to_annexb.filter(packet))) for packet in packets]


@pytest.fixture(scope="module")
def visit(case: Case) -> Visit:
    """Read a camera for a second and a half."""
    frames, read_ns = [], []
    with closing(case.open()) as camera:
        before = camera.format
        for _ in range(_FRAMES):
            frames.append(camera.read(_PATIENCE_S))
            read_ns.append(time.monotonic_ns())
        return Visit(before, camera.format, camera.counts_frames, tuple(frames), tuple(read_ns))


def test_the_format_is_known_at_once_and_stays(case: Case, visit: Visit) -> None:
    assert visit.format_before == case.format
    assert visit.format_after == case.format
    assert visit.counts_frames == case.counts_frames


def test_the_content_is_what_the_format_says(visit: Visit) -> None:
    for frame in visit.frames:
        if visit.format_before.codec == "luma":
            assert isinstance(frame.content, np.ndarray)
            assert frame.content.shape == (visit.format_before.height, visit.format_before.width)
            assert frame.content.dtype == np.uint8
            assert frame.is_key
        else:
            assert isinstance(frame.content, bytes)
            assert frame.content.startswith((b"\x00\x00\x01", b"\x00\x00\x00\x01"))


def test_times_grow_by_a_millisecond_or_more(visit: Visit) -> None:
    times_ns = np.array([frame.captured_ns for frame in visit.frames])
    assert np.diff(times_ns).min() >= 1_000_000


def test_the_pace_is_the_nominal_rate(visit: Visit) -> None:
    first, last = visit.frames[0], visit.frames[-1]
    intervals = last.sequence - first.sequence
    interval_ns = (last.captured_ns - first.captured_ns) / intervals
    assert interval_ns == pytest.approx(_INTERVAL_NS, rel=0.03)


def test_no_frame_is_from_the_future_or_long_ago(visit: Visit) -> None:
    for frame, read_ns in zip(visit.frames, visit.read_ns, strict=True):
        assert read_ns - 5_000_000_000 < frame.captured_ns <= read_ns


def test_sequence_grows_by_as_many_frames_as_time_says(visit: Visit) -> None:
    for before, after in zip(visit.frames, visit.frames[1:], strict=False):
        intervals = round((after.captured_ns - before.captured_ns) / _INTERVAL_NS)
        assert after.sequence - before.sequence == max(1, intervals)


def test_the_first_frame_is_a_key_frame(visit: Visit) -> None:
    assert visit.frames[0].is_key


def test_copied_frames_decode_from_any_key_frame_on(visit: Visit) -> None:
    if visit.format_before.codec == "luma":
        pytest.skip("this camera delivers pictures")
    keys = [number for number, frame in enumerate(visit.frames) if frame.is_key]
    assert len(keys) >= 2
    for start in keys:
        assert _decoded_sizes(visit.frames[start:]) == [(_WIDTH, _HEIGHT)] * (_FRAMES - start)


def test_a_wait_ends_when_it_was_told_to(case: Case) -> None:
    with closing(case.open()) as camera:
        waits_s: list[float] = []
        with pytest.raises(DeviceStalled, match=r"no frame for 0\.0 s"):
            _read_impatiently(camera, waits_s)
        assert waits_s[-1] >= 0.004
        assert max(waits_s) < 0.5
        camera.read(_PATIENCE_S)


def test_closing_twice_is_once_and_a_closed_camera_is_lost(case: Case) -> None:
    camera = case.open()
    camera.read(_PATIENCE_S)
    camera.close()
    begun_s = time.monotonic()
    camera.close()
    assert time.monotonic() - begun_s < 1.0
    with pytest.raises(DeviceLost, match="closed"):
        camera.read(0.1)


def test_it_can_be_opened_again_and_time_goes_on(case: Case) -> None:
    with closing(case.open()) as camera:
        earlier = camera.read(_PATIENCE_S)
    with closing(case.open()) as camera:
        later = camera.read(_PATIENCE_S)
    assert later.captured_ns > earlier.captured_ns
    assert later.is_key


def _read_impatiently(camera: Camera, waits_s: list[float]) -> None:
    """Read until the camera has nothing ready; note how long each wait was."""
    for _ in range(200):
        begun_s = time.monotonic()
        try:
            camera.read(0.005)
        finally:
            waits_s.append(time.monotonic() - begun_s)


def _decoded_sizes(frames: tuple[CapturedFrame, ...]) -> list[tuple[int, int]]:
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    pictures = []
    for frame in frames:
        assert isinstance(frame.content, bytes)
        pictures += decoder.decode(av.Packet(frame.content))
    pictures += decoder.decode(None)
    assert not any(picture.is_corrupt for picture in pictures)
    return [(picture.width, picture.height) for picture in pictures]
