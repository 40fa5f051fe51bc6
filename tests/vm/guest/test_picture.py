"""Levels, sizes, inputs and standards, as the real driver delivers them."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from numpy.typing import NDArray

from capture_hw.camera import open_camera
from capture_hw.camera_config import V4l2CameraConfig
from capture_hw.error import DeviceLost
from tests.vm.guest.card import BLACK, NO_TEXT, WHITE, Card, v4l2_ctl

_PATIENCE_S = 5.0
_BLACK_LEVEL, _WHITE_LEVEL = 16, 235
_ROUNDING = 1
"""The driver's own white is 254 of 255 and its black may be 1."""
_FULL_RANGE = 1


@pytest.fixture
def card() -> Iterator[Card]:
    """A card that shows one plain gray, its range its own afterwards."""
    card = Card(4)
    card.set(osd_text_mode=NO_TEXT)
    yield card
    card.set(quantization=0)


def _picture(config: V4l2CameraConfig) -> NDArray[np.uint8]:
    with closing(open_camera(config)) as camera:
        content = camera.read(_PATIENCE_S).content
        assert isinstance(content, np.ndarray)
        assert content.shape == (camera.format.height, camera.format.width)
        # The first line of PAL is half a line, which the driver fills with noise.
        return content[1:]


@pytest.mark.parametrize("quantization", [0, _FULL_RANGE], ids=["default range", "full range"])
@pytest.mark.parametrize("pixel_format", ["GREY", "NV12", "YUYV"])
def test_black_and_white_are_the_limited_range_s(
    card: Card, pixel_format: str, quantization: int
) -> None:
    config = card.config(pixel_format=pixel_format, width=704, height=576)
    card.set(test_pattern=BLACK, quantization=quantization)
    assert np.ptp(_picture(config)) == 0
    assert abs(int(_picture(config)[0, 0]) - _BLACK_LEVEL) <= _ROUNDING
    card.set(test_pattern=WHITE)
    assert np.ptp(_picture(config)) == 0
    assert abs(int(_picture(config)[0, 0]) - _WHITE_LEVEL) <= _ROUNDING


@pytest.mark.parametrize("pixel_format", ["GREY", "NV12", "YUYV"])
def test_every_format_shows_the_same_picture(card: Card, pixel_format: str) -> None:
    card.set(test_pattern=20)  # a ramp, the same in all rows
    picture = _picture(card.config(pixel_format=pixel_format, width=720, height=576)).astype(int)
    assert np.ptp(picture, axis=0).max() <= 1
    assert picture[0, 0] <= _BLACK_LEVEL + 1
    assert picture[0, -1] >= _WHITE_LEVEL - 2
    assert set(np.diff(picture[0])) <= {0, 1}


def test_what_an_earlier_program_left_does_not_cut_the_picture(card: Card) -> None:
    card.set(test_pattern=WHITE)
    _picture(card.config(width=360, height=288))
    v4l2_ctl("-d", card.node(), "--set-selection=target=crop,left=200,top=200,width=200,height=200")
    card.set(test_pattern=20)
    picture = _picture(card.config(pixel_format="GREY", width=720, height=576))
    assert picture[1].min() <= _BLACK_LEVEL + 1
    assert picture[1].max() >= _WHITE_LEVEL - 3
    card.set(test_pattern=WHITE)
    assert np.ptp(_picture(card.config(width=720, height=576))) == 0


def test_the_source_says_input_standard_and_fields(card: Card) -> None:
    config = card.config(standard="PAL", pixel_format="NV12", width=720, height=576)
    with closing(open_camera(config)) as camera:
        source = camera.format.source
        assert camera.format.fps == 25.0
    assert "platform:vivid-004" in source
    assert "S-Video 0" in source
    assert "PAL" in source
    assert "NV12 720x576" in source
    assert "interlaced" in source


def test_ntsc_has_its_own_rate_and_lines(card: Card) -> None:
    with closing(open_camera(card.config(standard="NTSC", width=720, height=480))) as camera:
        assert camera.format.fps == pytest.approx(30000 / 1001)
        assert camera.format.height == 480
    v4l2_ctl("-d", card.node(), "--set-standard=PAL")


def test_an_input_is_chosen_by_its_name() -> None:
    card = Card(11)
    with closing(open_camera(card.config(input="HDMI 0", width=640, height=480))) as camera:
        camera.read(_PATIENCE_S)
        assert "HDMI 0" in camera.format.source
    assert "HDMI 0" in v4l2_ctl("-d", card.node(), "--get-input")
    with closing(open_camera(card.config(input=0, width=640, height=480))) as camera:
        camera.read(_PATIENCE_S)
        assert "Webcam 0" in camera.format.source
    with pytest.raises(DeviceLost, match="Webcam 0"):  # what there is instead
        open_camera(card.config(input="S-Video 7"))


def test_a_multi_planar_card_delivers_the_same_pictures() -> None:
    card = Card(10)
    card.set(osd_text_mode=NO_TEXT, test_pattern=WHITE)
    for pixel_format in ("GREY", "NV12", "YUYV"):
        picture = _picture(card.config(pixel_format=pixel_format, input="S-Video 0"))
        assert abs(int(picture.mean()) - _WHITE_LEVEL) <= _ROUNDING


def test_controls_are_set_and_read_back(card: Card) -> None:
    with closing(open_camera(card.config(controls={"brightness": 77, "contrast": 99}))) as camera:
        camera.read(_PATIENCE_S)
    shown = v4l2_ctl("-d", card.node(), "--get-ctrl=brightness,contrast")
    assert "brightness: 77" in shown
    assert "contrast: 99" in shown
    v4l2_ctl("-d", card.node(), "--set-ctrl=brightness=128,contrast=128")
    with pytest.raises(DeviceLost, match="brightness"):
        open_camera(card.config(controls={"brightness": 300}))
    with pytest.raises(DeviceLost, match="no_such_control"):
        open_camera(card.config(controls={"no_such_control": 1}))


def test_a_camera_that_somebody_else_has_open_is_refused_in_one_sentence(card: Card) -> None:
    with closing(open_camera(card.config())) as camera:
        camera.read(_PATIENCE_S)
        with pytest.raises(DeviceLost, match="busy"):
            open_camera(card.config())
        camera.read(_PATIENCE_S)
