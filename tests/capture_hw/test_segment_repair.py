"""Repair of what a killed recorder left: every whole frame is kept, whatever is torn."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import av
import pytest

from capture_hw.encoder import EncodedVideo
from capture_hw.error import StorageError
from capture_hw.segment_journal import journal_path
from capture_hw.segment_repair import RepairStopped, repair_segment
from capture_hw.segment_tail import is_whole, last_frame_ms
from tests.capture_hw.scripted_camera import HEIGHT, WIDTH, decoded, picture, times_ms

_COUNT: Final = 40
_CLUSTER: Final = b"\x1f\x43\xb6\x75"
"""Source: RFC 9559, 5.1.3."""
_CUES: Final = b"\x1c\x53\xbb\x6b"
_STEM: Final = "03_20261122_110000"
_TAGS: Final = {"CAGE": "03", "START_UTC_NS": "5", "START_MONOTONIC_NS": "6"}


@cache
def _unfinished(tmp: Path) -> bytes:
    """Return what a recorder that was killed leaves on the disk."""
    path = tmp / "unfinished"
    video = EncodedVideo(path, WIDTH, HEIGHT, 15.0, _TAGS)
    for number in range(_COUNT):
        video.write(picture(number), number * 40)
    content = path.read_bytes()
    video.abandon()
    return content


@pytest.fixture
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return _unfinished(tmp_path_factory.getbasetemp())


def _leftover(folder: Path, content: bytes) -> Path:
    part = folder / f"{_STEM}.mkv.part"
    part.write_bytes(content)
    journal_path(part).write_bytes(b"header\n")
    return part


def _repair(part: Path) -> Path | None:
    return repair_segment(part, lambda: False)


def test_a_repaired_segment_has_every_frame_a_length_and_an_index(
    tmp_path: Path, unfinished: bytes
) -> None:
    part = _leftover(tmp_path, unfinished)
    before = decoded(part)
    video = _repair(part)
    assert video == tmp_path / f"{_STEM}.mkv"
    assert decoded(video) == before
    assert times_ms(video) == [number * 40 for number in range(_COUNT - 1)]
    with av.open(str(video)) as container:
        assert container.duration == pytest.approx(1_560_000, abs=70_000)
        assert {name: container.metadata[name] for name in _TAGS} == _TAGS
        assert container.streams.video[0].average_rate == 15
    assert _CUES in video.read_bytes(), "no cues"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{_STEM}.journal.part",
        f"{_STEM}.mkv",
    ]


def test_torn_at_any_byte_of_the_last_two_clusters_only_the_torn_frame_is_lost(
    tmp_path: Path, unfinished: bytes
) -> None:
    times = [number * 40 for number in range(_COUNT - 1)]
    last_cluster = unfinished.rindex(_CLUSTER)
    first_cut = unfinished.rindex(_CLUSTER, 0, last_cluster)
    for size in range(first_cut, len(unfinished)):
        part = _leftover(tmp_path, unfinished[:size])
        expected = times[:-1] if size >= last_cluster else times[:-2]
        assert last_frame_ms(part) == expected[-1], size
        video = _repair(part)
        assert video is not None
        assert times_ms(video) == expected, size
        video.unlink()


def test_a_tail_of_zeros_after_a_power_cut_is_cut_off(tmp_path: Path, unfinished: bytes) -> None:
    last_cluster = unfinished.rindex(_CLUSTER)
    length = len(unfinished) - last_cluster
    for lost in (length // 2, 5):
        torn = unfinished[:-lost]
        part = _leftover(tmp_path, torn + bytes(4096))
        video = _repair(part)
        assert video is not None
        assert times_ms(video) == [number * 40 for number in range(_COUNT - 2)]
        video.unlink()


def _killed_after_each_step(folder: Path, content: bytes) -> Iterator[str]:
    """Leave the folder as a repair does that is killed, one step later each time."""
    part = _leftover(folder, content)
    copy = folder / f"{_STEM}.mkv.repair"
    copy.write_bytes(content[: len(content) // 2])
    yield "in the middle of the copy"
    part = _leftover(folder, content)
    (folder / f"{_STEM}.mkv").rename(copy)
    yield "before the new name"
    _leftover(folder, content)
    yield "before the old name is gone"
    assert not part.exists()


def test_a_second_repair_finishes_what_a_killed_one_began(
    tmp_path: Path, unfinished: bytes
) -> None:
    for moment in _killed_after_each_step(tmp_path, unfinished):
        video = _repair(tmp_path / f"{_STEM}.mkv.part")
        assert video is not None, moment
        assert len(times_ms(video)) == _COUNT - 1, moment
        assert {path.name for path in tmp_path.iterdir()} == {
            f"{_STEM}.mkv",
            f"{_STEM}.journal.part",
        }, moment


def test_a_finished_video_is_never_written_again(tmp_path: Path, unfinished: bytes) -> None:
    video = _repair(_leftover(tmp_path, unfinished))
    assert video is not None
    inode = video.stat().st_ino
    assert _repair(_leftover(tmp_path, unfinished)) == video
    assert video.stat().st_ino == inode


def test_a_follower_reads_the_unfinished_file_on_and_sees_another_one_under_the_name(
    tmp_path: Path, unfinished: bytes
) -> None:
    part = _leftover(tmp_path, unfinished)
    with part.open("rb") as follower:
        inode = part.stat().st_ino
        video = _repair(part)
        assert video is not None
        assert video.stat().st_ino != inode
        assert follower.read() == unfinished


@pytest.mark.parametrize("size", [0, 30, 700])
def test_a_segment_without_a_frame_is_removed_with_its_journal(
    tmp_path: Path, unfinished: bytes, size: int
) -> None:
    part = _leftover(tmp_path, unfinished[:size])
    assert _repair(part) is None
    assert list(tmp_path.iterdir()) == []


def test_a_long_file_that_cannot_be_read_is_kept_for_a_person(tmp_path: Path) -> None:
    part = _leftover(tmp_path, bytes(100_000))
    assert _repair(part) is None
    assert (tmp_path / f"{_STEM}.mkv.unreadable").read_bytes() == bytes(100_000)
    assert not part.exists()


def test_a_stopped_repair_leaves_the_leftover_for_the_next(
    tmp_path: Path, unfinished: bytes
) -> None:
    part = _leftover(tmp_path, unfinished)
    asked = iter([False, False, True])
    with pytest.raises(RepairStopped):
        repair_segment(part, lambda: next(asked))
    assert part.read_bytes() == unfinished
    assert not (tmp_path / f"{_STEM}.mkv.repair").exists()


def test_a_disk_without_room_leaves_the_leftover_for_later(
    tmp_path: Path, unfinished: bytes
) -> None:
    part = _leftover(tmp_path, unfinished)
    (tmp_path / f"{_STEM}.mkv.repair").symlink_to("/dev/full")
    with pytest.raises(StorageError, match=r"\.mkv: cannot be repaired now: .*No space left"):
        _repair(part)
    assert part.read_bytes() == unfinished


@pytest.mark.parametrize(
    ("packet", "whole"),
    [
        (b"\0\0\0\x02\x65\x01", True),
        (b"\0\0\0\x01\x06\0\0\0\x02\x65\x01", True),
        (b"\0\0\0\x03\x65\x01", False),
        (b"\0\0\0\x02\x65\x01\0", False),
        (b"\0\0\0\x05\x65\0\0\0\x01", False),
        (b"\0\0\0\0", False),
        (b"", False),
    ],
)
def test_a_packet_is_whole_if_its_units_fill_it_and_have_no_hole(
    packet: bytes, whole: bool
) -> None:
    assert is_whole(packet) == whole
