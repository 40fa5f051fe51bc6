"""The journal of a segment: what was written is read, whatever a crash tore."""

from pathlib import Path

import pytest

from capture_hw.error import JournalError
from capture_hw.segment_journal import (
    Journal,
    JournalWriter,
    SegmentEnd,
    SegmentGap,
    SegmentHeader,
    journal_path,
    read_journal,
)

_HEADER = SegmentHeader(
    stem="03_20261122_060000",
    tags={"animal": "müs 1"},
    start_utc_ns=5,
    start_monotonic_ns=6,
    boot_id="b",
    utc_offset="+01:00",
    clock_synchronized=True,
    width=64,
    height=48,
    fps=25.0,
    copied=False,
)
_GAP = SegmentGap(from_ms=-80, to_ms=0, frames_lost=1, cause="recorder restarted")
_END = SegmentEnd(frames=2, first_ms=0, last_ms=40)


def _written(folder: Path) -> Path:
    writer = JournalWriter(folder / "03_20261122_060000.journal.part", _HEADER)
    writer.add_gap(_GAP)
    writer.add_end(_END)
    writer.sync()
    writer.close()
    return writer.path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    assert read_journal(_written(tmp_path)) == Journal(header=_HEADER, gaps=(_GAP,), end=_END)


def test_a_line_that_is_taken_back_is_not_there(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "03_20261122_060000.journal.part", _HEADER)
    writer.add_gap(_GAP)
    writer.add_gap(SegmentGap(from_ms=40, to_ms=120, frames_lost=1, cause="camera stalled"))
    writer.take_back_line()
    writer.add_end(_END)
    writer.close()
    assert read_journal(writer.path) == Journal(header=_HEADER, gaps=(_GAP,), end=_END)


def test_a_journal_torn_anywhere_gives_its_whole_lines(tmp_path: Path) -> None:
    path = _written(tmp_path)
    content = path.read_bytes()
    first, second, third = (len(line) for line in content.splitlines(keepends=True))
    for size in range(first, len(content)):
        path.write_bytes(content[:size])
        journal = read_journal(path)
        assert journal.header == _HEADER
        assert journal.gaps == ((_GAP,) if size >= first + second else ())
        assert journal.end is None
    assert third > 0


def test_a_journal_without_a_whole_header_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = _written(tmp_path)
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(JournalError, match=r"journal\.part: does not begin with a header"):
        read_journal(path)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = _written(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'"line":"gap"', b'"line":"gup"'))
    with pytest.raises(JournalError, match="line 2 is not a line of a journal"):
        read_journal(path)


def test_a_missing_journal_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No such file"):
        read_journal(tmp_path / "a.journal.part")


def test_an_existing_journal_is_never_overwritten(tmp_path: Path) -> None:
    path = _written(tmp_path)
    with pytest.raises(FileExistsError):
        JournalWriter(path, _HEADER)
    assert read_journal(path).end == _END


@pytest.mark.parametrize("name", ["03_20261122_060000.mkv", "03_20261122_060000.mkv.part"])
def test_the_journal_lies_beside_the_video(name: str) -> None:
    assert journal_path(Path("/d") / name) == Path("/d/03_20261122_060000.journal.part")


def test_a_journal_from_before_camera_encoder_and_count_is_read(tmp_path: Path) -> None:
    path = _written(tmp_path)
    text = path.read_text()
    for newer in (',"camera":null', ',"encoder":null', ',"count":null'):
        assert newer in text
        text = text.replace(newer, "")
    path.write_text(text)
    assert read_journal(path) == Journal(header=_HEADER, gaps=(_GAP,), end=_END)
