"""Of a segment that a power cut left without a frame nothing stays behind."""

from pathlib import Path

import pytest

from capture_hw.segment_repair import repair_segment


@pytest.mark.parametrize("content", [b"", b"\0" * 4096])
def test_neither_rows_nor_journal_outlive_a_video_without_a_frame(
    tmp_path: Path, content: bytes
) -> None:
    for name in ("mkv", "journal", "csv"):
        (tmp_path / f"03_20261122_110000.{name}.part").write_bytes(content)
    assert repair_segment(tmp_path / "03_20261122_110000.mkv.part", lambda: False) is None
    assert list(tmp_path.iterdir()) == []
