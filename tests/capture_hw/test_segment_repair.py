"""Repair of what a killed recorder left: every whole frame is kept, whatever is torn."""

import os
import random
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import av
import pytest

from capture_hw.copied_video import CopiedVideo
from capture_hw.ebml import read_index
from capture_hw.error import StorageError
from capture_hw.segment_copy import CopiedFrames, check_copy
from capture_hw.segment_journal import (
    JournalWriter,
    SegmentGap,
    extend_journal,
    journal_path,
    read_journal,
)
from capture_hw.segment_repair import (
    RepairStopped,
    repair_leftover,
    repair_segment,
    rewrite_finished,
)
from capture_hw.segment_tail import is_whole, last_frame_ms
from tests.capture_hw.scripted_camera import access_units, decoded, times_ms
from tests.recorded_segment import small_units
from tests.segment_writer import segment_header

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
    units = small_units(_COUNT)
    video = CopiedVideo(path, units[0][0], 15.0, _TAGS)
    for number, (unit, is_key) in enumerate(units):
        video.write(unit, number * 40, is_key=is_key)
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


def _noisy(count: int = 200, *, closed: bool = False) -> bytes:
    """Return a file whose frames are of some kilobytes each."""
    buffer = Path(tempfile.mkdtemp()) / "noisy"
    units = access_units(count)
    video = CopiedVideo(buffer, units[0][0], 25.0, _TAGS)
    for number, (unit, is_key) in enumerate(units):
        video.write(unit, number * 40, is_key=is_key)
    if closed:
        video.finish()
    content = buffer.read_bytes()
    video.abandon()
    shutil.rmtree(buffer.parent)
    return content


def _with_journal(folder: Path, content: bytes, gaps: Sequence[SegmentGap] = ()) -> Path:
    part = folder / f"{_STEM}.mkv.part"
    part.write_bytes(content)
    writer = JournalWriter(journal_path(part), segment_header(folder / f"{_STEM}.mkv"))
    for gap in gaps:
        writer.add_gap(gap)
    writer.close()
    return part


def _clusters(content: bytes) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(_CLUSTER), content)]


def _damaged(from_ms: int, to_ms: int, lost: int) -> SegmentGap:
    return SegmentGap(from_ms=from_ms, to_ms=to_ms, frames_lost=lost, cause="file damaged")


@pytest.mark.parametrize("fill", [b"\0", b"\xff"])
def test_behind_a_hole_every_frame_is_kept_and_the_hole_is_a_gap_of_the_journal(
    tmp_path: Path, fill: bytes
) -> None:
    content = _noisy()
    starts = _clusters(content)
    hole = content[: starts[60]] + fill * (starts[120] - starts[60]) + content[starts[120] :]
    part = _with_journal(tmp_path, hole)
    repair = repair_leftover(part, lambda: False)
    assert repair.video is not None
    assert times_ms(repair.video) == [40 * n for n in (*range(60), *range(120, 199))]
    assert repair.gaps == (_damaged(2360, 4800, 60),)
    assert read_journal(journal_path(repair.video)).gaps == repair.gaps
    assert (repair.kept is not None) == (fill != b"\0"), "a hole of zeros holds nothing"


@pytest.mark.parametrize("places", [(4,), (17,), (4, 17)], ids=["cluster", "block", "both"])
def test_a_damaged_length_costs_no_frame_behind_it(tmp_path: Path, places: tuple[int, ...]) -> None:
    """Behind the cluster's name: size, CRC-32, time, and the block's name with its size."""
    content = bytearray(_noisy())
    start = _clusters(bytes(content))[60]
    assert content[start + 16] == 0xA3
    for place in places:
        content[start + place : start + place + 2] = b"\x7f\xff" if place == 4 else b"\x7f\xd0"
    content[start + 5] = 0xF0 if 4 in places else content[start + 5]
    video = _repair(_with_journal(tmp_path, bytes(content)))
    assert video is not None
    assert {40 * n for n in range(199)} - set(times_ms(video)) <= {60 * 40}


@pytest.mark.parametrize("damaged", [b"\x00\x01", b"\x7f\xff"])
def test_a_time_that_cannot_be_right_costs_its_frame_and_stops_no_repair(
    tmp_path: Path, damaged: bytes
) -> None:
    content = bytearray(_noisy())
    place = content.index(b"\xe7\x82", _clusters(bytes(content))[60]) + 2
    content[place : place + 2] = damaged
    repair = repair_leftover(_with_journal(tmp_path, bytes(content)), lambda: False)
    assert repair.video is not None
    assert times_ms(repair.video) == [40 * n for n in range(199) if n != 60]
    assert repair.gaps == (_damaged(2360, 2440, 1),)


def test_frames_that_the_recorder_missed_itself_are_not_counted_again(tmp_path: Path) -> None:
    content = _noisy()
    starts = _clusters(content)
    hole = content[: starts[60]] + bytes(starts[90] - starts[60]) + content[starts[90] :]
    known = SegmentGap(from_ms=2800, to_ms=3000, frames_lost=4, cause="camera stalled")
    part = _with_journal(tmp_path, hole, [known])
    video = _repair(part)
    assert video is not None
    assert read_journal(journal_path(video)).gaps == (known, _damaged(2360, 3600, 26))


def test_a_second_repair_does_not_write_a_gap_down_again(tmp_path: Path) -> None:
    content = _noisy()
    starts = _clusters(content)
    hole = content[: starts[60]] + bytes(starts[90] - starts[60]) + content[starts[90] :]
    part = _with_journal(tmp_path, hole, [_damaged(2360, 3600, 30)])  # killed before the new name
    video = _repair(part)
    assert video is not None
    assert read_journal(journal_path(video)).gaps == (_damaged(2360, 3600, 30),)


def test_a_journal_with_a_torn_line_goes_on_behind_the_last_whole_one(tmp_path: Path) -> None:
    path = journal_path(_with_journal(tmp_path, b""))
    with path.open("ab") as file:
        file.write(b'{"line":"gap","from_')
    extend_journal(path, [_damaged(0, 80, 1)])
    assert read_journal(path).gaps == (_damaged(0, 80, 1),)


def test_a_copy_that_does_not_read_back_the_same_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / f"{_STEM}.mkv"
    path.write_bytes(_noisy(20))
    wrong = CopiedFrames(frames=19, sha256="0")
    with pytest.raises(StorageError, match="reads back 19 frames that are not the 19"):
        check_copy(path, wrong, lambda: False)


def test_a_disk_that_loses_part_of_the_copy_is_found_out(
    tmp_path: Path, unfinished: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = _leftover(tmp_path, unfinished)
    monkeypatch.setattr(
        "capture_hw.segment_repair.sync_to_disk",
        lambda path: os.truncate(path, path.stat().st_size // 2),
    )
    with pytest.raises(StorageError, match=r"that are not the 39 that were copied"):
        _repair(part)
    assert part.read_bytes() == unfinished
    assert not (tmp_path / f"{_STEM}.mkv.repair").exists()


def test_a_finished_file_gets_its_index_and_keeps_its_frames(tmp_path: Path) -> None:
    path = tmp_path / f"{_STEM}.mkv"
    path.write_bytes(_noisy())
    before = decoded(path)
    index = read_index(path)
    assert (index.duration_ms, index.has_cues) == (None, False)
    repair = rewrite_finished(path, lambda: False)
    index = read_index(path)
    assert index.has_cues
    assert index.duration_ms == pytest.approx(198 * 40, abs=80)
    assert (repair.frames, repair.last_ms) == (199, 198 * 40)
    assert decoded(path) == before
    assert [file.name for file in tmp_path.iterdir()] == [f"{_STEM}.mkv"]


def test_an_index_is_only_one_where_the_header_leads_to_it(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    content = _noisy(closed=True)
    path.write_bytes(content)
    assert read_index(path).has_cues
    cues = content.rindex(_CUES)
    path.write_bytes(content[:cues] + bytes(4) + content[cues + 4 :])
    assert not read_index(path).has_cues
    path.write_bytes(b"no video")
    assert not read_index(path).has_cues


@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_disk_does_to_a_stretch_only_its_frames_are_lost_and_all_are_counted(
    tmp_path: Path, seed: int
) -> None:
    content = _noisy()
    starts = [*_clusters(content), len(content)]
    damage = random.Random(seed)
    for _ in range(10):
        begin = damage.randrange(starts[1], starts[150])
        end = min(begin + damage.choice([1, 16, 512, 4096, 65_536]), starts[180])
        fill = damage.choice([bytes(end - begin), damage.randbytes(end - begin)])
        part = _with_journal(tmp_path, content[:begin] + fill + content[end:])
        repair = repair_leftover(part, lambda: False)
        assert repair.video is not None
        found = set(times_ms(repair.video))
        hit = sum(starts[n] < end and starts[n + 1] > begin for n in range(199))
        lost = 199 - len(found & set(range(0, 199 * 40, 40)))
        assert lost <= hit, (begin, end)
        assert abs(sum(gap.frames_lost for gap in repair.gaps) - lost) <= 1, (begin, end)
        for path in tmp_path.iterdir():
            path.unlink()


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
