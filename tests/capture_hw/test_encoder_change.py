"""From one encoder to the next: no picture lost or doubled, whichever fails or comes late."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from capture_hw import encoder_choice
from capture_hw.encoder_choice import EncoderChoice
from capture_hw.encoder_config import EncoderConfig, EncoderName
from capture_hw.encoder_setting import EncoderSetting, setting_of
from capture_hw.encoder_trial import EncoderTrial
from capture_hw.error import EncoderError
from tests.capture_hw.numbered_picture import NumberedLine, journal_of, numbered, numbers
from tests.capture_hw.scripted_camera import LUMA, wait_until
from tests.capture_hw.test_picture_encoder import late

_WAITS: Final = """import os, sys, time
while not os.path.exists(sys.argv[1]): time.sleep(0.01)"""
_X264: Final = setting_of(EncoderConfig("libx264"))


def _choice_of(
    monkeypatch: pytest.MonkeyPatch, setting: EncoderSetting, gate: Path | None = None
) -> EncoderChoice:
    """Return a choice to which `setting` is what the machine's hardware encoder needs.

    Its trial has told that it works, or will when there is a file `gate`.
    """

    def substituted(config: EncoderConfig) -> EncoderSetting:
        return setting if config.encoder == "h264_nvenc" else setting_of(config)

    def start_trial(name: EncoderName) -> EncoderTrial:
        return EncoderTrial(name, (sys.executable, "-S", "-c", _WAITS, str(gate or "/")))

    monkeypatch.setattr(encoder_choice, "setting_of", substituted)
    choice = EncoderChoice(EncoderConfig("h264_nvenc"), "cage 03", start_trial)
    if gate is None:
        choice.begin()
        wait_until(choice.is_changed, "the trial")
    return choice


def test_an_encoder_that_is_late_is_cut_at_the_same_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = NumberedLine(tmp_path, _choice_of(monkeypatch, late(1)))
    line.feed(range(600))
    videos = line.end()
    assert [numbers(video) for video in videos] == [
        list(range(250)),
        list(range(250, 500)),
        list(range(500, 600)),
    ]
    assert {journal_of(video).header.encoder for video in videos} == {"a late libx264"}


@pytest.mark.parametrize("pictures_late", [0, 1])
def test_what_a_failed_encoder_still_had_is_encoded_anew_in_a_segment_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures_late: int
) -> None:
    setting = late(pictures_late) if pictures_late else replace(_X264, description="hardware")
    line = NumberedLine(tmp_path, _choice_of(monkeypatch, setting))
    line.feed(range(30))
    encoder = line.stage._encoder
    assert encoder is not None
    encoder._context.encode(None)  # it fails from now on, and what it held back is gone
    line.feed(range(30, 60))
    first, second = line.end()
    assert [*numbers(first), *numbers(second)] == list(range(60))
    assert journal_of(second).gaps == ()
    assert [journal_of(video).header.encoder for video in (first, second)] == [
        setting.description,
        "libx264 superfast crf 28 max 1500 kbit/s",
    ]


def test_an_encoder_that_never_gives_anything_is_replaced_before_a_picture_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = NumberedLine(tmp_path, _choice_of(monkeypatch, late(30)))
    line.feed(range(60))
    (video,) = line.end()
    assert numbers(video) == list(range(60))


def test_an_encoder_that_worked_in_its_trial_and_does_not_open_now_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    absent = replace(_X264, codec="no_such_encoder", description="hardware")
    line = NumberedLine(tmp_path, _choice_of(monkeypatch, absent))
    line.feed(range(30))
    (video,) = line.end()
    assert numbers(video) == list(range(30))
    (warning,) = (record for record in caplog.records if record.levelname == "WARNING")
    assert warning.getMessage() == (
        "cage 03: no_such_encoder: cannot be opened: no_such_encoder; libx264 is used from now on"
    )


def test_what_an_encoder_loses_at_its_end_is_encoded_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = NumberedLine(tmp_path, _choice_of(monkeypatch, late(1)))
    line.feed(range(30))
    encoder = line.stage._encoder
    assert encoder is not None
    encoder._context.encode(None)  # what it held back is gone
    first, second = line.end()
    assert [*numbers(first), *numbers(second)] == list(range(30))


def test_pictures_after_the_last_encoder_has_failed_are_lost_and_make_no_segment(
    tmp_path: Path,
) -> None:
    line = NumberedLine(tmp_path)
    line.feed(range(30))
    encoder = line.stage._encoder
    assert encoder is not None
    encoder._context.encode(None)
    with pytest.raises(EncoderError):
        line.feed(range(30, 31))
    line.chain.break_off(line.stage.cause_of_failure)
    line.feed(range(31, 60))
    line.stage.flush()
    line.stage.open_camera(LUMA, counts_frames=True)
    line.feed(range(60, 80))
    first, second = line.end()
    assert [*numbers(first), *numbers(second)] == [*range(30), *range(60, 80)]
    (gap,) = journal_of(second).gaps
    assert (gap.frames_lost, gap.cause) == (30, "encoder failed")


def test_hardware_takes_over_between_two_pictures_when_its_trial_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = _choice_of(monkeypatch, replace(_X264, description="hardware"), tmp_path / "gate")
    line = NumberedLine(tmp_path, choice)
    line.feed(range(20))
    assert line.stage._encoder is not None
    assert line.stage._encoder.description.startswith("libx264 ")
    (tmp_path / "gate").touch()
    wait_until(lambda: choice._trials[0].is_over, "the trial")
    line.feed(range(20, 40))
    first, second = line.end()
    assert (numbers(first), numbers(second)) == (list(range(20)), list(range(20, 40)))
    assert journal_of(second).gaps == ()
    assert journal_of(second).header.encoder == "hardware"


def test_hardware_that_does_not_open_after_its_trial_disturbs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = replace(_X264, codec="no_such_encoder", description="hardware")
    choice = _choice_of(monkeypatch, absent, tmp_path / "gate")
    line = NumberedLine(tmp_path, choice)
    line.feed(range(20))
    (tmp_path / "gate").touch()
    wait_until(lambda: choice._trials[0].is_over, "the trial")
    line.feed(range(20, 40))
    (video,) = line.end()
    assert numbers(video) == list(range(40))


def test_frames_lost_before_a_late_picture_are_a_gap_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = NumberedLine(tmp_path, _choice_of(monkeypatch, late(1)))
    line.feed(range(20))
    line.stage.write(numbered(25), 5)
    line.feed(range(26, 40))
    (video,) = line.end()
    (gap,) = journal_of(video).gaps
    assert (gap.from_ms, gap.to_ms) == (19 * 40, 25 * 40)
    assert (gap.frames_lost, gap.cause) == (5, "recorder overloaded")
