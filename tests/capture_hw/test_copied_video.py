"""Copied H.264: the file shows what the camera made, bit for bit."""

import os
import threading
from pathlib import Path

import av
import pytest

from capture_hw.copied_video import CopiedVideo
from capture_hw.error import EncoderError, StorageError
from tests.capture_hw.scripted_camera import access_units, decoded, decoded_units, times_ms

_COUNT = 45


def _copy(path: Path, *, finish: bool = True, fps: float = 25.0) -> None:
    units = access_units(_COUNT)
    video = CopiedVideo(path, units[0][0], fps, {"CAGE": "03"})
    for number, (unit, is_key) in enumerate(units):
        video.write(unit, number * 40, is_key=is_key)
    if finish:
        video.finish()
    else:
        video.abandon()


def test_a_copy_decodes_to_identical_pictures_at_the_times_of_capture(tmp_path: Path) -> None:
    _copy(tmp_path / "a.mkv")
    expected = decoded_units(unit for unit, _ in access_units(_COUNT))
    assert decoded(tmp_path / "a.mkv") == [(n * 40, luma) for n, luma in enumerate(expected)]


def test_the_header_has_the_parameter_sets_and_the_index_the_key_frames(tmp_path: Path) -> None:
    _copy(tmp_path / "a.mkv")
    unparsed = {"fflags": "+noparse+nofillin"}  # else FFmpeg finds key frames by itself
    with av.open(str(tmp_path / "a.mkv"), options=unparsed) as container:
        stream = container.streams.video[0]
        extradata = stream.codec_context.extradata or b""
        keys = [packet.pts for packet in container.demux(stream) if packet.is_keyframe]
        assert container.metadata["CAGE"] == "03"
        assert container.duration is not None
    assert extradata[0] == 1, "not avcC"
    assert extradata[8] & 31 == 7, "no SPS"
    assert keys == [0, 400, 800, 1200, 1600]


@pytest.mark.parametrize("fps", [15.0, 25.0, 29.97])
def test_the_header_says_the_cameras_rate(tmp_path: Path, fps: float) -> None:
    _copy(tmp_path / "a.mkv", fps=fps)
    with av.open(str(tmp_path / "a.mkv")) as container:
        rate = container.streams.video[0].average_rate
    assert float(rate or 0) == pytest.approx(fps, rel=0.001)


@pytest.mark.parametrize("unit", [b"", b"\0\0\0\1garbage", bytes(5000)])
def test_what_is_not_a_key_frame_is_refused_and_leaves_no_file(tmp_path: Path, unit: bytes) -> None:
    with pytest.raises(EncoderError, match="key frame of"):
        CopiedVideo(tmp_path / "a.mkv", unit, 25.0, {})
    assert list(tmp_path.iterdir()) == []


def test_a_frame_that_is_no_key_frame_cannot_begin_a_file(tmp_path: Path) -> None:
    unit, is_key = access_units(_COUNT)[1]
    assert not is_key
    with pytest.raises(EncoderError):
        CopiedVideo(tmp_path / "a.mkv", unit, 25.0, {})


def test_time_must_grow(tmp_path: Path) -> None:
    units = access_units(_COUNT)
    video = CopiedVideo(tmp_path / "a.mkv", units[0][0], 25.0, {})
    video.write(units[0][0], 0, is_key=True)
    with pytest.raises(ValueError, match="does not follow 0 ms"):
        video.write(units[1][0], 0, is_key=False)
    video.abandon()


def test_a_full_disk_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "a.mkv").symlink_to("/dev/full")
    with pytest.raises(StorageError, match=r"a\.mkv: cannot be written: No space left"):
        _copy(tmp_path / "a.mkv")


def _begun(path: Path, count: int) -> CopiedVideo:
    units = access_units(_COUNT)
    video = CopiedVideo(path, units[0][0], 25.0, {})
    for number, (unit, is_key) in enumerate(units[:count]):
        video.write(unit, number * 40, is_key=is_key)
    return video


def test_a_video_that_is_cut_off_ends_with_the_frame_that_was_promised(tmp_path: Path) -> None:
    video = _begun(tmp_path / "a.mkv", 10)
    assert video.cut_off() == 320, "the muxer holds back the one of 360 ms"
    with pytest.raises(StorageError):
        video.write(access_units(_COUNT)[10][0], 400, is_key=True)
    with pytest.raises(StorageError):
        video.finish()
    video.abandon()
    assert times_ms(tmp_path / "a.mkv") == [number * 40 for number in range(9)]


@pytest.mark.parametrize("ends", [False, True])
def test_what_the_disk_takes_after_the_cut_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, ends: bool
) -> None:
    video = _begun(tmp_path / "a.mkv", 10)
    hangs, answers = threading.Event(), threading.Event()
    real = os.write

    def write(descriptor: int, content: bytes) -> int:
        hangs.set()
        answers.wait(10)
        return real(descriptor, content)

    monkeypatch.setattr(os, "write", write)
    refused: list[StorageError] = []

    def go_on() -> None:
        try:
            video.finish() if ends else video.write(access_units(_COUNT)[10][0], 400, is_key=True)
        except StorageError as error:
            refused.append(error)
            video.abandon()

    thread = threading.Thread(target=go_on)
    thread.start()
    hangs.wait(10)
    assert video.cut_off() == 320
    answers.set()
    thread.join(10)
    assert len(refused) == 1
    assert times_ms(tmp_path / "a.mkv") == [number * 40 for number in range(9)]
