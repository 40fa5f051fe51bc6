"""Calls of a panel that count from the moment they were made."""

from collections.abc import Iterable

import pytest

from capture_hw.error import PanelSilent
from capture_hw.panel.serial_panel import SerialPanel
from tests.capture_hw.timed_line import TimedLine, answer_to, echo_verb, line_in

ANSWERS = {
    "state": "dark 0 0 1000 1000 - -",
    "clock": "- 0 0 none -",
    "uptime": "9000 1 power",
}


def test_a_repeated_time_is_the_time_of_the_repeat() -> None:
    line = TimedLine(lambda data: echo_verb(data) if len(line.written) == 3 else [])
    SerialPanel(line.exchange(), "/dev/none").set_time(1_000_900_000_000, 60)
    assert line.questions == ["time 1000 900 60", "time 1001 200 60", "time 1001 500 60"]


def test_a_time_that_is_never_confirmed_is_silence() -> None:
    line = TimedLine(lambda _data: [])
    with pytest.raises(PanelSilent):
        SerialPanel(line.exchange(), "/dev/none").set_time(1_000_900_000_000, 60)
    assert line.now_s == pytest.approx(0.9)


def test_the_silence_before_a_look_is_not_that_within_it() -> None:
    silences_ms = ["7000", "5"]

    def panel(data: bytes) -> Iterable[tuple[float, bytes]]:
        (verb,) = line_in(data).words
        words = ANSWERS[verb] if verb in ANSWERS else f"{silences_ms.pop(0)} 9 0 0 0"
        return [(0.01, answer_to(data, verb, *words.split()))]

    state = SerialPanel(TimedLine(panel).exchange(), "/dev/none").read_state()
    assert state.host_silent_s == 7.0
