"""A second master on the line is seen by the panel's own count of commands, and never invented."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture_hw.error import PanelSilent
from capture_hw.panel.line import Line, encode
from capture_hw.panel.master_watch import MasterWatch
from capture_hw.panel.serial_panel import SerialPanel
from tests.capture_hw.timed_line import TimedLine, controller, panel_on_the_line


def watch(*seen: tuple[int, int, int]) -> int:
    masters = MasterWatch()
    for resets, commands, sent in seen:
        masters.see(resets, commands, sent)
    return masters.foreign


def test_what_was_sent_is_nobody_else() -> None:
    assert watch((3, 100, 4), (3, 104, 8), (3, 108, 12)) == 0


def test_what_was_taken_before_the_first_look_is_nobody_else() -> None:
    assert watch((3, 60_000, 4)) == 0


def test_more_than_was_sent_is_somebody_else() -> None:
    assert watch((3, 100, 4), (3, 105, 8), (3, 111, 12)) == 3


def test_commands_that_were_lost_are_nobody_else() -> None:
    assert watch((3, 100, 4), (3, 102, 8), (3, 106, 12)) == 0


def test_the_count_goes_round() -> None:
    assert watch((3, 65_534, 4), (3, 2, 8)) == 0
    assert watch((3, 65_534, 4), (3, 3, 8)) == 1


def test_a_panel_that_was_started_again_counts_from_nothing() -> None:
    assert watch((3, 100, 4), (4, 50, 8), (4, 54, 12)) == 0
    assert watch((65_535, 100, 4), (0, 50, 8), (0, 55, 12)) == 1


def test_another_host_on_the_same_line_is_counted(tmp_path: Path) -> None:
    device = controller(tmp_path)
    line = TimedLine(lambda data: [(0.01, device.feed(data))])
    panel = SerialPanel(line.exchange(), "/dev/none")
    panel.read_state()
    device.feed(encode(Line(">", 1, ("heartbeat",))) + encode(Line(">", 2, ("state",))))
    panel.read_state()
    assert panel.line_count.foreign_commands == 2
    panel.read_state()
    assert panel.line_count.foreign_commands == 2


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_no_line_however_slow_or_lossy_looks_like_a_second_master(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    reach = panel_on_the_line(tmp_path_factory.mktemp("panel"))

    def unsteady(question: bytes) -> Iterable[tuple[float, bytes]]:
        fate = data.draw(st.sampled_from(["good", "good", "slow", "question lost", "answer lost"]))
        if fate == "question lost":
            return []
        answers = list(reach(question))
        delay_s = {"good": 0.01, "slow": 0.31, "answer lost": 1e9}[fate]
        return [(delay_s, answer) for _, answer in answers]

    line = TimedLine(unsteady)
    panel = SerialPanel(line.exchange(), "/dev/none")
    for _look in range(5):
        try:
            panel.read_state()
        except PanelSilent:
            continue
    assert panel.line_count.foreign_commands == 0
