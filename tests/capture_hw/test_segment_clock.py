"""Boundaries of segments and the two clocks."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_hw.segment_clock import Clock, next_boundary_ns, offset_text, read_anchor

_S = 1_000_000_000
_UTC_PLUS_1 = timezone(timedelta(hours=1))


def _utc_ns(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000) * 1_000_000


@pytest.mark.parametrize(
    ("start", "segment_s", "at_boundary", "end"),
    [
        ("2026-11-22T04:59:59.990", 21_600, False, "2026-11-22T05:00:00"),
        ("2026-11-22T05:00:00.000", 21_600, False, "2026-11-22T11:00:00"),
        ("2026-11-22T05:00:00.020", 21_600, True, "2026-11-22T11:00:00"),
        ("2026-11-22T04:59:59.900", 21_600, True, "2026-11-22T11:00:00"),
        ("2026-11-22T04:00:00.000", 21_600, True, "2026-11-22T11:00:00"),
        ("2026-11-22T06:00:00.000", 21_600, True, "2026-11-22T11:00:00"),
        ("2026-11-22T22:59:00.000", 86_400, False, "2026-11-22T23:00:00"),
        ("2026-11-22T10:00:07.000", 10, False, "2026-11-22T10:00:10"),
    ],
)
def test_a_segment_ends_at_a_multiple_of_its_length_in_standard_time(
    start: str, segment_s: int, at_boundary: bool, end: str
) -> None:
    found = next_boundary_ns(_utc_ns(start), segment_s, _UTC_PLUS_1, at_boundary=at_boundary)
    assert found == _utc_ns(end)


@given(
    start_ns=st.integers(0, 4_000_000_000 * _S),
    segment_s=st.sampled_from([10, 60, 3600, 21_600, 86_400]),
    offset_min=st.integers(-14 * 60, 14 * 60),
    at_boundary=st.booleans(),
)
def test_no_segment_is_empty_or_longer_than_one_and_a_half_lengths(
    start_ns: int, segment_s: int, offset_min: int, at_boundary: bool
) -> None:
    zone = timezone(timedelta(minutes=offset_min))
    end_ns = next_boundary_ns(start_ns, segment_s, zone, at_boundary=at_boundary)
    length_ns = end_ns - start_ns
    assert (end_ns // _S + offset_min * 60) % segment_s == 0
    assert end_ns % _S == 0
    assert (segment_s * _S // 2 if at_boundary else 0) < length_ns
    assert length_ns <= segment_s * _S * (3 if at_boundary else 2) // 2


@pytest.mark.parametrize(
    ("minutes", "text"), [(60, "+01:00"), (0, "+00:00"), (-210, "-03:30"), (345, "+05:45")]
)
def test_the_offset_is_written_as_in_the_configuration(minutes: int, text: str) -> None:
    assert offset_text(timezone(timedelta(minutes=minutes))) == text


def test_the_anchor_is_the_reading_that_was_interrupted_least() -> None:
    monotonic = iter([100, 900, 1000, 1010, 2000, 2500])
    utc = iter([7_000, 8_000, 9_000])
    anchor = read_anchor(Clock(monotonic_ns=lambda: next(monotonic), utc_ns=lambda: next(utc)))
    assert (anchor.utc_ns, anchor.monotonic_ns) == (8_000, 1005)
    assert anchor.utc_of_ns(1000) == 7_995
