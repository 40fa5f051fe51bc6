"""A card that fails, goes away or comes back as another one."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest

from capture_hw.camera import Camera, open_camera
from capture_hw.error import DeviceLost, DeviceStalled
from tests.vm.guest.card import (
    ANALOG_CARDS,
    BLACK,
    NO_TEXT,
    WHITE,
    Card,
    plug_all_in,
    plug_in_anew,
    pull_all_out,
)

_PATIENCE_S = 5.0
_LIMIT_S = 2.0
"""A camera that is gone has to be noticed within this."""
_NO_SIGNAL_LIMIT_S = 4.0
_CARD = Card(1)


@pytest.fixture
def card() -> Iterator[Card]:
    """A card whose faults are over afterwards."""
    yield _CARD
    _CARD.set(standard_signal_mode=0)


def _camera(card: Card) -> Camera:
    return open_camera(card.config(pixel_format="GREY", width=360, height=288))


def _loss(camera: Camera, timeout_s: float) -> tuple[str, float]:
    """Read until the camera is lost; why, and after how many seconds."""
    begun_s = time.monotonic()
    while time.monotonic() - begun_s < timeout_s:
        try:
            with suppress(DeviceStalled):
                camera.read(0.2)
        except DeviceLost as error:
            return str(error), time.monotonic() - begun_s
    raise AssertionError(f"the camera is not lost after {timeout_s:.0f} s")


def _reopened(card: Card) -> float:
    """Open the camera and read a frame; how many seconds that took."""
    begun_s = time.monotonic()
    with closing(_camera(card)) as camera:
        camera.read(_PATIENCE_S)
    return time.monotonic() - begun_s


def _open_video_files() -> int:
    links = list(Path("/proc/self/fd").iterdir())
    files = 0
    for link in links:
        with suppress(FileNotFoundError):
            files += str(link.readlink()).startswith("/dev/video")
    return files + Path("/proc/self/maps").read_text().count("/dev/video")


@pytest.mark.parametrize(("mode", "said"), [(1, "no signal"), (2, "no horizontal lock")])
def test_a_camera_without_signal_is_lost_until_the_signal_is_back(
    card: Card, mode: int, said: str, record_property: Callable[[str, object], None]
) -> None:
    with closing(_camera(card)) as camera:
        camera.read(_PATIENCE_S)
        card.set(standard_signal_mode=mode)
        why, after_s = _loss(camera, 10.0)
    with pytest.raises(DeviceLost, match=said):
        _loss_at_opening(card)
    card.set(standard_signal_mode=0)
    record_property("noticed after", f"{after_s:.1f} s: {why}")
    record_property("first frame after the signal was back", f"{_reopened(card):.1f} s")
    assert after_s < _NO_SIGNAL_LIMIT_S
    assert said in why


def _loss_at_opening(card: Card) -> None:
    """Open a camera and read it for a while; raises DeviceLost, at the one or the other."""
    with closing(_camera(card)) as camera:
        why, _ = _loss(camera, 10.0)
        raise DeviceLost(why)


def test_a_flicker_of_the_signal_cuts_nothing(card: Card) -> None:
    with closing(_camera(card)) as camera:
        camera.read(_PATIENCE_S)
        card.set(standard_signal_mode=1)
        card.set(standard_signal_mode=0)
        for _ in range(75):
            camera.read(_PATIENCE_S)


def test_a_standard_that_changes_under_the_stream_loses_the_camera(
    card: Card, record_property: Callable[[str, object], None]
) -> None:
    with closing(_camera(card)) as camera:
        camera.read(_PATIENCE_S)
        card.set(standard_signal_mode=4, standard=0)  # an NTSC camera is plugged in
        why, after_s = _loss(camera, 10.0)
    record_property("noticed after", f"{after_s:.1f} s: {why}")
    assert after_s < _LIMIT_S


@pytest.mark.parametrize(
    "button",
    ["inject_vidioc_reqbufs_error", "inject_vidioc_qbuf_error", "inject_vidioc_streamon_error"],
)
def test_an_opening_that_fails_half_way_leaves_nothing_open(card: Card, button: str) -> None:
    request = button.split("_")[2].upper()
    card.set(**{button: 1})
    with pytest.raises(DeviceLost, match=request):
        _camera(card)
    assert _open_video_files() == 0
    _reopened(card)
    assert _open_video_files() == 0


def test_a_fatal_error_loses_the_camera_and_it_can_be_opened_again(
    card: Card, record_property: Callable[[str, object], None]
) -> None:
    with closing(_camera(card)) as camera:
        camera.read(_PATIENCE_S)
        card.set(inject_fatal_streaming_error=1)
        why, after_s = _loss(camera, 10.0)
    record_property("noticed after", f"{after_s:.2f} s: {why}")
    record_property("open again, first frame after", f"{_reopened(card):.2f} s")
    assert after_s < _LIMIT_S
    assert _open_video_files() == 0


def test_cards_pulled_out_and_back_are_recorded_again(
    card: Card, record_property: Callable[[str, object], None]
) -> None:
    with closing(_camera(card)) as camera:
        camera.read(_PATIENCE_S)
        pull_all_out()
        why, after_s = _loss(camera, 10.0)
        with pytest.raises(DeviceLost, match="platform:vivid-001 node 0: not plugged in"):
            _camera(card)
    plug_all_in()
    record_property("noticed after", f"{after_s:.2f} s: {why}")
    record_property("open again, first frame after", f"{_reopened(card):.2f} s")
    assert after_s < _LIMIT_S


def test_a_camera_that_disconnects_takes_no_other_one_with_it(
    record_property: Callable[[str, object], None],
) -> None:
    gone, other = Card(2), Card(3)
    with closing(_camera(other)) as untouched:
        with closing(_camera(gone)) as camera:
            camera.read(_PATIENCE_S)
            gone.set(disconnect=1)
            why, after_s = _loss(camera, 10.0)
            for _ in range(25):
                untouched.read(_PATIENCE_S)
            # Only when nobody has it open any more does the driver connect the card again.
            with pytest.raises(DeviceLost, match="vivid-002"):
                _camera(gone)
            with closing(_camera(Card(5))) as neighbor:
                neighbor.read(_PATIENCE_S)
        record_property("noticed after", f"{after_s:.2f} s: {why}")
        record_property("open again, first frame after", f"{_reopened(gone):.2f} s")
        untouched.read(_PATIENCE_S)
    assert after_s < _LIMIT_S


def test_cards_plugged_in_another_order_keep_their_cages(
    record_property: Callable[[str, object], None],
) -> None:
    card = Card(3)
    number_before = card.node()
    numbers = ",".join(str(39 - number) for number in ANALOG_CARDS)
    ten = {name: ",".join([value] * 10) for name, value in _ANALOG_OPTIONS.items()}
    plug_in_anew(n_devs="10", vid_cap_nr=numbers, **ten)
    for other in ANALOG_CARDS:
        Card(other).set(test_pattern=WHITE if other == 3 else BLACK, osd_text_mode=NO_TEXT)
    assert card.node() != number_before
    record_property("node of vivid-003", f"{number_before}, then {card.node()}")
    assert _brightness(card) == pytest.approx(234, abs=2)
    assert _brightness(Card(4)) == pytest.approx(16, abs=2)


def test_another_device_in_a_camera_s_place_is_refused_by_both_names() -> None:
    with pytest.raises(DeviceLost, match=r'wants "Picolo U16".*found "vivid"'):
        open_camera(_CARD.config(card="Picolo U16"))


_ANALOG_OPTIONS = {
    "node_types": "0x1",
    "multiplanar": "1",
    "ccs_cap_mode": "7",
    "num_inputs": "1",
    "input_types": "0x2",
}


def _brightness(card: Card) -> float:
    with closing(_camera(card)) as camera:
        content = camera.read(_PATIENCE_S).content
    assert isinstance(content, np.ndarray)
    return float(content.mean())
