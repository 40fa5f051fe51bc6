"""A damaged header is no exception: it is a file without an index."""

from functools import cache
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from capture_hw.ebml import FileIndex, read_index
from tests.recorded_segment import write_video

_HEADER_BYTES: Final = 200
_SEEK_POSITION: Final = b"\x53\xac"
"""Source: RFC 9559, 5.1.1.1.2."""


@cache
def _closed(folder: Path) -> bytes:
    return write_video(folder / "closed.mkv", range(0, 400, 40)).read_bytes()


@pytest.fixture
def closed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return _closed(tmp_path_factory.getbasetemp())


@pytest.mark.parametrize("size", [b"\x88", b"\x01" + b"\xff" * 7])
def test_a_position_behind_the_end_leads_to_no_index(
    tmp_path: Path, closed: bytes, size: bytes
) -> None:
    path = tmp_path / "a.mkv"
    path.write_bytes(closed)
    assert read_index(path).has_cues
    place = closed.rindex(_SEEK_POSITION, 0, _HEADER_BYTES) + len(_SEEK_POSITION)
    damaged = size + b"\xff" * 8
    path.write_bytes(closed[:place] + damaged + closed[place + len(damaged) :])
    assert not read_index(path).has_cues


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, _HEADER_BYTES - 1), st.binary(min_size=1, max_size=20))
@example(0, b"")
def test_whatever_the_header_says_there_is_an_answer(
    tmp_path: Path, closed: bytes, place: int, damage: bytes
) -> None:
    path = tmp_path / "a.mkv"
    path.write_bytes(closed[:place] + damage + closed[place + len(damage) :])
    assert isinstance(read_index(path), FileIndex)
