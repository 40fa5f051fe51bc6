"""The picture watch on pictures that went through the recorder's encoder."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from capture_hw.camera_config import FaultKind
from capture_hw.driver.spoilt_picture import SPOILING, spoil
from capture_hw.picture_fault import PictureFault
from capture_hw.picture_measure import Luma, Novelty, compare_with_before, measure
from capture_hw.picture_watch import Judgement, Look, PictureWatch, judge
from capture_hw.reference import Reference, ReferenceUnusable, learn
from capture_hw.simulation.cage import SimulatedCage
from tests.capture_hw.growing_segment import GrowingSegment

KEY: Final = 50
LOOK_NS: Final = 2_000_000_000
SEED: Final = 4


@cache
def cage() -> SimulatedCage:
    return SimulatedCage(SEED, routine="busy")


@cache
def reference() -> Reference:
    return learn([cage().picture(number * KEY) for number in range(16)])


def spoilt(kind: FaultKind, number: int) -> Luma:
    return spoil(kind, cage().picture(number), np.random.default_rng(number))


def key_frames(path: Path, pictures: Sequence[Luma], crf: int = 28) -> list[Luma]:
    """Encode as a recorder does and return the key frames."""
    segment = GrowingSegment(path, crf)
    for picture in pictures:
        segment.write(picture)
    segment.finish()
    with av.open(str(path)) as video:
        video.streams.video[0].codec_context.skip_frame = "NONKEY"
        return [luma_of(frame) for frame in video.decode(video=0)]


def luma_of(frame: av.VideoFrame) -> Luma:
    plane = frame.planes[0]
    samples: Luma = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
    return samples.reshape(-1, plane.line_size)[: frame.height, : frame.width].copy()


def faults_after(pictures: Sequence[Luma], learnt: Reference | None) -> list[tuple[str, ...]]:
    """Return the raised faults after each look, two seconds apart."""
    watch = PictureWatch()
    found: list[tuple[str, ...]] = []
    for number, picture in enumerate(pictures):
        watch.take(picture, number * LOOK_NS, learnt)
        found.append(tuple(raised.fault for raised in watch.faults))
    return found


@pytest.mark.parametrize(("sigma", "crf"), [(1.0, 28), (2.5, 28), (2.5, 33), (6.0, 23)])
def test_sensor_noise_tells_a_sleeping_mouse_from_a_frozen_picture(
    tmp_path: Path, sigma: float, crf: int
) -> None:
    scene = cv2.GaussianBlur(cage().picture(0), (0, 0), 1.0).astype(np.float32)
    live = noisy_pictures(scene, sigma, 2 * KEY + KEY // 2)
    keys = key_frames(tmp_path / "video.mkv", [*live, *[live[-1]] * (4 * KEY)], crf)
    novelty = [compare_with_before(*pair).novelty for pair in pairwise(keys)]
    assert min(novelty[:2]) > 0.8
    found = faults_after(keys, None)
    assert not any(found[:4])
    assert found[6] == ("frozen",)


def noisy_pictures(scene: NDArray[np.float32], sigma: float, count: int) -> list[Luma]:
    """Return pictures of a scene that stands still, each with other noise."""
    random = np.random.default_rng(7)
    height, width = scene.shape
    noise = random.normal(0.0, sigma, (height + 64, width + 64)).astype(np.float32)
    places = random.integers(0, 64, (count, 2))
    return [
        np.clip(scene + noise[y : y + height, x : x + width], 16, 235).astype(np.uint8)
        for y, x in places
    ]


EXPECTED: Final[dict[FaultKind, PictureFault]] = {
    "bright": "bright",
    "blur": "unfocused",
    "shift": "moved",
    "cover": "obstructed",
}


@pytest.mark.parametrize("kind", SPOILING)
def test_a_spoilt_picture_is_told_at_the_third_key_frame_and_forgotten_after_half_a_minute(
    kind: FaultKind,
) -> None:
    good = [cage().picture(number * KEY) for number in range(20)]
    bad = [spoilt(kind, number * KEY) for number in range(3)]
    found = faults_after([*good[:3], *bad, *good], reference())
    assert found[:5] == [()] * 5
    assert found[5] == (EXPECTED[kind],)
    assert found[19] == (EXPECTED[kind],)
    assert found[20] == ()


def test_black_is_told_without_a_reference_and_is_not_called_frozen_or_covered() -> None:
    black = np.full((576, 704), 16, np.uint8)
    assert faults_after([black] * 4, None)[3] == ("black",)
    assert faults_after([black] * 4, reference())[3] == ("black",)


def noise(mean: float, sigma: float, seed: int) -> Luma:
    drawn = np.random.default_rng(seed).normal(mean, sigma, (576, 704))
    return np.asarray(np.clip(drawn, 16, 235), np.uint8)


def test_a_dead_panel_before_a_camera_with_gain_is_black(tmp_path: Path) -> None:
    pictures = [noise(28.0, 8.0, number) for number in range(4)]
    assert faults_after(pictures, None)[3] == ("black",)
    assert measure(key_frames(tmp_path / "video.mkv", pictures[:2])[0]).dark_part == 1.0


@pytest.mark.parametrize("sigma", [0.0, 3.0, 8.0])
def test_a_dim_cage_is_not_black(sigma: float) -> None:
    pictures = [
        np.asarray(
            np.clip(cage().picture(number * KEY) * 0.15 + noise(13.6, sigma, number), 16, 235),
            np.uint8,
        )
        for number in range(4)
    ]
    assert 20 < measure(pictures[0]).mean_luma < 40
    assert faults_after(pictures, None)[3] == ()


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("bright", r"^5\d% of the picture is over-exposed \(mean level 16\d\)$"),
        ("blur", r"^the picture is blurred: edges are \d\d% as steep as at commissioning, the lim"),
        ("shift", r"^the camera or the cage has moved by 2\d px since commissioning$"),
        ("cover", r"^the surroundings are hidden or the camera was turned: likeness 0\.\d\d, the"),
    ],
)
def test_a_fault_is_one_sentence_with_figures_that_stays_as_it_was_seen(
    kind: FaultKind, sentence: str
) -> None:
    watch = PictureWatch()
    for number in range(3):
        watch.take(spoilt(kind, number * KEY), number * LOOK_NS, reference())
    (raised,) = watch.faults
    assert re.match(sentence, raised.sentence)
    watch.take(cage().picture(200), 3 * LOOK_NS, reference())
    assert watch.faults == (raised,)


def test_what_passes_by_within_two_key_frames_is_no_fault() -> None:
    good = [cage().picture(number * KEY) for number in range(4)]
    bad = [spoilt("cover", number * KEY) for number in range(2)]
    assert not any(faults_after([*good, *bad, *good, *bad, *good], reference()))


def test_a_fault_that_comes_and_goes_stays_raised() -> None:
    good = [cage().picture(number * KEY) for number in range(10)]
    bad = [spoilt("cover", number * KEY) for number in range(3)]
    found = faults_after([*bad, *good, bad[0], *good], reference())
    assert found[2:] == [("obstructed",)] * 22


def test_pictures_that_are_all_bad_are_told_whatever_is_wrong_with_each() -> None:
    kinds: list[FaultKind] = ["cover", "shift"]
    pictures = [spoilt(kinds[number % 2], number * KEY) for number in range(20)]
    found = faults_after(pictures, reference())
    assert found[1] == ()
    assert all(found[2:])


def test_what_hides_a_fault_for_a_moment_does_not_begin_its_count_anew() -> None:
    kinds: list[FaultKind] = ["shift", "shift", "cover", "shift"]
    pictures = [spoilt(kind, number * KEY) for number, kind in enumerate(kinds)]
    assert "moved" in faults_after(pictures, reference())[3]


def test_a_fault_of_before_a_long_pause_is_not_told_after_it() -> None:
    watch = PictureWatch()
    for number in range(3):
        watch.take(spoilt("cover", number * KEY), number * LOOK_NS, reference())
    assert watch.faults
    watch.take(cage().picture(0), 13 * LOOK_NS, reference())
    assert watch.faults == ()


@pytest.mark.parametrize(("novelty", "present"), [(0.55, ("frozen",)), (0.71, ())])
def test_detail_that_an_encoder_adds_to_a_still_picture_does_not_make_it_live(
    novelty: float, present: tuple[PictureFault, ...]
) -> None:
    seen = Look(0, measure(cage().picture(0)), Novelty(1.0, novelty), None)
    of_reference: frozenset[PictureFault] = frozenset({"moved", "unfocused", "obstructed"})
    assert judge(seen, None) == Judgement(present, of_reference)


def test_key_frames_far_apart_are_told_at_the_second() -> None:
    watch = PictureWatch()
    for number in range(2):
        watch.take(spoilt("cover", number * 250), number * 5 * LOOK_NS, reference())
    assert [raised.fault for raised in watch.faults] == ["obstructed"]


def test_pictures_before_and_after_a_long_pause_are_not_compared() -> None:
    watch = PictureWatch()
    picture = cage().picture(0)
    for moment_ns in (0, 100 * LOOK_NS, 200 * LOOK_NS):
        assert watch.take(picture, moment_ns, None).novelty is None
    assert watch.faults == ()


LIGHTS: Final = {
    "dimmer": (0.5, 0.0, 1.0, 0.0),
    "brighter": (1.4, 0.0, 1.0, 0.0),
    "scattered": (0.8, 30.0, 1.0, 0.0),
    "another curve": (1.0, 0.0, 0.6, 0.0),
    "from one side": (0.5, 0.0, 1.0, 110.0),
}
"""Gain, offset, gamma and slope of other light on the same cage."""


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("kind", ["drop", "blur", "shift", "cover"])
def test_white_light_on_or_off_changes_no_judgement_against_the_reference(
    light: str, kind: FaultKind
) -> None:
    gain, offset, gamma, slope = LIGHTS[light]
    uneven = offset + np.linspace(0.0, slope, 704, dtype=np.float32)
    pictures = []
    for number in range(700, 850, KEY):
        picture = spoilt(kind, number) if kind in SPOILING else cage().picture(number)
        part = ((picture.astype(np.float32) - 16).clip(0) / 219) ** gamma
        pictures.append(np.clip(16 + 219 * gain * part + uneven, 16, 235).astype(np.uint8))
    expected = (EXPECTED[kind],) if kind in EXPECTED else ()
    assert faults_after(pictures, reference())[2] == expected


def test_a_day_of_pushed_bedding_is_no_fault() -> None:
    hour = 90_000
    pictures = [cage().picture(hour * number + 1234) for number in range(1, 25, 4)]
    assert not any(faults_after(pictures, reference()))


def test_a_camera_that_was_turned_by_two_degrees_does_not_find_its_surroundings() -> None:
    turn = cv2.getRotationMatrix2D((352, 288), 2.0, 1.0)
    border = cv2.BORDER_REPLICATE
    turned = [
        np.asarray(
            cv2.warpAffine(cage().picture(number * KEY), turn, (704, 576), borderMode=border),
            np.uint8,
        )
        for number in range(3)
    ]
    assert faults_after(turned, reference())[2] == ("obstructed",)


def test_a_shift_is_measured_in_pixels() -> None:
    picture = np.roll(cage().picture(5000), (-20, 60), axis=(0, 1))
    comparison = reference().surroundings.compare(picture)
    assert comparison.shift_px == pytest.approx(63.2, abs=3)
    assert comparison.focus == pytest.approx(1.0, abs=0.1)


def test_a_picture_of_another_size_than_the_reference_is_one_sentence() -> None:
    with pytest.raises(ReferenceUnusable) as error:
        PictureWatch().take(np.zeros((480, 640), np.uint8) + np.uint8(99), 0, reference())
    assert str(error.value) == "the reference is of 704x576, the picture of 640x480"
