"""Pictures out of the bytes of a driver's buffers."""

from fractions import Fraction

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from capture_hw.error import DeviceLost, PictureDamaged
from capture_hw.v4l2.picture import (
    PictureLayout,
    PixelFormatName,
    is_full_range,
    picture_reader,
)
from tests.capture_hw.scripted_camera import access_units, decoded_units

_ROWS = np.array([[16, 20, 30, 40], [50, 60, 70, 80], [90, 100, 235, 255]], np.uint8)
_B_SLICE = b"\x00\x00\x00\x01\x01\xa8\x00\x00"
"""A unit of type 1; first_mb_in_slice 0 is `1`, slice_type 1 (B) is `010`."""


def _layout(
    pixel_format: PixelFormatName,
    *,
    width: int = 4,
    height: int = 3,
    stride: int = 4,
    is_full: bool = False,
) -> PictureLayout:
    return PictureLayout(pixel_format, width, height, stride, is_full_range=is_full)


def _luma(layout: PictureLayout, content: bytes) -> NDArray[np.uint8]:
    picture = picture_reader(layout).read(memoryview(content), is_key=False)
    assert picture is not None
    assert picture.is_key
    assert isinstance(picture.content, np.ndarray)
    return picture.content


def _damage(layout: PictureLayout, content: bytes) -> str:
    with pytest.raises(PictureDamaged) as caught:
        picture_reader(layout).read(memoryview(content), is_key=False)
    return str(caught.value)


def _jpeg(luma: NDArray[np.uint8]) -> bytes:
    """Encode luma as a JPEG of the best quality."""
    height, width = luma.shape
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": "1", "qmax": "1"}
    frame = av.VideoFrame(width, height, "yuvj420p")
    for plane in frame.planes:
        np.frombuffer(memoryview(plane), np.uint8)[:] = 128
    samples = np.frombuffer(memoryview(frame.planes[0]), np.uint8)
    samples.reshape(-1, frame.planes[0].line_size)[:height, :width] = luma
    frame.pts = 0
    return b"".join(map(bytes, [*encoder.encode(frame), *encoder.encode(None)]))


def _wedge() -> NDArray[np.uint8]:
    """Return full-range luma of 64x48, from 0 to 255."""
    return np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1))


def test_odd_sizes_lose_the_last_row_and_column_of_gray() -> None:
    layout = _layout("GREY", width=3, height=3)
    assert _luma(layout, _ROWS.tobytes()).tolist() == [[16, 20], [50, 60]]


def test_padding_behind_rows_is_no_picture() -> None:
    padded = np.full((2, 10), 7, np.uint8)
    padded[:, :4] = _ROWS[:2]
    layout = _layout("GREY", height=2, stride=10)
    assert _luma(layout, padded.tobytes()).tolist() == [[16, 20, 30, 40], [50, 60, 70, 80]]
    # Drivers need not deliver the padding of the last row.
    assert _luma(layout, padded.tobytes()[:-6]).tolist() == [[16, 20, 30, 40], [50, 60, 70, 80]]


def test_luma_of_nv12_is_its_first_plane() -> None:
    content = _ROWS[:2].tobytes() + bytes([128] * 4)
    layout = _layout("NV12", height=2)
    assert _luma(layout, content).tolist() == [[16, 20, 30, 40], [50, 60, 70, 80]]


@pytest.mark.parametrize("stride", [8, 9, 12])
def test_luma_of_yuyv_is_every_second_byte(stride: int) -> None:
    content = np.full((2, stride), 200, np.uint8)
    content[:, 0:8:2] = _ROWS[:2]
    layout = _layout("YUYV", height=2, stride=stride)
    assert _luma(layout, content.tobytes()).tolist() == [[16, 20, 30, 40], [50, 60, 70, 80]]


def test_limited_levels_stay_as_they_are_also_those_beyond() -> None:
    layout = _layout("GREY", height=2)
    content = bytes([0, 15, 16, 17, 234, 235, 236, 255])
    assert _luma(layout, content).tolist() == [[0, 15, 16, 17], [234, 235, 236, 255]]


def test_full_range_levels_become_limited() -> None:
    layout = _layout("YUYV", height=2, stride=8, is_full=True)
    content = bytes([0, 9, 1, 9, 2, 9, 127, 9, 128, 9, 200, 9, 254, 9, 255, 9])
    # 16 + level * 219 / 255, rounded.
    assert _luma(layout, content).tolist() == [[16, 17, 18, 125], [126, 188, 234, 235]]


@pytest.mark.parametrize("pixel_format", ["GREY", "NV12", "YUYV"])
@pytest.mark.parametrize("is_full", [False, True])
def test_a_picture_outlives_its_buffer(pixel_format: PixelFormatName, *, is_full: bool) -> None:
    buffer = bytearray(range(40, 72))
    reader = picture_reader(_layout(pixel_format, height=2, stride=8, is_full=is_full))
    picture = reader.read(memoryview(buffer), is_key=False)
    assert picture is not None
    assert isinstance(picture.content, np.ndarray)
    before = picture.content.tolist()
    buffer[:] = bytes(len(buffer))
    assert picture.content.tolist() == before
    assert picture.content.flags.writeable
    assert picture.content.flags.c_contiguous
    buffer.clear()  # BufferError if anybody still looked into it


@pytest.mark.parametrize(
    ("pixel_format", "stride", "needed"), [("GREY", 4, 12), ("YUYV", 8, 24), ("NV12", 4, 20)]
)
def test_a_short_buffer_is_refused_with_both_sizes(
    pixel_format: PixelFormatName, stride: int, needed: int
) -> None:
    layout = _layout(pixel_format, stride=stride)
    assert _luma(layout, bytes(needed)).shape == (2, 4)
    sentence = f"{needed - 1} bytes, and the picture needs {needed}"
    assert _damage(layout, bytes(needed - 1)) == sentence
    assert _damage(layout, b"").startswith("0 bytes")


@pytest.mark.parametrize(
    ("pixel_format", "quantization", "colorspace", "is_full"),
    [
        ("NV12", 0, 1, False),  # SMPTE 170M, analog video
        ("YUYV", 0, 8, False),  # sRGB, a webcam
        ("YUYV", 0, 7, True),  # JPEG
        ("YUYV", 0, 11, True),  # raw
        ("GREY", 0, 1, True),
        ("GREY", 2, 1, False),
        ("NV12", 1, 1, True),
        ("NV12", 2, 7, False),
    ],
)
def test_the_range_is_what_the_driver_says_or_the_kernel_s_rule(
    pixel_format: str, quantization: int, colorspace: int, *, is_full: bool
) -> None:
    assert is_full_range(pixel_format, quantization, colorspace) is is_full


def test_a_jpeg_becomes_limited_luma() -> None:
    luma = _luma(_layout("MJPEG", width=64, height=48), _jpeg(_wedge()))
    true = 16 + _wedge() * (219 / 255)
    assert luma.shape == (48, 64)
    assert np.abs(luma - true).max() <= 2


def test_padding_behind_a_jpeg_is_allowed() -> None:
    layout = _layout("MJPEG", width=64, height=48)
    jpeg = _jpeg(_wedge())
    assert np.array_equal(_luma(layout, jpeg + bytes(99)), _luma(layout, jpeg))


def test_a_jpeg_that_is_not_whole_is_refused() -> None:
    layout = _layout("MJPEG", width=64, height=48)
    jpeg = _jpeg(_wedge())
    assert "no whole JPEG" in _damage(layout, jpeg[: len(jpeg) // 2])
    assert "no whole JPEG" in _damage(layout, b"")
    assert "no whole JPEG" in _damage(layout, jpeg[2:])
    hollow = jpeg[:-200] + jpeg[-2:]
    assert "cannot be decoded" in _damage(layout, hollow)


def test_a_jpeg_of_another_size_is_refused_with_both() -> None:
    layout = _layout("MJPEG", width=32, height=48)
    assert _damage(layout, _jpeg(_wedge())) == "a JPEG of 64x48, not 32x48"


def test_access_units_pass_as_they_are_and_decode() -> None:
    units = access_units(25)
    reader = picture_reader(_layout("H264"))
    pictures = [reader.read(memoryview(unit), is_key=False) for unit, _ in units]
    contents = [picture.content for picture in pictures if picture is not None]
    assert contents == [unit for unit, _ in units]
    assert [it.is_key for it in pictures if it is not None] == [is_key for _, is_key in units]


def test_parameter_sets_of_their_own_buffer_go_in_front_of_every_key_frame() -> None:
    units = access_units(25)
    first = units[0][0]
    slice_at = first.index(b"\x00\x00\x01\x65")
    header, bare = first[:slice_at], first[slice_at:]
    reader = picture_reader(_layout("H264"))
    assert reader.read(memoryview(header), is_key=False) is None
    contents = []
    for content in (bare, *(unit for unit, _ in units[1:10]), bare):
        picture = reader.read(memoryview(content), is_key=False)
        assert picture is not None
        assert isinstance(picture.content, bytes)
        contents.append(picture.content)
    assert decoded_units(contents[10:]) == decoded_units([first])
    assert decoded_units(contents[:10]) == decoded_units([unit for unit, _ in units[:10]])


def test_a_key_frame_before_any_parameter_sets_is_refused() -> None:
    first = access_units(1)[0][0]
    bare = first[first.index(b"\x00\x00\x01\x65") :]
    assert "have not come yet" in _damage(_layout("H264"), bare)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage that is longer than a start code",
        b"\x00\x00\x01\x41",  # a slice that ends with its header
        b"\x00\x00\x01\xc1\x9a\x00\x00",  # the bit that is forbidden
        b"\x00\x00\x01\x41\x50\x00\x00",  # a slice from the middle of a picture
        b"\x00\x00\x01\x41\x82\x00\x00",  # a slice of no known type
    ],
)
def test_what_is_no_access_unit_is_refused(content: bytes) -> None:
    assert _damage(_layout("H264"), content)


def test_reordered_frames_and_another_profile_cannot_be_recorded() -> None:
    reader = picture_reader(_layout("H264"))
    with pytest.raises(DeviceLost, match="reorders its frames; switch B-frames off"):
        reader.read(memoryview(_B_SLICE), is_key=False)
    first = access_units(1)[0][0]
    assert reader.read(memoryview(first), is_key=True) is not None
    level_at = first.index(b"\x00\x00\x01\x67") + 6
    other = first[:level_at] + bytes([first[level_at] + 1]) + first[level_at + 1 :]
    with pytest.raises(DeviceLost, match="has changed its picture format"):
        reader.read(memoryview(other), is_key=True)
