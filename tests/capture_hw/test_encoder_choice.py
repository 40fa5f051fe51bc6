"""Which encoder is used: hardware only if it has just worked, libx264 whatever happens."""

import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from capture_hw.encoder_choice import EncoderChoice
from capture_hw.encoder_config import EncoderConfig, EncoderName
from capture_hw.encoder_trial import EncoderTrial

_WORKS: Final = "raise SystemExit(0)"
_FAILS: Final = "raise SystemExit('Traceback:\\nno driver')"
_HANGS: Final = "import time; time.sleep(60)"
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


@pytest.mark.parametrize("name", ["auto", "libx264"])
def test_without_hardware_nothing_is_tried(
    tmp_path: Path, name: EncoderName, caplog: pytest.LogCaptureFixture
) -> None:
    camera = tmp_path / "sys" / "class" / "video4linux" / "video0"
    camera.mkdir(parents=True)
    (camera / "name").write_text("Picolo U16\n")
    with caplog.at_level(logging.INFO):
        choice = EncoderChoice(EncoderConfig(name, 24, 900), "cage 03", _trials({}), tmp_path)
        assert choice.setting().codec == "libx264"
        assert choice.setting().options["crf"] == "24"
        assert choice.setting().options["maxrate"] == "900k"
    assert [record.getMessage() for record in caplog.records] == [
        "cage 03: pictures are encoded by libx264 superfast crf 24 max 900 kbit/s"
    ]


def test_the_first_in_order_that_works_is_taken(
    devices: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trials = _trials({"h264_nvenc": _FAILS, "h264_vaapi": _WORKS, "h264_v4l2m2m": _WORKS})
    with caplog.at_level(logging.INFO):
        choice = EncoderChoice(EncoderConfig(), "cage 03", trials, devices)
        assert choice.setting().codec == "h264_vaapi"
        assert choice.setting().codec == "h264_vaapi"
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "cage 03: h264_nvenc cannot be used: no driver"),
        ("INFO", "cage 03: pictures are encoded by h264_vaapi quality 28 max 1500 kbit/s"),
    ]


@pytest.mark.parametrize(
    ("program", "reason"), [(_FAILS, "no driver"), (_CRASHES, "ended with code -6")]
)
def test_a_named_encoder_that_does_not_work_is_a_warning(
    program: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    trials = _trials({"h264_nvenc": program})
    choice = EncoderChoice(EncoderConfig("h264_nvenc"), "cage 03", trials)
    assert choice.setting().codec == "libx264"
    assert [record.getMessage() for record in caplog.records] == [
        f"cage 03: h264_nvenc cannot be used: {reason}"
    ]


def test_a_driver_that_hangs_costs_two_seconds_and_no_more(devices: Path) -> None:
    started: list[EncoderTrial] = []
    trials = _trials({"h264_nvenc": _HANGS, "h264_vaapi": _HANGS, "h264_v4l2m2m": _HANGS}, started)
    began_s = time.monotonic()
    assert EncoderChoice(EncoderConfig(), "c", trials, devices).setting().codec == "libx264"
    assert time.monotonic() - began_s < 3.5
    assert [trial.fault(time.monotonic() + 5) for trial in started] == ["ended with code -9"] * 3


def test_what_failed_once_is_never_used_again(devices: Path) -> None:
    trials = _trials({"h264_nvenc": _WORKS, "h264_vaapi": _WORKS, "h264_v4l2m2m": _WORKS})
    choice = EncoderChoice(EncoderConfig(), "cage 03", trials, devices)
    assert choice.setting().codec == "h264_nvenc"
    assert choice.give_up("h264_nvenc: failed")
    assert choice.setting().codec == "libx264"
    assert not choice.give_up("libx264: failed")


def test_the_trial_passes_an_encoder_that_works_and_names_what_does_not() -> None:
    works, absent = EncoderTrial("libx264"), EncoderTrial("h264_vaapi")
    until_s = time.monotonic() + 30
    assert works.fault(until_s) is None
    fault = absent.fault(until_s)
    assert fault is not None
    assert fault.startswith("h264_vaapi: ")
