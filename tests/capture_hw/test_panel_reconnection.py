"""A panel is there again when its line is, wherever that is by then."""

from contextlib import suppress
from pathlib import Path

import pytest

from capture_hw.error import PanelLost, PanelRefused, PanelSilent
from tests.capture_hw.port_bench import Bench
from tests.capture_hw.timed_line import FarSide, answer_to, line_in, panel_on_the_line


def named(
    serial_number: str, up_ms: int = 50_000, cause: str = "power", protocol: int = 1
) -> FarSide:
    """Return a panel that only says who it is, and takes everything."""
    known = {
        "identify": ("identify", "nano", "1.0", serial_number, str(protocol)),
        "limits": ("limits", "250", "3600", "8", "40", "-"),
        "uptime": ("uptime", str(up_ms), "7", cause),
    }

    def say(data: bytes) -> list[tuple[float, bytes]]:
        words = line_in(data).words
        return [(0.01, answer_to(data, *known.get(words[0], words)))]

    return say


def silent(_data: bytes) -> list[tuple[float, bytes]]:
    return []


def test_nothing_is_opened_before_it_is_needed(tmp_path: Path) -> None:
    bench = Bench()
    assert (bench.opened, bench.panel.port) == ([], "")
    bench.plug("/dev/a", panel_on_the_line(tmp_path))
    assert bench.panel.identify().serial_number == "SIM-lamp"
    bench.panel.read_state()
    assert bench.panel.port == "/dev/a"
    assert [path for path, _ in bench.opened] == ["/dev/a"]
    assert bench.panel.line_count.openings == 1


def test_a_missing_port_is_said_at_once_and_tried_with_growing_pauses() -> None:
    bench = Bench()
    for _step in range(1000):
        with pytest.raises(PanelLost, match=r"^panel lamp: /dev/a: there is no such port$"):
            bench.panel.read_state()
        bench.now_s += 0.01
    tried = [round(at_s - 100, 2) for _, at_s in bench.opened]
    assert tried == [0.0, 0.25, 0.75, 1.75, 3.75, 5.75, 7.75, 9.75]


def test_a_panel_is_back_within_two_seconds_of_its_cable() -> None:
    bench = Bench()
    bench.plug("/dev/a", named("N1"))
    bench.panel.identify()
    bench.unplug("/dev/a")
    for _second in range(60):
        with pytest.raises(PanelLost):
            bench.panel.identify()
        bench.now_s += 1.0
    bench.plug("/dev/a", named("N1"))
    plugged_in_s = bench.now_s
    while not bench.panel.port:
        try:
            bench.panel.identify()
        except PanelLost:
            bench.now_s += 0.05
    assert bench.now_s - plugged_in_s <= 2.1
    assert bench.panel.line_count.openings == 2


def test_a_panel_that_comes_back_elsewhere_is_found() -> None:
    bench = Bench()
    bench.plug("/dev/a", named("N1"))
    bench.panel.identify()
    bench.unplug("/dev/a")
    bench.paths = ["/dev/b"]
    bench.plug("/dev/b", named("N1"))
    with pytest.raises(PanelLost):
        bench.panel.identify()
    bench.now_s += 0.3
    assert bench.panel.identify().serial_number == "N1"
    assert bench.panel.port == "/dev/b"


def test_no_adapter_is_said_with_the_panels_name() -> None:
    bench = Bench()
    bench.paths = []
    with pytest.raises(PanelLost, match=r"^panel lamp: no USB adapter is plugged in$"):
        bench.panel.sense()


def test_a_port_is_opened_again_after_three_silent_questions() -> None:
    bench = Bench()
    line = bench.plug("/dev/a", named("N1"))
    bench.panel.identify()
    line.far_side = silent
    for _question in range(2):
        with pytest.raises(PanelSilent):
            bench.panel.end_override()
        assert line.is_open
    with pytest.raises(PanelSilent):
        bench.panel.end_override()
    assert not line.is_open
    assert bench.panel.port == ""
    bench.now_s += 0.3
    line.far_side = named("N1")
    bench.panel.end_override()
    assert bench.panel.line_count.openings == 2


def test_every_call_on_a_silent_panel_ends_within_two_seconds() -> None:
    bench = Bench()
    line = bench.plug("/dev/a", named("N1"))
    bench.panel.identify()
    line.far_side = silent
    panel = bench.panel
    for call in (panel.identify, panel.read_state, panel.end_override, panel.sense) * 5:
        began_s = bench.now_s
        with pytest.raises(PanelSilent):
            call()
        assert bench.now_s - began_s <= 2
        bench.now_s += 1


def test_a_call_that_must_open_a_slow_panel_first_ends_within_two_seconds() -> None:
    bench = Bench()
    slow = named("N1")
    bench.plug("/dev/a", lambda data: [(0.2, answer) for _, answer in slow(data)])
    began_s = bench.now_s
    with pytest.raises(PanelSilent):
        bench.panel.read_state()
    assert bench.now_s - began_s <= 2


def test_another_panel_is_refused_and_its_port_let_go() -> None:
    bench = Bench(serial_number="N1")
    line = bench.plug("/dev/a", named("N2"))
    with pytest.raises(PanelRefused) as refused:
        bench.panel.end_override()
    assert str(refused.value) == "panel lamp: another panel answers, N2 instead of N1"
    assert not line.is_open
    assert line.questions == ["identify", "limits", "uptime"]
    with pytest.raises(PanelRefused, match="N2 instead of N1"):
        bench.panel.end_override()
    assert len(line.questions) == 3


def test_a_panel_that_was_exchanged_on_an_open_line_is_refused() -> None:
    bench = Bench(serial_number="N1")
    line = bench.plug("/dev/a", named("N1"))
    bench.panel.identify()
    line.far_side = named("N2")
    with pytest.raises(PanelRefused, match="N2 instead of N1"):
        bench.panel.identify()


def test_another_version_of_the_protocol_is_refused() -> None:
    bench = Bench()
    bench.plug("/dev/a", named("N1", protocol=2))
    with pytest.raises(PanelRefused) as refused:
        bench.panel.read_state()
    assert str(refused.value) == "panel lamp: speaks version 2 of the panel protocol, not 1"


def test_of_two_ports_none_is_asked_if_the_panel_cannot_be_told() -> None:
    bench = Bench()
    bench.paths = ["/dev/a", "/dev/b"]
    with pytest.raises(PanelRefused) as refused:
        bench.panel.read_state()
    assert str(refused.value) == (
        "panel lamp: 2 adapters match its port (/dev/a, /dev/b); "
        "give the panel's serial_number, or the adapter's in the port"
    )
    assert bench.opened == []


def test_of_many_ports_the_one_with_the_panel_is_found() -> None:
    bench = Bench(serial_number="N1")
    bench.paths = [f"/dev/{letter}" for letter in "abcdef"]
    bench.plug("/dev/a", named("N2"))
    for letter in "bcde":
        bench.plug(f"/dev/{letter}", silent)
    bench.plug("/dev/f", named("N1"))
    tries = 0
    while not bench.panel.port:
        began_s = bench.now_s
        with suppress(PanelSilent):
            bench.panel.identify()
        assert bench.now_s - began_s <= 2
        bench.now_s += 1
        tries += 1
    assert tries <= 12
    assert bench.panel.port == "/dev/f"
    asked = {letter: bench.lines[f"/dev/{letter}"].questions for letter in "bcde"}
    assert all(set(questions) == {"identify"} for questions in asked.values())


def test_a_port_that_is_held_by_others_is_passed_over_with_its_reason() -> None:
    bench = Bench(serial_number="N1")
    bench.paths = ["/dev/held", "/dev/f"]
    bench.plug("/dev/f", named("N1"))
    assert bench.panel.identify().serial_number == "N1"
    bench.unplug("/dev/f")
    with pytest.raises(PanelLost):
        bench.panel.identify()
    bench.now_s += 3
    with pytest.raises(PanelSilent, match="/dev/held: there is no such port"):
        bench.panel.identify()


@pytest.mark.parametrize(
    ("up_ms", "cause", "resets"),
    [(90, "external", 1), (90, "power", 0), (60_000, "external", 0)],
)
def test_a_controller_that_opening_resets_is_noticed(up_ms: int, cause: str, resets: int) -> None:
    bench = Bench()
    bench.plug("/dev/a", named("N1", up_ms=up_ms, cause=cause))
    bench.panel.identify()
    assert bench.panel.line_count.resets_by_opening == resets


def test_a_controller_that_was_reset_by_an_opening_before_is_noticed() -> None:
    bench = Bench()
    line = bench.plug("/dev/a", silent)
    for _try in range(2):
        with pytest.raises(PanelSilent):
            bench.panel.identify()
        bench.now_s += 1
    line.far_side = named("N1", up_ms=1800, cause="external")
    bench.panel.identify()
    assert bench.panel.line_count.resets_by_opening == 1


def test_counts_go_on_over_openings() -> None:
    bench = Bench()
    bench.plug("/dev/a", lambda data: [(0.0, b"noise\n"), *named("N1")(data)])
    bench.panel.identify()
    first = bench.panel.line_count
    assert (first.sent, first.faults, first.openings) == (6, 6, 1)
    bench.unplug("/dev/a")
    with pytest.raises(PanelLost):
        bench.panel.identify()
    bench.plug("/dev/a", named("N1"))
    bench.now_s += 1
    bench.panel.identify()
    again = bench.panel.line_count
    assert (again.sent, again.faults, again.openings) == (12, 6, 2)


def test_closing_lets_go_of_the_line_and_can_be_done_twice() -> None:
    bench = Bench()
    line = bench.plug("/dev/a", named("N1"))
    bench.panel.identify()
    bench.panel.close()
    bench.panel.close()
    assert not line.is_open
    assert bench.panel.port == ""
    assert bench.released == 2
