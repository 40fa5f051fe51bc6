"""Key frames of a segment while it is written."""

from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from capture_hw.error import PictureDamaged, StorageError
from capture_hw.key_frame_reader import KeyFrameReader, open_key_frames
from capture_hw.picture_measure import Luma
from tests.capture_hw.growing_segment import FRAME_NS, START_NS, GrowingSegment

ALWAYS: Final = (0, 1 << 62)


def flat(level: int) -> Luma:
    return np.full((144, 176), level, np.uint8)


def opened(path: Path) -> KeyFrameReader:
    reader = open_key_frames(path)
    assert reader is not None
    return reader


def test_a_key_frame_comes_once_with_its_moment_and_levels(tmp_path: Path) -> None:
    segment = GrowingSegment(tmp_path / "01.mkv.part")
    for number in range(60):
        segment.write(flat(50 if number < 50 else 200))
    with closing(opened(segment.path)) as reader:
        found = reader.newest(*ALWAYS)
        assert found is not None
        assert found.captured_ns == START_NS + 50 * FRAME_NS
        assert found.luma.shape == (144, 176)
        assert found.luma.mean() == pytest.approx(200, abs=1)
        assert reader.newest(*ALWAYS) is None
        segment.write(flat(90), force_key=True)
        segment.write(flat(90))
        newer = reader.newest(*ALWAYS)
        assert newer is not None
        assert newer.captured_ns == START_NS + 60 * FRAME_NS
        assert newer.luma.mean() == pytest.approx(90, abs=1)


def test_a_long_file_is_read_from_near_its_end(tmp_path: Path) -> None:
    segment = GrowingSegment(tmp_path / "01.mkv.part")
    random = np.random.default_rng(1)
    noise = [random.integers(16, 236, (576, 704), dtype=np.uint8) for _ in range(2)]
    while not segment.path.exists() or segment.path.stat().st_size < 6_000_000:
        segment.write(noise[0], force_key=True)
        segment.write(noise[1])
    before = segment.path.stat().st_size
    with closing(opened(segment.path)) as reader:
        assert reader.newest(*ALWAYS) is not None
        assert reader.passed_over_bytes >= before - 4_000_000


def test_pictures_outside_of_the_asked_time_are_left_out(tmp_path: Path) -> None:
    segment = GrowingSegment(tmp_path / "01.mkv.part")
    for _ in range(3):
        segment.write(flat(50))
    with closing(opened(segment.path)) as reader:
        assert reader.newest(START_NS + 1, 1 << 62) is None
    with closing(opened(segment.path)) as reader:
        assert reader.newest(0, START_NS - 1) is None


def test_a_file_without_a_header_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "01.mkv.part"
    path.write_bytes(b"\x1a\x45\xdf\xa3")
    assert open_key_frames(path) is None


def test_half_a_frame_at_the_end_is_left_until_it_is_whole(tmp_path: Path) -> None:
    segment = GrowingSegment(tmp_path / "01.mkv.part")
    for _ in range(3):
        segment.write(flat(50))
    segment.write(flat(200), force_key=True)
    segment.write(flat(200))
    whole = segment.path.read_bytes()
    torn = tmp_path / "02.mkv.part"
    key = whole.rfind(bytes.fromhex("1f43b675"))
    torn.write_bytes(whole[: key + 30])
    with closing(opened(torn)) as reader:
        first = reader.newest(*ALWAYS)
        assert first is not None
        assert first.captured_ns == START_NS
        torn.write_bytes(whole)
        second = reader.newest(*ALWAYS)
        assert second is not None
        assert second.captured_ns == START_NS + 3 * FRAME_NS


def test_a_damaged_key_frame_is_one_sentence_and_the_next_one_is_good(tmp_path: Path) -> None:
    segment = GrowingSegment(tmp_path / "01.mkv.part")
    for _ in range(2):
        segment.write(flat(50))
    with closing(opened(segment.path)) as reader:
        reader.newest(*ALWAYS)
        segment.write(flat(60), force_key=True)
        segment.write(flat(60))
        spoil_last_key(segment.path)
        with pytest.raises(PictureDamaged, match=r"01\.mkv\.part: key frame at 80 ms: "):
            reader.newest(*ALWAYS)
        segment.write(flat(70), force_key=True)
        segment.write(flat(70))
        after = reader.newest(*ALWAYS)
        assert after is not None
        assert after.luma.mean() == pytest.approx(70, abs=1)


def spoil_last_key(path: Path) -> None:
    """Overwrite the unit of the last key frame, behind the head of its block."""
    content = path.read_bytes()
    cluster = content.rfind(bytes.fromhex("1f43b675"))
    block = content.index(b"\xa3", cluster + 8)
    with path.open("r+b") as file:
        file.seek(block + 12)
        file.write(b"\xff" * (len(content) - block - 12))


def test_a_file_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"01\.mkv\.part: cannot be read: No such file"):
        open_key_frames(tmp_path / "01.mkv.part")


def test_a_damaged_header_is_one_sentence(tmp_path: Path) -> None:
    segment = GrowingSegment(tmp_path / "01.mkv.part")
    for _ in range(3):
        segment.write(flat(50))
    whole = segment.path.read_bytes()
    assert whole.count(b"V_MPEG4/ISO/AVC") == 1
    segment.path.write_bytes(whole.replace(b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/AVQ"))
    with pytest.raises(PictureDamaged, match=r"01\.mkv\.part: its header names no video that can"):
        open_key_frames(segment.path)


def test_a_renamed_file_is_no_part_any_more(tmp_path: Path) -> None:
    segment = GrowingSegment(tmp_path / "01.mkv.part")
    segment.write(flat(50))
    segment.write(flat(50))
    with closing(opened(segment.path)) as reader:
        assert reader.is_part()
        segment.path.rename(tmp_path / "01.mkv")
        assert not reader.is_part()
