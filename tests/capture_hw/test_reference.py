"""A cage's reference: learning, its file, and what is wrong with others' files."""

import struct
import zlib
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture_hw.picture_measure import Luma
from capture_hw.png import PngError, decode_png, encode_png
from capture_hw.reference import (
    Reference,
    ReferenceUnusable,
    learn,
    read_reference,
    save_reference,
)
from capture_hw.simulation.cage import SimulatedCage
from capture_hw.simulation.mouse_day import day_from


@cache
def learnt() -> Reference:
    cage = SimulatedCage(2, routine="busy")
    return learn(
        [cage.picture(n * 100) for n in range(12)], learnt_utc_ns=1_795_348_800_000_000_000
    )


def test_a_reference_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "commission" / "02.png"
    save_reference(path, learnt())
    found = read_reference(path)
    assert found is not None
    assert found.limits == learnt().limits
    assert found.learnt_utc_ns == 1_795_348_800_000_000_000
    np.testing.assert_array_equal(found.picture, learnt().picture)
    np.testing.assert_array_equal(found.still, learnt().still)
    assert [one.name for one in path.parent.iterdir()] == ["02.png"]


def test_any_viewer_shows_the_file(tmp_path: Path) -> None:
    path = tmp_path / "02.png"
    save_reference(path, learnt())
    shown = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert shown is not None
    np.testing.assert_array_equal(shown[:, :, 0], learnt().picture)
    np.testing.assert_array_equal(shown[:, :, 3] > 0, learnt().still)


def test_the_mouse_is_not_part_of_the_surroundings() -> None:
    scene = np.random.default_rng(3).integers(60, 200, (36, 44), dtype=np.uint8)
    scene = np.kron(scene, np.ones((16, 16), np.uint8))
    pictures = [scene.copy() for _ in range(10)]
    for number, picture in enumerate(pictures):
        picture[300:360, 60 * number : 60 * number + 60] = 20
    found = learn(pictures)
    np.testing.assert_array_equal(found.picture, scene)
    assert found.still[:300].all()
    assert found.limits.likeness > 0.9


def test_what_moves_most_of_the_time_is_masked() -> None:
    cage = SimulatedCage(2)
    pictures = [cage.picture(0).copy() for _ in range(10)]
    for number, picture in enumerate(pictures):
        picture[200:260, 300:400] = 30 + 18 * number
    still = learn(pictures).still
    assert not still[200:260, 300:400].any()
    assert still[:180].mean() > 0.95


def test_too_few_pictures_and_pictures_without_anything_to_recognize_are_refused() -> None:
    picture = SimulatedCage(2).picture(0)
    with pytest.raises(ReferenceUnusable, match=r"^7 pictures are too few, 8 are needed$"):
        learn([picture] * 7)
    with pytest.raises(ReferenceUnusable, match="nothing in the picture stands still"):
        learn([np.full((576, 704), 90, np.uint8)] * 8)
    with pytest.raises(ReferenceUnusable, match="differ in size"):
        learn([picture] * 8 + [picture[:, :640]])


def quiet_pictures() -> list[Luma]:
    cage = SimulatedCage(1, spread=0.0, day=day_from(3.0))
    return [cage.picture(number * 50) for number in range(30)]


@pytest.mark.parametrize("bad", [1, 6])
def test_surroundings_that_change_while_they_are_learnt_are_refused(bad: int) -> None:
    hands, bumps = quiet_pictures(), quiet_pictures()
    for number in range(30 - bad, 30):
        hands[number][:, :420] = 60
        bumps[number] = np.roll(bumps[number], (10, 24), axis=(0, 1))
    with pytest.raises(ReferenceUnusable, match=r"^the surroundings changed while .*: the likene"):
        learn(hands)
    with pytest.raises(ReferenceUnusable, match=r"changed .*: a picture lies 2\d px away$"):
        learn(bumps)


def test_a_lens_that_is_turned_while_they_are_learnt_is_refused() -> None:
    pictures = quiet_pictures()
    for number in range(24, 30):
        pictures[number] = np.asarray(cv2.GaussianBlur(pictures[number], (0, 0), 2.0), np.uint8)
    with pytest.raises(ReferenceUnusable, match=r"changed .*: edges are \d\d% to \d+% as steep"):
        learn(pictures)


def test_no_file_is_no_reference(tmp_path: Path) -> None:
    assert read_reference(tmp_path / "02.png") is None


def test_a_torn_foreign_or_altered_file_is_one_sentence_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "02.png"
    save_reference(path, learnt())
    whole = path.read_bytes()
    for content, sentence in (
        (whole[: len(whole) // 2], "is torn or damaged"),
        (whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:], "is torn or damaged"),
        (b"GIF89a", "is no PNG"),
        (foreign_png(), "is no PNG that this program wrote"),
        (encode_png(learnt().picture, learnt().picture, "EthoProfiler", "{}"), "learnt_utc_ns"),
        (encode_png(learnt().picture, learnt().picture, "Title", "{}"), "holds no text"),
    ):
        path.write_bytes(content)
        with pytest.raises(ReferenceUnusable) as error:
            read_reference(path)
        assert str(error.value).startswith(f"{path}: ")
        assert sentence in str(error.value)
        assert "\n" not in str(error.value)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "commission").write_text("")
    with pytest.raises(ReferenceUnusable, match=r"02\.png: cannot be written: "):
        save_reference(tmp_path / "commission" / "02.png", learnt())


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 400))
def test_no_bytes_break_the_reader_of_pngs(junk: bytes, place: int) -> None:
    gray = np.arange(12, dtype=np.uint8).reshape(3, 4)
    content = encode_png(gray, gray, "EthoProfiler", "{}")
    place %= len(content) + 1
    spoilt = content[:place] + junk + content[place + len(junk) :]
    try:
        found = decode_png(spoilt, "EthoProfiler")
    except PngError:
        return
    np.testing.assert_array_equal(found[0], gray)
    np.testing.assert_array_equal(found[1], gray)


def foreign_png() -> bytes:
    """Return a PNG of one gray pixel, without text."""
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0\x50")),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
