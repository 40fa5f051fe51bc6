"""Which encoder is used: hardware only if it has just worked, libx264 whatever happens."""

import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from capture_hw import encoder_choice, encoder_trial
from capture_hw.encoder_choice import EncoderChoice
from capture_hw.encoder_config import EncoderConfig, EncoderName
from capture_hw.encoder_trial import EncoderTrial, encode_test_pictures
from capture_hw.error import EncoderError
from tests.capture_hw.scripted_camera import wait_until
from tests.capture_hw.test_picture_encoder import late

_WORKS: Final = "raise SystemExit(0)"
_FAILS: Final = "raise SystemExit('Traceback:\\nno driver')"
_HANGS: Final = "import time; time.sleep(60)"
_SLOW: Final = "import time; time.sleep(3)"
_CRASHES: Final = "import os; os.abort()"


def _trials(
    programs: dict[EncoderName, str], started: list[EncoderTrial] | None = None
) -> Callable[[EncoderName], EncoderTrial]:
    def start(name: EncoderName) -> EncoderTrial:
        trial = EncoderTrial(name, (sys.executable, "-S", "-c", programs[name]))
        if started is not None:
            started.append(trial)
        return trial

    return start


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    """A machine that has something of everything."""
    (tmp_path / "dev" / "dri").mkdir(parents=True)
    (tmp_path / "dev" / "nvidiactl").touch()
    (tmp_path / "dev" / "dri" / "renderD128").touch()
    node = tmp_path / "sys" / "class" / "video4linux" / "video11"
    node.mkdir(parents=True)
    (node / "name").write_text("bcm2835-codec-encode\n")
    return tmp_path


def _settle(choice: EncoderChoice) -> str:
    """Have all trials end; return the codec of the encoder that is to be used."""
    choice.begin()
    wait_until(lambda: choice.is_changed() or not choice.is_trying, "the end of the trials")
    return choice.setting().codec


@pytest.mark.parametrize("name", ["auto", "libx264"])
def test_without_hardware_nothing_is_tried(
    tmp_path: Path, name: EncoderName, caplog: pytest.LogCaptureFixture
) -> None:
    camera = tmp_path / "sys" / "class" / "video4linux" / "video0"
    camera.mkdir(parents=True)
    (camera / "name").write_text("Picolo U16\n")
    with caplog.at_level(logging.INFO):
        choice = EncoderChoice(EncoderConfig(name, 24, 900), "cage 03", _trials({}), tmp_path)
        assert _settle(choice) == _settle(choice) == "libx264"
        assert choice.setting().options["crf"] == "24"
        assert choice.setting().options["maxrate"] == "900k"
    assert [record.getMessage() for record in caplog.records] == [
        "cage 03: pictures are encoded by libx264 superfast crf 24 max 900 kbit/s"
    ]


def test_the_name_of_a_device_that_cannot_be_read_is_no_encoder(devices: Path) -> None:
    name = devices / "sys" / "class" / "video4linux" / "video11" / "name"
    name.unlink()
    name.symlink_to("/proc/self/mem")  # opens, and gives EIO
    trials = _trials({"h264_nvenc": _WORKS, "h264_vaapi": _WORKS})
    assert _settle(EncoderChoice(EncoderConfig(), "cage 03", trials, devices)) == "h264_nvenc"


def test_the_first_in_order_that_works_is_taken(
    devices: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trials = _trials({"h264_nvenc": _FAILS, "h264_vaapi": _WORKS, "h264_v4l2m2m": _WORKS})
    with caplog.at_level(logging.INFO):
        choice = EncoderChoice(EncoderConfig(), "cage 03", trials, devices)
        assert choice.setting().codec == "libx264"
        assert _settle(choice) == _settle(choice) == "h264_vaapi"
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "cage 03: pictures are encoded by libx264 superfast crf 28 max 1500 kbit/s"),
        ("INFO", "cage 03: h264_nvenc cannot be used: no driver"),
        ("INFO", "cage 03: pictures are encoded by h264_vaapi quality 28 max 1500 kbit/s"),
    ]


@pytest.mark.parametrize(
    ("program", "reason"), [(_FAILS, "no driver"), (_CRASHES, "ended with code -6")]
)
def test_a_named_encoder_that_does_not_work_is_a_warning_once(
    program: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    trials = _trials({"h264_nvenc": program})
    choice = EncoderChoice(EncoderConfig("h264_nvenc"), "cage 03", trials)
    assert _settle(choice) == _settle(choice) == "libx264"
    assert [record.getMessage() for record in caplog.records] == [
        f"cage 03: h264_nvenc cannot be used: {reason}"
    ]


def test_a_driver_that_hangs_makes_nobody_wait_and_is_tried_three_times(
    devices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder_choice, "_TRIAL_S", 0.3)
    started: list[EncoderTrial] = []
    trials = _trials({"h264_nvenc": _HANGS, "h264_vaapi": _FAILS, "h264_v4l2m2m": _FAILS}, started)
    choice = EncoderChoice(EncoderConfig(), "c", trials, devices)
    began_s = time.monotonic()
    choice.begin()
    assert choice.setting().codec == "libx264"
    assert not choice.is_changed()
    assert time.monotonic() - began_s < 0.25
    assert [_settle(choice) for _ in range(5)] == ["libx264"] * 5
    assert [trial.name for trial in started] == [
        "h264_nvenc",
        "h264_vaapi",
        "h264_v4l2m2m",
        "h264_nvenc",
        "h264_nvenc",
    ]
    assert all(trial.is_over for trial in started)


def test_ten_recorders_whose_trials_hold_each_other_up_all_take_the_hardware() -> None:
    trials = _trials({"h264_nvenc": _SLOW})
    choices = [EncoderChoice(EncoderConfig("h264_nvenc"), "c", trials) for _ in range(10)]
    for choice in choices:
        choice.begin()
    assert [_settle(choice) for choice in choices] == ["h264_nvenc"] * 10


def test_an_answer_that_nobody_asked_for_in_time_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_choice, "_TRIAL_S", 0.0)
    started: list[EncoderTrial] = []
    trials = _trials({"h264_nvenc": _WORKS}, started)
    choice = EncoderChoice(EncoderConfig("h264_nvenc"), "cage 03", trials)
    choice.begin()
    wait_until(lambda: started[0].is_over, "the answer")
    assert _settle(choice) == "h264_nvenc"


def test_a_trial_that_nobody_ends_ends_itself() -> None:
    hangs = (
        "import sys, time, capture_hw.encoder_trial as trial\n"
        "trial._LONGEST_S = 1\n"
        "trial.encode_test_pictures = lambda name: time.sleep(60)\n"
        "trial.main()"
    )
    trial = EncoderTrial("h264_nvenc", (sys.executable, "-c", hangs, "h264_nvenc"))
    assert trial.fault(time.monotonic() + 30) == "ended with code -14"


def test_what_is_not_needed_any_more_is_ended(devices: Path) -> None:
    started: list[EncoderTrial] = []
    trials = _trials({"h264_nvenc": _WORKS, "h264_vaapi": _HANGS, "h264_v4l2m2m": _HANGS}, started)
    choice = EncoderChoice(EncoderConfig(), "cage 03", trials, devices)
    assert _settle(choice) == "h264_nvenc"
    assert all(trial.is_over for trial in started)


def test_what_failed_once_is_never_used_again(devices: Path) -> None:
    trials = _trials({"h264_nvenc": _WORKS, "h264_vaapi": _WORKS, "h264_v4l2m2m": _WORKS})
    choice = EncoderChoice(EncoderConfig(), "cage 03", trials, devices)
    assert _settle(choice) == "h264_nvenc"
    assert choice.give_up("h264_nvenc: failed")
    assert _settle(choice) == "libx264"
    assert not choice.give_up("libx264: failed")


def test_the_trial_passes_an_encoder_that_works_and_names_what_does_not() -> None:
    works, absent = EncoderTrial("libx264"), EncoderTrial("h264_vaapi")
    until_s = time.monotonic() + 30
    assert works.fault(until_s) is None
    fault = absent.fault(until_s)
    assert fault is not None
    assert fault.startswith("h264_vaapi: ")


@pytest.mark.parametrize("pictures", [2, 3])
def test_the_trial_refuses_an_encoder_of_which_a_kill_would_cost_too_much(
    monkeypatch: pytest.MonkeyPatch, pictures: int
) -> None:
    monkeypatch.setattr(encoder_trial, "setting_of", lambda _: late(pictures))
    with pytest.raises(EncoderError, match=f"holds back {pictures} pictures"):
        encode_test_pictures("h264_v4l2m2m")


def test_the_trial_passes_an_encoder_that_is_one_picture_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(encoder_trial, "setting_of", lambda _: late(1))
    encode_test_pictures("h264_v4l2m2m")
