"""The simulated camera: true pictures at true times, and each fault as it is described."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from capture_hw.camera import Camera, CapturedFrame, open_camera
from capture_hw.camera_config import CameraFault, FaultKind, SimulatedCameraConfig
from capture_hw.driver.camera_fault import FaultSchedule, FaultWindow, begin_faults
from capture_hw.driver.simulated_truth import SimulatedTruth
from capture_hw.error import DeviceLost, DeviceStalled
from capture_hw.simulation.cage import SimulatedCage
from capture_hw.simulation.mouse_day import day_from

_FRAME_NS: Final = 40_000_000
_PATIENCE_S: Final = 10.0
_SEED: Final = 4
_PLUGGED_IN: Final[tuple[FaultKind, ...]] = ("stall", "freeze", "black", "drop", "slow", "garbage")


def _config(
    faults: tuple[CameraFault, ...] = (), file: Path | None = None
) -> SimulatedCameraConfig:
    return SimulatedCameraConfig(
        driver="simulated", seed=_SEED, routine="busy", faults=faults, fault_file=file
    )


@pytest.fixture(scope="module")
def fault_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faults") / "faults.json"


@pytest.fixture(scope="module")
def camera(fault_file: Path) -> Iterator[Camera]:
    """A camera on which any fault can be begun."""
    with closing(open_camera(_config(file=fault_file))) as camera:
        yield camera


@pytest.fixture(scope="module")
def cage() -> SimulatedCage:
    return SimulatedCage(_SEED, routine="busy")


def _begin(file: Path, kind: FaultKind, for_s: float = 0.6) -> FaultWindow:
    """Begin a fault; return when it holds, as the file says."""
    begin_faults(file, [CameraFault(kind=kind, after_s=0.1, for_s=for_s)])
    return FaultWindow.model_validate(json.loads(file.read_text())[0])


def _read_until(camera: Camera, moment_ns: int) -> list[tuple[CapturedFrame, int]]:
    """Return the frames up to the first one after a moment, and when each was read."""
    frames: list[tuple[CapturedFrame, int]] = []
    while not frames or frames[-1][0].captured_ns < moment_ns:
        frames.append((camera.read(_PATIENCE_S), time.monotonic_ns()))
    return frames


def _read_three_times(camera: Camera) -> None:
    for _ in range(3):
        camera.read(0.1)


def _show(camera: Camera, file: Path, kind: FaultKind) -> tuple[list[CapturedFrame], FaultWindow]:
    """Begin a fault; return its frames and when it held."""
    window = _begin(file, kind)
    frames = [frame for frame, _ in _read_until(camera, window.until_ns)]
    return [f for f in frames if window.from_ns <= f.captured_ns < window.until_ns], window


def _picture(frame: CapturedFrame) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    assert isinstance(frame.content, np.ndarray)
    return frame.content


def test_frame_n_is_frame_n_of_the_cage_at_n_times_40_ms(
    camera: Camera, cage: SimulatedCage
) -> None:
    for _ in range(3):
        frame = camera.read(_PATIENCE_S)
        assert frame.captured_ns == frame.sequence * _FRAME_NS
        np.testing.assert_array_equal(_picture(frame), cage.picture(frame.sequence))


def test_the_truth_is_what_the_cage_does_in_the_nearest_frame() -> None:
    config = SimulatedCameraConfig(driver="simulated", seed=_SEED)
    truth = SimulatedTruth(config, day_from(13.25))
    cage = SimulatedCage(_SEED, day=day_from(13.25))
    numbers = range(500_000, 560_000, 1_009)
    expected = [cage.behavior(number) for number in numbers]
    assert [truth.behavior(number * _FRAME_NS) for number in numbers] == expected
    assert len(set(expected)) > 3
    first_of_bout = next(
        number for number in range(500_001, 510_000) if cage.behavior(number) != expected[0]
    )
    for early_ns in (0, 500_000):
        moment_ns = first_of_bout * _FRAME_NS - early_ns
        assert truth.behavior(moment_ns) == cage.behavior(first_of_bout)


def test_the_mouse_lives_on_while_the_camera_is_closed(cage: SimulatedCage) -> None:
    with closing(open_camera(_config())) as first:
        before = first.read(_PATIENCE_S)
    with closing(open_camera(_config())) as second:
        after = second.read(_PATIENCE_S)
    assert after.sequence - before.sequence == (after.captured_ns - before.captured_ns) // _FRAME_NS
    np.testing.assert_array_equal(_picture(after), cage.picture(after.sequence))


def test_a_late_reader_gets_the_last_eight_frames_in_order(camera: Camera) -> None:
    last = camera.read(_PATIENCE_S)
    while time.monotonic_ns() < last.captured_ns + 20 * _FRAME_NS:
        time.sleep(0.02)
    newest = time.monotonic_ns() // _FRAME_NS
    frames = [camera.read(_PATIENCE_S) for _ in range(9)]
    assert frames[0].sequence == pytest.approx(newest - 7, abs=1)
    numbers = [frame.sequence for frame in frames]
    assert numbers == list(range(numbers[0], numbers[0] + 9))
    assert numbers[0] > last.sequence + 1


def test_a_stalled_camera_gives_nothing_and_then_goes_on(camera: Camera, fault_file: Path) -> None:
    window = _begin(fault_file, "stall")
    while camera.read(_PATIENCE_S).captured_ns + _FRAME_NS < window.from_ns:
        pass
    with pytest.raises(DeviceStalled, match=r"simulated camera 4: no frame for 0\.1 s"):
        _read_three_times(camera)
    frame = camera.read(_PATIENCE_S)
    assert window.until_ns <= frame.captured_ns < window.until_ns + 10 * _FRAME_NS
    assert frame.captured_ns == frame.sequence * _FRAME_NS


def test_a_frozen_camera_repeats_the_picture_before_the_fault(
    camera: Camera, fault_file: Path, cage: SimulatedCage
) -> None:
    frames, window = _show(camera, fault_file, "freeze")
    assert len(frames) > 3
    expected = cage.picture((window.from_ns - 1) // _FRAME_NS)
    for frame in frames:
        np.testing.assert_array_equal(_picture(frame), expected)
    after = camera.read(_PATIENCE_S)
    np.testing.assert_array_equal(_picture(after), cage.picture(after.sequence))


def test_a_dark_camera_shows_noise_at_black(camera: Camera, fault_file: Path) -> None:
    frames, _ = _show(camera, fault_file, "black")
    assert len(frames) > 3
    for frame in frames:
        assert set(np.unique(_picture(frame))) == {16, 17, 18}
    assert not np.array_equal(_picture(frames[0]), _picture(frames[1]))


def test_a_dropping_camera_gives_every_second_frame(camera: Camera, fault_file: Path) -> None:
    frames, _ = _show(camera, fault_file, "drop")
    assert len(frames) > 2
    assert {frame.sequence % 2 for frame in frames} == {0}
    assert {frame.captured_ns - frame.sequence * _FRAME_NS for frame in frames} == {0}


def test_a_slow_camera_gives_true_times_late(camera: Camera, fault_file: Path) -> None:
    window = _begin(fault_file, "slow")
    late_ns = [
        read_ns - frame.captured_ns
        for frame, read_ns in _read_until(camera, window.until_ns)
        if window.from_ns <= frame.captured_ns < window.until_ns
    ]
    assert len(late_ns) > 3
    assert min(late_ns) >= 300_000_000


def test_garbage_is_noise_without_a_picture(camera: Camera, fault_file: Path) -> None:
    frames, _ = _show(camera, fault_file, "garbage")
    assert len(frames) > 1
    first, second = (_picture(frame).astype(np.float64).ravel() for frame in frames[:2])
    assert first.std() > 60
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.01
    assert (first.min(), first.max()) == (16, 235)


def test_an_unplugged_camera_is_lost_and_cannot_be_opened_until_it_is_back(
    tmp_path: Path,
) -> None:
    config = _config(file=tmp_path / "faults.json")
    with closing(open_camera(config)) as camera:
        camera.read(_PATIENCE_S)
        window = _begin(tmp_path / "faults.json", "disconnect", for_s=0.5)
        with pytest.raises(DeviceLost, match="simulated camera 4: is not connected"):
            _read_until(camera, window.until_ns)
    with pytest.raises(DeviceLost, match="simulated camera 4: is not connected"):
        open_camera(config)
    while time.monotonic_ns() < window.until_ns:
        time.sleep(0.02)
    with closing(open_camera(config)) as camera:
        assert camera.read(_PATIENCE_S).captured_ns >= window.until_ns


def test_a_planned_fault_does_not_begin_again_with_the_next_opening() -> None:
    config = _config((CameraFault(kind="disconnect", after_s=0, for_s=0.3),))
    with pytest.raises(DeviceLost, match="is not connected"):
        open_camera(config)
    while time.monotonic_ns() < config.first_opened_ns + 300_000_000:
        time.sleep(0.02)
    with closing(open_camera(config)) as camera:
        assert camera.read(_PATIENCE_S).captured_ns > config.first_opened_ns + 300_000_000


@pytest.mark.parametrize("kind", _PLUGGED_IN)
def test_planned_faults_hold_from_and_until_their_seconds(kind: FaultKind) -> None:
    config = _config((CameraFault(kind=kind, after_s=2, for_s=3),))
    schedule = FaultSchedule(config)
    second_ns, zero_ns = 1_000_000_000, config.first_opened_ns
    held = [schedule.window(kind, zero_ns + tenth * second_ns // 10) for tenth in range(60)]
    assert [tenth for tenth, window in enumerate(held) if window] == list(range(20, 50))
    assert schedule.window("disconnect", zero_ns + 3 * second_ns) is None


def test_a_camera_is_the_same_configuration_before_and_after_it_was_opened() -> None:
    opened, other = _config(), _config()
    assert opened.first_opened_ns > 0
    assert opened == other
    assert hash(opened) == hash(other)


def test_over_exposure_saturates_half_of_the_picture(camera: Camera, fault_file: Path) -> None:
    frames, _ = _show(camera, fault_file, "bright")
    picture = _picture(frames[0])
    assert picture.max() == 235
    assert 0.4 < (picture == 235).mean() < 0.7


def test_a_blurred_picture_keeps_its_level_and_its_noise(
    camera: Camera, fault_file: Path, cage: SimulatedCage
) -> None:
    frames, _ = _show(camera, fault_file, "blur")
    good, blurred = cage.picture(frames[0].sequence), _picture(frames[0])
    assert blurred.mean() == pytest.approx(good.mean(), abs=1)
    steps_of_good = np.abs(np.diff(good[:, ::4].astype(int))).mean()
    assert np.abs(np.diff(blurred[:, ::4].astype(int))).mean() < 0.8 * steps_of_good
    assert not np.array_equal(blurred, _picture(frames[1]))


def test_a_shifted_picture_lies_24_px_to_the_right_and_10_lower(
    camera: Camera, fault_file: Path, cage: SimulatedCage
) -> None:
    frames, _ = _show(camera, fault_file, "shift")
    good = cage.picture(frames[0].sequence)
    np.testing.assert_array_equal(_picture(frames[0])[10:, 24:], good[:-10, :-24])


def test_a_covered_picture_is_gray_at_the_left_and_true_at_the_right(
    camera: Camera, fault_file: Path, cage: SimulatedCage
) -> None:
    frames, _ = _show(camera, fault_file, "cover")
    good, covered = cage.picture(frames[0].sequence), _picture(frames[0])
    np.testing.assert_array_equal(covered[:, 422:], good[:, 422:])
    assert covered[:, :422].min() == 56
    assert covered[:, :422].max() == 64


def test_removing_the_fault_file_ends_its_faults(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    window = _begin(file, "black", for_s=60)
    schedule = FaultSchedule(_config(file=file))
    schedule.refresh()
    assert schedule.window("black", window.from_ns) == window
    file.unlink()
    schedule.refresh()
    assert schedule.window("black", window.from_ns) is None


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("not json", "the file: Invalid JSON"),
        ('[{"kind": "melt", "from_ns": 0, "until_ns": 9}]', "0.kind: Input should be 'stall'"),
        ('[{"kind": "stall", "from_ns": 0}]', "0.until_ns: Field required"),
    ],
)
def test_a_fault_file_that_is_none_is_one_sentence(
    tmp_path: Path, content: str, complaint: str
) -> None:
    (tmp_path / "faults.json").write_text(content)
    with pytest.raises(DeviceLost) as refusal:
        open_camera(_config(file=tmp_path / "faults.json"))
    assert str(refusal.value).startswith(f"{tmp_path}/faults.json: {complaint}")
    assert "\n" not in str(refusal.value)
