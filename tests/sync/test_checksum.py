"""Checksums, stretches of files, and waiting."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.backoff import backoff_s
from sync.checksum import digest_file, part_bytes_for
from sync.error import SourceChanged
from sync.file_slice import open_slice
from tests.sync.sending import MIB, write_random


def nothing() -> None:
    """Do nothing at a block."""


def test_a_files_checksums_are_those_of_its_parts(tmp_path: Path) -> None:
    path = write_random(tmp_path / "x.mkv", 16 * MIB + 7)
    content = path.read_bytes()
    parts = [content[: 16 * MIB], content[16 * MIB :]]
    digest = digest_file(path, nothing)
    assert digest.size == 16 * MIB + 7
    assert digest.sha256 == hashlib.sha256(content).hexdigest()
    assert digest.part_sha256 == tuple(hashlib.sha256(part).digest() for part in parts)


def test_the_checksum_of_checksums_is_written_as_s3_writes_it(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    # printf abc | openssl dgst -sha256 -binary | openssl dgst -sha256 -binary | base64
    composite = digest_file(tmp_path / "x", nothing).composite
    assert composite == "T4tCwi3TcptRm6b2jS2nzFstYG0F2u1a1RKMwD5sY1g=-1"


def test_an_empty_file_has_one_empty_part(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    digest = digest_file(tmp_path / "x", nothing)
    assert digest.sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest.part_sha256 == (bytes.fromhex(digest.sha256),)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceChanged, match=r"x: cannot be read: No such file"):
        digest_file(tmp_path / "x", nothing)


@given(st.integers(0, 10**13))
def test_no_file_has_more_parts_than_s3_allows(size: int) -> None:
    part_bytes = part_bytes_for(size)
    assert -(-size // part_bytes) <= 10_000
    assert part_bytes >= 16 * MIB
    assert part_bytes % MIB == 0


@given(st.binary(max_size=3000), st.data())
def test_a_slice_reads_like_the_bytes_it_is(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "slice.bin"
    path.write_bytes(content)
    start = data.draw(st.integers(0, len(content)))
    size = data.draw(st.integers(0, len(content) - start))
    expected = content[start : start + size]
    with open_slice(path, start, size, nothing) as body:
        position = data.draw(st.integers(0, size))
        assert body.read() == expected
        assert body.seek(position) == position
        assert body.read(100) == expected[position : position + 100]
        assert body.seek(0, 2) == size


def test_waiting_grows_to_five_minutes_and_stays_there() -> None:
    assert [backoff_s(failures) for failures in range(12)] == [
        *(0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300)
    ]


@given(st.integers(0, 10**9))
def test_waiting_never_shrinks_and_never_passes_its_limit(failures: int) -> None:
    assert backoff_s(failures) <= backoff_s(failures + 1) <= 300
