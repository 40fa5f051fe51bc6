"""A network camera that falls silent, hangs up, lies, refuses or is too fast."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from capture_hw.camera import Camera, CapturedFrame, open_camera
from capture_hw.camera_config import StreamCameraConfig
from capture_hw.driver.stream_receiver import address_without_secrets
from capture_hw.error import DeviceLost, DeviceStalled
from tests.capture_hw.http_camera import HttpCamera, http_camera
from tests.capture_hw.rtsp_server import rtsp_server
from tests.video_factory import moving_square, write_video

_PATIENCE_S: Final = 10.0
_X264: Final = {"bf": "0", "g": "25", "sc_threshold": "0"}
_SECRETS: Final = ("keeper", "hidden-word", "hidden-token")


def _open(url: str) -> Camera:
    return open_camera(StreamCameraConfig(driver="stream", url=url))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="module")
def clip(folder: Path) -> Path:
    pictures = moving_square(50, width=64, height=48)
    return write_video(folder / "clip.mkv", pictures, options=_X264)


def _read_until_stalled(camera: Camera, timeout_s: float) -> float:
    """Return how long the read took that found the camera silent."""
    for _ in range(1000):
        begun_s = time.monotonic()
        try:
            camera.read(timeout_s)
        except DeviceStalled:
            return time.monotonic() - begun_s
    raise AssertionError("the camera was never silent")


def _read_until_lost(camera: Camera) -> list[CapturedFrame]:
    """Return what came before the camera was lost."""
    frames: list[CapturedFrame] = []
    deadline_s = time.monotonic() + 20.0
    while time.monotonic() < deadline_s:
        try:
            frames.append(camera.read(0.2))
        except DeviceStalled:
            continue
        except DeviceLost:
            return frames
    raise AssertionError("the camera was never lost")


def test_a_silent_camera_stalls_in_time_and_is_lost_after_five_seconds(clip: Path) -> None:
    with rtsp_server(clip.parent) as server, closing(_open(server.url(clip.name))) as camera:
        camera.read(_PATIENCE_S)
        server.fall_silent()
        assert 0.2 <= _read_until_stalled(camera, 0.2) < 0.6
        begun_s = time.monotonic()
        _read_until_lost(camera)
        assert 3.5 < time.monotonic() - begun_s < 6.5
        with pytest.raises(DeviceLost, match=r"/clip\.mkv: no (frame|data) for 5 s"):
            camera.read(0.1)


def test_a_pause_of_three_seconds_is_survived(clip: Path) -> None:
    with rtsp_server(clip.parent) as server, closing(_open(server.url(clip.name))) as camera:
        camera.read(_PATIENCE_S)
        server.fall_silent()
        _read_until_stalled(camera, 3.0)
        server.go_on()
        after = [camera.read(_PATIENCE_S) for _ in range(5)]
    assert all(a.sequence + 1 == b.sequence for a, b in pairwise(after))


def test_closing_while_the_camera_is_silent_takes_less_than_a_second(clip: Path) -> None:
    with http_camera(HttpCamera([clip])) as served:
        camera = _open(served.url)
        camera.read(_PATIENCE_S)
        served.silent.set()
        _read_until_stalled(camera, 0.3)
        begun_s = time.monotonic()
        camera.close()
        assert time.monotonic() - begun_s < 1.0


def test_a_camera_that_is_switched_off_is_lost_at_once(clip: Path) -> None:
    with rtsp_server(clip.parent) as server, closing(_open(server.url(clip.name))) as camera:
        camera.read(_PATIENCE_S)
        server.process.kill()
        begun_s = time.monotonic()
        _read_until_lost(camera)
        assert time.monotonic() - begun_s < 3.0


def test_a_stream_that_ends_gives_all_its_frames_first(clip: Path) -> None:
    with (
        http_camera(HttpCamera([clip], endless=False)) as served,
        closing(_open(served.url)) as camera,
    ):
        frames = _read_until_lost(camera)
        with pytest.raises(DeviceLost, match=r"/cage\.ts: the stream (has ended|broke off)"):
            camera.read(0.1)
    assert [frame.sequence for frame in frames] == list(range(len(frames)))
    assert len(frames) >= 49


def test_a_reader_that_is_too_late_finds_a_step_and_then_a_key_frame(clip: Path) -> None:
    with (
        http_camera(HttpCamera([clip], paced=False)) as served,
        closing(_open(served.url)) as camera,
    ):
        time.sleep(1.0)  # the lateness that is tested
        frames = [camera.read(_PATIENCE_S) for _ in range(600)]
    steps = [(after.sequence - before.sequence, after.is_key) for before, after in pairwise(frames)]
    assert any(step > 1 for step, _ in steps)
    assert all(is_key for step, is_key in steps if step > 1)


def test_a_camera_that_changes_its_picture_size_is_lost(folder: Path) -> None:
    videos = [
        write_video(
            folder / f"{width}.ts", moving_square(50, width=width, height=48), options=_X264
        )
        for width in (64, 96)
    ]
    with http_camera(HttpCamera(videos)) as served, closing(_open(served.url)) as camera:
        frames = _read_until_lost(camera)
        with pytest.raises(DeviceLost, match="has changed its picture format"):
            camera.read(0.1)
    assert len(frames) == 50


def test_a_raw_stream_without_stamps_is_timed_by_arrival(clip: Path) -> None:
    with (
        http_camera(HttpCamera([clip], container="h264")) as served,
        closing(_open(served.url)) as camera,
    ):
        frames = [camera.read(_PATIENCE_S) for _ in range(60)]
    span_s = (frames[-1].captured_ns - frames[0].captured_ns) / 1e9
    assert span_s == pytest.approx(59 * 0.04, rel=0.2)


def test_reordered_frames_are_refused(folder: Path) -> None:
    pictures = moving_square(50, width=64, height=48)
    options = {"bf": "2", "b_strategy": "0", "g": "25"}
    path = write_video(folder / "reordered.mp4", pictures, options=options)
    refused = pytest.raises(DeviceLost, match=r"reordered\.mp4: reorders its frames; switch")
    with rtsp_server(folder) as server, refused:
        _open(server.url(path.name))


def test_another_codec_is_refused(folder: Path) -> None:
    pictures = moving_square(50, width=64, height=48)
    path = write_video(folder / "other.mkv", pictures, codec="mpeg4", options={})
    refused = pytest.raises(DeviceLost, match=r"cage\.ts: delivers mpeg4, and only H\.264")
    with http_camera(HttpCamera([path])) as served, refused:
        _open(served.url)


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "authorization"), (404, "not found"), (500, "server")]
)
def test_a_refusal_names_the_camera_but_no_secret(clip: Path, status: int, reason: str) -> None:
    with http_camera(HttpCamera([clip], status=status)) as served:
        with pytest.raises(DeviceLost) as refusal:
            _open(served.url)
        message = str(refusal.value)
    assert message.startswith(f"http://127.0.0.1:{served.port}/cage.ts: ")
    assert reason in message.lower()
    assert not any(secret in message for secret in _SECRETS)
    assert refusal.value.__cause__ is None
    assert refusal.value.__context__ is None


def test_nobody_at_the_address_is_one_sentence() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(DeviceLost) as refusal:
            _open(f"rtsp://keeper:hidden-word@127.0.0.1:{port}/cage")
    assert str(refusal.value) == f"rtsp://127.0.0.1:{port}/cage: connection refused"


def test_a_camera_that_takes_the_call_and_says_nothing_is_refused_within_ten_seconds() -> None:
    with _mute_listener() as port:
        begun_s = time.monotonic()
        with pytest.raises(
            DeviceLost, match=rf"^rtsp://127\.0\.0\.1:{port}/cage: no answer within 8 s$"
        ):
            _open(f"rtsp://keeper:hidden-word@127.0.0.1:{port}/cage")
        assert time.monotonic() - begun_s < 10.0


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://u:p@h.example:554/a/b?token=t#f", "rtsp://h.example:554/a/b"),
        ("rtsp://u:p@s@h/a", "rtsp://h/a"),
        ("udp://@239.0.0.1:5000", "udp://239.0.0.1:5000"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert address_without_secrets(url) == shown


@contextmanager
def _mute_listener() -> Iterator[int]:
    """Accept connections and never answer."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, taken))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5.0)
            for connection in taken:
                connection.close()


def _accept(listener: socket.socket, taken: list[socket.socket]) -> None:
    while True:
        try:
            taken.append(listener.accept()[0])
        except OSError:
            return
