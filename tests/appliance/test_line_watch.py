"""What a minute on a panel's line says."""

from dataclasses import replace

import pytest

from appliance.line_watch import LineWatch
from capture_hw.panel.state import LampState, LineCount, PanelState

STATE = PanelState(
    utc_ns=1,
    clock="host",
    phase="dark",
    white=LampState(0, None),
    ir=LampState(1000, None),
    program_crc=1,
    overrides=(),
    next_change_utc_s=None,
    host_silent_s=1.0,
    up_s=100.0,
    resets=7,
    commands=0,
    bad_lines=65_530,
)
LINE = LineCount(sent=0, faults=0, openings=1)


@pytest.mark.parametrize(
    ("state", "line", "said"),
    [
        (STATE, LINE, ""),
        (replace(STATE, bad_lines=65_535), LINE, ""),
        (
            replace(STATE, bad_lines=0),
            LINE,
            "its line is bad: 6 damaged or late lines in a minute",
        ),
        (
            replace(STATE, bad_lines=65_533),
            replace(LINE, faults=4),
            "its line is bad: 7 damaged or late lines in a minute",
        ),
        (replace(STATE, lost_bytes=6), LINE, "its line is bad: 6 bytes were lost in a minute"),
        (STATE, replace(LINE, foreign_commands=3), ""),
        (
            STATE,
            replace(LINE, foreign_commands=4),
            "somebody else talks to it: 4 commands in a minute were not ours",
        ),
    ],
)
def test_more_than_a_few_faults_a_minute_are_a_complaint(
    state: PanelState, line: LineCount, said: str
) -> None:
    watch = LineWatch()
    watch.note(0.0, STATE, LINE)
    watch.note(59.0, state, line)
    assert watch.complaint() == said


def test_a_minute_later_it_is_forgotten_but_counted() -> None:
    watch = LineWatch()
    watch.note(0.0, STATE, LINE)
    later = replace(STATE, bad_lines=4)
    watch.note(1.0, later, LINE)
    watch.note(62.0, later, LINE)
    assert (watch.complaint(), watch.faults) == ("", 10)


def test_a_restart_is_seen_and_begins_the_counters_anew() -> None:
    watch = LineWatch()
    assert not watch.note(0.0, STATE, LINE)
    assert watch.note(1.0, replace(STATE, resets=9, up_s=0.5, bad_lines=2), LINE)
    assert (watch.restarts, watch.faults, watch.complaint()) == (2, 2, "")


def test_a_restart_is_seen_by_the_uptime_too() -> None:
    watch = LineWatch()
    watch.note(0.0, STATE, LINE)
    assert watch.note(1.0, replace(STATE, up_s=0.5), LINE)
    assert watch.restarts == 1
