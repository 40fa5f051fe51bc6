"""Frames of the panel protocol: nothing that comes in is taken for another line."""

from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture_hw.panel.line import MOST_BYTES, Line, LineReader, crc_of, decode, encode

STATE: Final = Line("<", 0x2A, ("state", "light", "600", "598", "1000", "-", "91F3", "-"))
RAW: Final = encode(STATE)[:-1]
WORD: Final = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="*"),
    min_size=1,
    max_size=12,
)
LINES: Final = st.builds(
    Line,
    st.sampled_from(("<", ">")),
    st.integers(0, 255),
    st.lists(WORD, min_size=1, max_size=6).map(tuple),
)


def test_the_crc_has_the_check_value_of_its_definition() -> None:
    assert crc_of(b"123456789") == 0x29B1


def test_a_question_has_the_bytes_of_the_protocol_page() -> None:
    assert encode(Line(">", 0x2A, ("state",))) == b">2A state*29ED\n"
    assert encode(Line("<", 7, ("override", "end"))) == b"<07 override end*C2A9\n"


@given(LINES)
def test_every_line_comes_back_as_it_was_sent(line: Line) -> None:
    assert decode(encode(line)[:-1]) == line


@pytest.mark.parametrize(
    "line",
    [
        Line(">", 256, ("state",)),
        Line(">", -1, ("state",)),
        Line(">", 1, ()),
        Line(">", 1, ("",)),
        Line(">", 1, ("two words",)),
        Line(">", 1, ("a*b",)),
        Line(">", 1, ("a\n",)),
        Line(">", 1, ("lumière",)),
        Line(">", 1, ("x" * 90,)),
    ],
)
def test_what_the_protocol_cannot_say_is_not_sent(line: Line) -> None:
    with pytest.raises(ValueError, match=r"line of the panel protocol|ordinal not in range"):
        encode(line)


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", "form"),
        (b"state", "form"),
        (b">2A state", "form"),
        (b">2A state*29E", "form"),
        (b">2A state*29ed", "form"),
        (b">2a state*29ED", "form"),
        (b">2A  state*29ED", "form"),
        (b">2A state *29ED", "form"),
        (b">2Astate*29ED", "form"),
        (b" >2A state*29ED", "form"),
        (b">2A state*29ED ", "form"),
        (b">2A state*29ED*29ED", "form"),
        (b"?2A state*29ED", "form"),
        (b">2A st\xe9te*29ED", "form"),
        (b">2A state*29EE", "crc"),
        (b">2B state*29ED", "crc"),
        (b">2A " + b"x" * 100 + b"*0000", "length"),
    ],
)
def test_what_is_no_line_is_named(raw: bytes, fault: str) -> None:
    assert decode(raw) == fault


def test_any_other_byte_at_any_place_is_noticed() -> None:
    for place in range(len(RAW)):
        for byte in range(256):
            damaged = RAW[:place] + bytes([byte]) + RAW[place + 1 :]
            assert damaged == RAW or not isinstance(decode(damaged), Line)


@given(LINES, st.data())
def test_any_damage_within_16_bits_in_a_row_is_noticed(line: Line, data: st.DataObject) -> None:
    raw = encode(line)[:-1]
    bits = int.from_bytes(raw)
    burst = data.draw(st.integers(1, 0xFFFF))
    damaged = bits ^ burst << data.draw(st.integers(0, 8 * len(raw) - burst.bit_length()))
    assert not isinstance(decode(damaged.to_bytes(len(raw))), Line)


@st.composite
def damaged_streams(draw: st.DrawFn) -> tuple[list[Line], bytes]:
    """Lines, and their bytes with some cut out, put in, doubled or changed."""
    lines = draw(st.lists(LINES, min_size=1, max_size=4))
    stream = bytearray(b"".join(map(encode, lines)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(stream)))
        until = min(len(stream), place + draw(st.integers(0, 30)))
        kind = draw(st.sampled_from(("cut", "insert", "double", "change")))
        piece = bytes(stream[place:until])
        noise = draw(st.binary(max_size=30))
        stream[place:until] = {
            "cut": b"",
            "insert": noise + piece,
            "double": piece + piece,
            "change": noise,
        }[kind]
    return lines, bytes(stream)


# A damage that happens to have the right CRC is one in 65,536: always the same examples.
@settings(derandomize=True)
@given(damaged_streams())
def test_a_damaged_stream_never_yields_a_line_that_was_not_sent(
    damaged: tuple[list[Line], bytes],
) -> None:
    sent, stream = damaged
    assert all(line in sent for line in LineReader().feed(stream))


@given(st.binary(max_size=300), LINES)
def test_after_any_garbage_the_next_line_is_understood(garbage: bytes, line: Line) -> None:
    reader = LineReader()
    reader.feed(garbage + b"\n")
    assert reader.feed(encode(line)) == [line]


@given(st.lists(LINES, max_size=5), st.lists(st.integers(0, 400), max_size=8))
def test_it_is_all_the_same_how_bytes_arrive(lines: list[Line], cuts: list[int]) -> None:
    stream = b"".join(map(encode, lines))
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    reader = LineReader()
    got = [line for begin, end in pairwise(edges) for line in reader.feed(stream[begin:end])]
    assert got == lines
    assert (reader.damaged, reader.too_long) == (0, 0)


def test_what_is_no_line_is_counted_once() -> None:
    reader = LineReader()
    assert reader.feed(b"noise\n\xff\xfe\n" + RAW[:-1] + b"\n\n\r\n") == []
    assert (reader.damaged, reader.too_long) == (3, 0)


def test_a_carriage_return_before_the_end_does_not_count() -> None:
    longest = encode(Line("<", 1, ("x" * (MOST_BYTES - 10),)))
    assert len(longest) == MOST_BYTES
    reader = LineReader()
    assert len(reader.feed(longest[:-1] + b"\r\n" + RAW + b"\r\n")) == 2
    assert (reader.damaged, reader.too_long) == (0, 0)


def test_a_line_without_end_is_counted_once_and_not_kept() -> None:
    reader = LineReader()
    for _ in range(1000):
        assert reader.feed(b"U" * 1000) == []
    assert len(reader._begun) <= MOST_BYTES
    assert reader.feed(b"\n" + RAW + b"\n") == [STATE]
    assert (reader.damaged, reader.too_long) == (0, 1)


def test_a_line_one_byte_too_long_is_none() -> None:
    text = b"<01 " + b"x" * (MOST_BYTES - 9)
    reader = LineReader()
    assert reader.feed(text + b"*%04X" % crc_of(text) + b"\n") == []
    assert reader.too_long == 1
