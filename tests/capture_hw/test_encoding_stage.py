"""Pictures through the encoder into segments: every one, once, decodable, whatever happens."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import av
import numpy as np
import pytest

from capture_hw import encoder_choice
from capture_hw.camera import CapturedFrame
from capture_hw.encoder_choice import EncoderChoice
from capture_hw.encoder_config import EncoderConfig, EncoderName
from capture_hw.encoder_setting import EncoderSetting, setting_of
from capture_hw.encoder_trial import EncoderTrial
from capture_hw.encoding_stage import EncodingStage
from capture_hw.segment_chain import SegmentChain
from capture_hw.segment_clock import Clock
from capture_hw.segment_journal import Journal, journal_path, read_journal
from tests.capture_hw.encoded import FedChain
from tests.capture_hw.scripted_camera import (
    FRAME_NS,
    HEIGHT,
    LUMA,
    WIDTH,
    decoded,
    plan,
    times_ms,
)
from tests.capture_hw.test_picture_encoder import late

_BOOT_NS: Final = 1_000_000_000_000
_UTC_NS: Final = 1_795_000_000_000_000_000
"""2026-11-18, 11:06:40: ten seconds are a whole part of it."""
_BITS: Final = 16
_X264: Final = setting_of(EncoderConfig("libx264"))


def _numbered(number: int) -> CapturedFrame:
    """Return a frame whose picture shows its number in squares, dark is 0 and bright is 1."""
    picture = np.full((HEIGHT, WIDTH), 60, np.uint8)
    for bit in range(_BITS):
        top, left = 16 * (bit // 8), 8 * (bit % 8)
        picture[top : top + 16, left : left + 8] = 200 if number >> bit & 1 else 30
    return CapturedFrame(_BOOT_NS + number * FRAME_NS, number, picture, is_key=True)


def _numbers(video: Path) -> list[int]:
    """Read the numbers off the decoded pictures."""
    numbers = []
    for _, luma in decoded(video):
        picture = np.frombuffer(luma, np.uint8).reshape(HEIGHT, WIDTH)
        squares = [picture[16 * (bit // 8) + 8, 8 * (bit % 8) + 4] > 115 for bit in range(_BITS)]
        numbers.append(sum(int(bright) << bit for bit, bright in enumerate(squares)))
    return numbers


class _Time:
    """Clocks that stand at the frame that is being fed."""

    def __init__(self) -> None:
        self.now_ns = _BOOT_NS

    def clock(self) -> Clock:
        return Clock(
            monotonic_ns=lambda: self.now_ns, utc_ns=lambda: _UTC_NS + self.now_ns - _BOOT_NS
        )


class _Line:
    """Stage and chain, fed with numbered pictures at the moments of their capture."""

    def __init__(self, folder: Path, choice: EncoderChoice | None = None) -> None:
        self.folder = folder
        self.time = _Time()
        self.chain = SegmentChain(plan(folder, 10), self.time.clock())
        config = EncoderConfig("libx264")
        self.stage = EncodingStage(self.chain, choice or EncoderChoice(config, "cage 03"))
        self.stage.open_camera(LUMA, counts_frames=True)

    def feed(self, numbers: range) -> None:
        for number in numbers:
            frame = _numbered(number)
            self.time.now_ns = frame.captured_ns
            self.stage.write(frame, 0)

    def end(self) -> list[Path]:
        """Close; return the videos in order."""
        self.stage.flush()
        self.chain.close()
        assert self.chain.join(10)
        return sorted(self.folder.glob("*/*.mkv"))


def _journal(video: Path) -> Journal:
    return read_journal(journal_path(video))


def _kinds(video: Path) -> Iterator[bool]:
    with av.open(str(video)) as container:
        yield from (packet.is_keyframe for packet in container.demux(video=0) if packet.size)


def test_ten_cuts_lose_no_picture_double_none_and_each_segment_begins_with_a_key_frame(
    tmp_path: Path,
) -> None:
    line = _Line(tmp_path)
    line.feed(range(2600))
    videos = line.end()
    assert [len(times_ms(video)) for video in videos] == [*[250] * 10, 100]
    assert [number for video in videos for number in _numbers(video)] == list(range(2600))
    assert all(next(_kinds(video)) for video in videos)
    assert [_journal(video).gaps for video in videos] == [()] * 11
    assert {sum(_kinds(video)) for video in videos[:10]} == {5}


def test_all_segments_of_an_encoder_have_the_same_parameter_sets(tmp_path: Path) -> None:
    line = _Line(tmp_path)
    line.feed(range(600))
    headers = set()
    for video in line.end():
        with av.open(str(video)) as container:
            headers.add(container.streams.video[0].codec_context.extradata)
    assert len(headers) == 1


def test_after_a_broken_segment_the_next_frame_begins_a_new_one(tmp_path: Path) -> None:
    line = _Line(tmp_path)
    line.feed(range(20))
    line.chain.break_off("storage refused")
    line.feed(range(20, 40))
    line.chain.close("storage refused")
    line.feed(range(40, 60))
    first, second, third = line.end()
    assert _numbers(first)[-1] in {18, 19}
    assert _numbers(second) == list(range(20, 40))
    assert _numbers(third) == list(range(40, 60))


def test_another_folder_takes_the_very_next_frame_and_nothing_is_lost(tmp_path: Path) -> None:
    main, spool = tmp_path / "main", tmp_path / "spool"
    for folder in (main, spool):
        folder.mkdir()
    line = _Line(main)
    line.feed(range(20))
    line.chain.write_to(spool)
    line.feed(range(20, 30))
    line.chain.write_to(main)
    line.feed(range(30, 40))
    first, last = line.end()
    (spooled,) = spool.glob("*/*.mkv")
    assert [_numbers(video) for video in (first, spooled, last)] == [
        list(range(20)),
        list(range(20, 30)),
        list(range(30, 40)),
    ]
    assert [_journal(video).gaps for video in (first, spooled, last)] == [(), (), ()]


def test_a_change_of_mind_about_the_folder_cuts_nothing(tmp_path: Path) -> None:
    line = _Line(tmp_path)
    line.feed(range(20))
    line.chain.write_to(tmp_path / "spool")
    line.chain.write_to(tmp_path)
    line.feed(range(20, 40))
    (video,) = line.end()
    assert _numbers(video) == list(range(40))


def _choice_of(monkeypatch: pytest.MonkeyPatch, setting: EncoderSetting) -> EncoderChoice:
    """Return a choice to which `setting` is what the machine's hardware encoder needs."""

    def substituted(config: EncoderConfig) -> EncoderSetting:
        return setting if config.encoder == "h264_nvenc" else setting_of(config)

    def start_trial(name: EncoderName) -> EncoderTrial:
        return EncoderTrial(name, (sys.executable, "-S", "-c", ""))

    monkeypatch.setattr(encoder_choice, "setting_of", substituted)
    return EncoderChoice(EncoderConfig("h264_nvenc"), "cage 03", start_trial)


def test_an_encoder_that_is_late_is_cut_at_the_same_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = _Line(tmp_path, _choice_of(monkeypatch, late(4)))
    line.feed(range(600))
    videos = line.end()
    assert [_numbers(video) for video in videos] == [
        list(range(250)),
        list(range(250, 500)),
        list(range(500, 600)),
    ]
    assert {_journal(video).header.encoder for video in videos} == {"a late libx264"}


@pytest.mark.parametrize("pictures_late", [0, 4])
def test_what_a_failed_encoder_still_had_is_encoded_anew_in_a_segment_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures_late: int
) -> None:
    setting = late(pictures_late) if pictures_late else replace(_X264, description="hardware")
    line = _Line(tmp_path, _choice_of(monkeypatch, setting))
    line.feed(range(30))
    encoder = line.stage._encoder
    assert encoder is not None
    encoder._context.encode(None)  # it fails from now on, and what it held back is gone
    line.feed(range(30, 60))
    first, second = line.end()
    assert [*_numbers(first), *_numbers(second)] == list(range(60))
    assert _journal(second).gaps == ()
    assert [_journal(video).header.encoder for video in (first, second)] == [
        setting.description,
        "libx264 superfast crf 28 max 1500 kbit/s",
    ]


def test_an_encoder_that_never_gives_anything_is_replaced_before_a_picture_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = _Line(tmp_path, _choice_of(monkeypatch, late(30)))
    line.feed(range(60))
    (video,) = line.end()
    assert _numbers(video) == list(range(60))


def test_an_encoder_that_worked_in_its_trial_and_does_not_open_now_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    absent = replace(_X264, codec="no_such_encoder", description="hardware")
    line = _Line(tmp_path, _choice_of(monkeypatch, absent))
    line.feed(range(30))
    (video,) = line.end()
    assert _numbers(video) == list(range(30))
    (warning,) = (record for record in caplog.records if record.levelname == "WARNING")
    assert warning.getMessage() == (
        "cage 03: no_such_encoder: cannot be opened: no_such_encoder; libx264 is used from now on"
    )


def test_frames_lost_before_a_late_picture_are_a_gap_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = _Line(tmp_path, _choice_of(monkeypatch, late(4)))
    line.feed(range(20))
    line.stage.write(_numbered(25), 5)
    line.feed(range(26, 40))
    (video,) = line.end()
    (gap,) = _journal(video).gaps
    assert (gap.from_ms, gap.to_ms) == (19 * 40, 25 * 40)
    assert (gap.frames_lost, gap.cause) == (5, "recorder overloaded")


def test_the_header_says_what_the_camera_and_the_encoder_are(tmp_path: Path) -> None:
    fed = FedChain(
        replace(plan(tmp_path), camera="simulated seed 7"),
        Clock(),
        camera=replace(LUMA, source="v4l2 Picolo input 2 PAL"),
    )
    fed.feed([_numbered(0)])
    fed.chain.close()
    fed.stage.open_camera(LUMA, counts_frames=True)
    fed.feed([_numbered(100)])
    fed.chain.close()
    assert fed.chain.join(10)
    headers = [read_journal(path).header for path in sorted(tmp_path.glob("*/*.journal.part"))]
    assert [header.camera for header in headers] == ["v4l2 Picolo input 2 PAL", "simulated seed 7"]
    assert {header.encoder for header in headers} == {"libx264 superfast crf 28 max 1500 kbit/s"}
