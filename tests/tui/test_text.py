"""Text, durations and amounts."""

from datetime import timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tui.rack_state import NOW_NS
from tui.amount_text import bytes_text, count, lag_text, seconds_text
from tui.line import cropped, joined, justified, line_width, text
from tui.plain_text import fit, fit_right, plain, width_of, wrapped
from tui.time_text import clock, duration, hours_text, moment, short_duration, zt_text


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("a\x1b[31mb", "a\ufffd[31mb"),
        ("one\ntwo\tthree", "one two three"),
        ("abc\u202edef", "abc\ufffddef"),
        ("zero\u200bwidth", "zero\ufffdwidth"),
        ("bell\x07 null\x00 c1\x9b", "bell\ufffd null\ufffd c1\ufffd"),
        ("[red]not markup[/red]", "[red]not markup[/red]"),
        ("e\u0301", "\u00e9"),
        ("マウス", "マウス"),
        ("\ud800", "\ufffd"),
    ],
)
def test_nothing_that_moves_a_cursor_or_hides_text_is_shown(given_text: str, shown: str) -> None:
    assert plain(given_text) == shown


@settings(max_examples=60)
@given(st.text(), st.integers(0, 60))
def test_fitted_text_has_exactly_the_cells_asked_for(content: str, width: int) -> None:
    assert width_of(fit(content, width)) == width
    assert width_of(fit_right(content, width)) == width


def test_wide_characters_are_never_cut_in_half() -> None:
    assert fit("マウス", 4) == "マ …"
    assert fit("マウス", 6) == "マウス"


@settings(max_examples=60)
@given(st.text(), st.integers(2, 40))
def test_wrapped_text_never_exceeds_its_width_and_loses_no_word(content: str, width: int) -> None:
    lines = wrapped(content, width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(plain(content).split())


@pytest.mark.parametrize(
    ("seconds", "long", "short"),
    [
        (-3.0, "0 s", "0s"),
        (41.9, "41 s", "41s"),
        (723.0, "12 min 03 s", "12m03"),
        (18_420.0, "5 h 07 min", "5h07"),
        (172_799.0, "47 h 59 min", "47h59"),
        (273_600.0, "3 d 04 h", "3d04"),
    ],
)
def test_durations_read_as_people_say_them(seconds: float, long: str, short: str) -> None:
    assert duration(seconds) == long
    assert short_duration(seconds) == short


def test_moments_are_shown_in_the_zone_of_the_facility() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    assert clock(NOW_NS, zone) == "16:33:04"
    assert moment(NOW_NS, zone) == "2026-11-22 16:33:04"
    assert zt_text(5.99) == "ZT 05:59"
    assert zt_text(24.5) == "ZT 24:30"
    assert hours_text(4.54) == "4.5 h"
    assert hours_text(313.0) == "13 d 01 h"


def test_amounts_carry_their_unit() -> None:
    assert bytes_text(999) == "999 B"
    assert bytes_text(4_200_000_000) == "4.2 GB"
    assert count(1, "gap", "gaps") == "1 gap"
    assert count(1204, "gap", "gaps") == "1,204 gaps"


@pytest.mark.parametrize(
    ("seconds", "compact", "words"),
    [
        (0.64, "0.6s", "0.6 s"),
        (9.97, "9s", "9 s"),
        (312.0, "5m", "5 min 12 s"),
        (7201.0, "2h", "2 h 00 min"),
        (1e7, "115d", "115 d 17 h"),
    ],
)
def test_a_lag_fits_four_cells(seconds: float, compact: str, words: str) -> None:
    assert seconds_text(seconds) == compact
    assert lag_text(seconds) == words


def test_lines_keep_their_width_whatever_they_hold() -> None:
    line = [text("マウス"), text("\x1b[2J")]
    assert [line_width(cropped(line, width)) for width in (0, 1, 5, 40)] == [0, 1, 5, 40]
    assert joined([justified([text("left side")], [text("right")], 11)]) == "left …right"
    assert joined([justified([text("left")], [text("right")], 4)]) == "rig…"
