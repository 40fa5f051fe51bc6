"""Reading a log of writes, and the disks that a power cut may leave."""

import random
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.power.crash_image import CrashImages, build_whole, copy_sparse, differing_bytes
from tests.power.promise import Notes
from tests.power.write_log import WriteLogError, count_entries, read_log

SECTOR: Final = 512
DISK_SECTORS: Final = 64
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
Entry = tuple[int, int, bytes]
"""First sector, flags, content in whole sectors."""


def write_log(path: Path, entries: Sequence[Entry], count: int | None = None) -> Path:
    """Write a log as the kernel's documentation describes it."""
    number = len(entries) if count is None else count
    content = struct.pack("<QQQI", 0x6A736677736872, 1, number, SECTOR).ljust(SECTOR, b"\0")
    for sector, flags, data in entries:
        head = struct.pack("<QQQQ", sector, len(data) // SECTOR, flags, 0)
        content += head.ljust(SECTOR, b"\0") + data
    path.write_bytes(content)
    return path


def filled(letter: bytes, sectors: int = 1) -> bytes:
    return letter * SECTOR * sectors


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "base"
    path.write_bytes(filled(b"-", DISK_SECTORS))
    return path


def letters(image: Path, sectors: int = 8) -> str:
    """Return the first letter of each of the first sectors."""
    content = image.read_bytes()
    return "".join(chr(content[sector * SECTOR]) for sector in range(sectors))


def outcomes(base: Path, log: Path, point: int, folder: Path) -> set[str]:
    """Return all disks that are found when the power goes often at one point."""
    found = set()
    with CrashImages(base, read_log(log), folder / "flushed") as images:
        for seed in range(200):
            images.build(point, random.Random(seed), folder / "crash")
            found.add(letters(folder / "crash"))
    return found


def test_a_log_is_read_entry_by_entry(tmp_path: Path) -> None:
    entries = [(3, 0, filled(b"a", 2)), (0, FLUSH, b""), (7, FUA | FLUSH, filled(b"b"))]
    log = read_log(write_log(tmp_path / "log", entries))
    assert [(w.start, w.size, w.is_flush, w.is_forced) for w in log.writes] == [
        (3 * SECTOR, 2 * SECTOR, False, False),
        (0, 0, True, False),
        (7 * SECTOR, SECTOR, True, True),
    ]
    with log.path.open("rb") as file:
        assert log.content(file.fileno(), log.writes[2]) == filled(b"b")
        assert count_entries(file.fileno()) == 3


def test_marks_and_discards_change_nothing(tmp_path: Path, base: Path) -> None:
    entries = [(0, MARK, b""), (0, FLUSH | DISCARD, b""), (1, 0, filled(b"a"))]
    build_whole(base, read_log(write_log(tmp_path / "log", entries)), tmp_path / "whole")
    assert letters(tmp_path / "whole") == "-a------"


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"\0" * 4096)
    with pytest.raises(WriteLogError, match="not a log of writes: magic 0x0, version 0"):
        read_log(tmp_path / "log")


def test_a_log_that_ends_too_soon_is_refused(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", [(0, 0, filled(b"a"))], count=2)
    with pytest.raises(WriteLogError, match="ends before entry 1 of 2"):
        read_log(log)


def test_everything_before_the_last_flush_is_on_the_disk(tmp_path: Path, base: Path) -> None:
    entries = [(0, 0, filled(b"a")), (1, 0, filled(b"b")), (0, FLUSH, b"")]
    log = write_log(tmp_path / "log", entries)
    assert outcomes(base, log, 3, tmp_path) == {"ab------"}


def test_what_came_after_the_last_flush_may_be_lost_each_by_itself(
    tmp_path: Path, base: Path
) -> None:
    entries = [(0, FLUSH, filled(b"a")), (1, 0, filled(b"b")), (2, 0, filled(b"c"))]
    log = write_log(tmp_path / "log", entries)
    found = outcomes(base, log, 3, tmp_path)
    assert found == {f"{a}{b}{c}-----" for a in "-a" for b in "-b" for c in "-c"}


def test_a_write_of_several_sectors_may_be_torn(tmp_path: Path, base: Path) -> None:
    log = write_log(tmp_path / "log", [(0, 0, filled(b"a", 3))])
    assert outcomes(base, log, 1, tmp_path) == {"--------", "a-------", "aa------", "aaa-----"}


def test_a_forced_write_is_never_lost(tmp_path: Path, base: Path) -> None:
    log = write_log(tmp_path / "log", [(0, FUA, filled(b"a", 2))])
    assert outcomes(base, log, 1, tmp_path) == {"aa------"}


def test_what_begins_after_the_cut_is_not_there(tmp_path: Path, base: Path) -> None:
    log = write_log(tmp_path / "log", [(0, FUA, filled(b"a")), (1, FUA, filled(b"b"))])
    assert outcomes(base, log, 1, tmp_path) == {"a-------"}


def test_a_file_is_copied_with_its_holes(tmp_path: Path) -> None:
    size = 8 << 20
    with (tmp_path / "one").open("wb") as file:
        file.truncate(size)
        file.seek(4 << 20)
        file.write(b"x" * 4096)
    copy_sparse(tmp_path / "one", tmp_path / "two")
    assert differing_bytes(tmp_path / "one", tmp_path / "two") == []
    assert (tmp_path / "two").stat().st_blocks * 512 < 1 << 20


def test_a_block_that_differs_is_found(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"a" * (3 << 20))
    (tmp_path / "two").write_bytes(b"a" * (2 << 20) + b"b" * (1 << 20))
    assert differing_bytes(tmp_path / "one", tmp_path / "two") == [2 << 20]


def test_promises_are_those_seen_before_the_cut() -> None:
    second = 1_000_000_000
    notes = Notes(
        lengths=[5, 9, 20],
        last_ns=[1 * second, 2 * second, 9 * second],
        seen=[
            (1 * second, "event", 3),
            (1 * second, "file 01/a.mkv", 1),
            (2 * second, "file 01/b.mkv", 1),
            (3 * second, "event", 4),
        ],
    )
    assert notes.cut_ns(8) == 1 * second
    assert notes.cut_ns(9) == 2 * second
    at_two_seconds = notes.promises_at(2 * second)
    assert at_two_seconds.event_row == 3
    assert at_two_seconds.files == {"01/a.mkv"}
    assert notes.points_of("event") == [5, 20]
