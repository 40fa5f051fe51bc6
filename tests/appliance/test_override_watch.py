"""Whose override is seen running: by how bright it is and when it ends."""

import json
from pathlib import Path
from typing import Final

import pytest

from appliance.override_book import OrderedOverride, OverrideBook
from appliance.override_watch import OverrideWatch
from appliance.panel_look import Happening
from appliance.panel_time import Reading
from capture_hw.panel.state import LampState, PanelState, RunningOverride

SECOND_NS: Final = 1_000_000_000
LAMP: Final = LampState(0, None)
ORDER: Final = OrderedOverride(
    white_percent=80, until_utc_ns=1200 * SECOND_NS, author="Zoë", reason="cage change"
)
FOREIGN: Final = [Happening("override", "an override runs that nobody ordered here")]


def reading(at_s: float, remaining_s: float, permille: float = 800) -> Reading:
    """Return a look at both clocks' second `at_s`; nothing runs without remaining time."""
    white = RunningOverride("white", round(permille), remaining_s)
    state = PanelState(
        utc_ns=round(at_s * SECOND_NS),
        clock="host",
        phase="dark",
        white=LAMP,
        ir=LAMP,
        program_crc=1,
        overrides=(white,) if remaining_s else (),
        next_change_utc_s=None,
        host_silent_s=1.0,
        up_s=at_s,
        resets=1,
        commands=1,
        bad_lines=0,
    )
    return Reading(state, round(at_s * SECOND_NS), 0, at_s)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "north.json"


def watch(book: Path) -> OverrideWatch:
    return OverrideWatch("north", OverrideBook(book))


def look(overrides: OverrideWatch, *seen: float) -> list[Happening]:
    return overrides.look(reading(*seen), is_restarted=False)


def author(overrides: OverrideWatch) -> str | None:
    return overrides.running.author if overrides.running is not None else None


def test_a_strangers_override_of_the_same_level_is_not_booked_to_who_ordered_before(
    book: Path,
) -> None:
    overrides = watch(book)
    overrides.ordered(ORDER, 0, 1200)
    assert (look(overrides, 1, 1199), author(overrides)) == ([], "Zoë")
    assert (look(overrides, 60, 3600), author(overrides)) == (FOREIGN, "")
    assert (look(overrides, 61, 3599), author(overrides)) == ([], "")
    assert not book.exists()
    assert look(overrides, 3661, 0) == [Happening("override-end", "the override ended by itself")]


def test_a_strangers_override_of_another_level_ends_without_the_first_ones_author(
    book: Path,
) -> None:
    overrides = watch(book)
    overrides.ordered(ORDER, 0, 1200)
    assert look(overrides, 60, 1140, 300) == FOREIGN
    (end,) = look(overrides, 1201, 0)
    assert end.author == ""


def test_a_panel_with_a_fast_resonator_that_was_silent_goes_on_with_the_same_override(
    book: Path,
) -> None:
    overrides = watch(book)
    overrides.ordered(ORDER, 0, 1200)
    assert (look(overrides, 1000, 184), author(overrides)) == ([], "Zoë")


@pytest.mark.parametrize(("remaining_s", "expected"), [(1100, "Zoë"), (3600, "")])
def test_a_restarted_worker_knows_an_override_by_its_end(
    book: Path, remaining_s: float, expected: str
) -> None:
    watch(book).ordered(ORDER, 0, 1200)
    restarted = watch(book)
    look(restarted, 100, remaining_s)
    assert author(restarted) == expected


def test_an_unconfirmed_order_that_is_seen_running_gets_its_author_and_is_noted(
    book: Path,
) -> None:
    overrides = watch(book)
    look(overrides, 0, 0)
    overrides.unconfirmed(ORDER, 1200)
    assert look(overrides, 30, 1172) == [Happening("override", "cage change", "Zoë")]
    assert json.loads(book.read_text())["until_utc_ns"] == 1202 * SECOND_NS
    assert look(overrides, 31, 1171) == []


@pytest.mark.parametrize(("permille", "remaining_s"), [(800, 600), (300, 1172)])
def test_an_unconfirmed_order_does_not_give_its_author_to_another_override(
    book: Path, permille: int, remaining_s: float
) -> None:
    overrides = watch(book)
    look(overrides, 0, 0)
    overrides.unconfirmed(ORDER, 1200)
    assert look(overrides, 30, remaining_s, permille) == FOREIGN


def test_an_unconfirmed_order_that_does_not_run_is_forgotten(book: Path) -> None:
    overrides = watch(book)
    look(overrides, 0, 0)
    overrides.unconfirmed(ORDER, 1200)
    assert look(overrides, 30, 0) == []
    assert look(overrides, 31, 1171) == FOREIGN
