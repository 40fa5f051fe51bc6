"""Programs to and from a panel over a line that loses, damages and repeats what passes."""

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture_hw.error import PanelRefused, PanelSilent
from capture_hw.light_plan import Era
from capture_hw.panel.exchange import Exchange
from capture_hw.panel.program import PanelProgram
from capture_hw.panel.serial_panel import SerialPanel
from capture_hw.photoperiod import LightSpan, Photoperiod
from tests.capture_hw.timed_line import (
    TimedLine,
    answer_to,
    controller,
    line_in,
    panel_on_the_line,
)

DAY: Final = Era(0, Photoperiod(25_200, 86_400, (LightSpan(0, 600, 600), LightSpan(43_200, 0, 0))))
SHIFTED: Final = Era(
    1_795_374_000,
    Photoperiod(
        3600, 82_800, (LightSpan(0, 0, 500), LightSpan(1800, 500, 500), DAY.photoperiod.spans[1])
    ),
)
OLD: Final = PanelProgram(1000, (DAY,))
NEW: Final = PanelProgram(900, (DAY, SHIFTED))
STAGED: Final = [
    "begin 900",
    "stage-era 0 25200 86400 2",
    "stage-span 0 600 600",
    "stage-span 43200 0 0",
    "stage-era 1795374000 3600 82800 3",
    "stage-span 0 0 500",
    "stage-span 1800 500 500",
    "stage-span 43200 0 0",
    "verify",
]


def panel_at(line: TimedLine) -> SerialPanel:
    return SerialPanel(line.exchange(), "/dev/none")


def test_a_program_is_staged_compared_and_committed(tmp_path: Path) -> None:
    line = TimedLine(panel_on_the_line(tmp_path))
    panel = panel_at(line)
    panel.upload(NEW)
    assert line.questions == [*STAGED, f"commit {NEW.crc:04X}"]
    assert panel.read_program() == NEW
    assert line.questions[10:] == ["program", *(f"span {n}" for n in range(5)), "era 0", "era 1"]


def test_a_panel_without_a_program_has_none(tmp_path: Path) -> None:
    assert panel_at(TimedLine(panel_on_the_line(tmp_path))).read_program() is None


@pytest.mark.parametrize("lost", range(len(STAGED) + 1))
@pytest.mark.parametrize("what", ["question", "answer"])
def test_whatever_is_lost_the_program_arrives(tmp_path: Path, lost: int, what: str) -> None:
    reach = panel_on_the_line(tmp_path)

    def lossy(data: bytes) -> Iterable[tuple[float, bytes]]:
        if len(line.written) - 1 != lost:
            return reach(data)
        if what == "answer":
            reach(data)
        return []

    line = TimedLine(lossy)
    panel = panel_at(line)
    if (what, lost) == ("question", len(STAGED)):
        with pytest.raises(PanelSilent, match="no valid answer to 'commit'"):
            panel.upload(NEW)
        assert panel.read_program() is None
        panel.upload(NEW)
    else:
        panel.upload(NEW)
    assert panel.read_program() == NEW


def test_a_panel_that_is_reset_while_it_stages_gets_all_of_it_again(tmp_path: Path) -> None:
    panels = [controller(tmp_path)]

    def with_reset(data: bytes) -> Iterable[tuple[float, bytes]]:
        if len(line.written) == 5:
            panels.append(controller(tmp_path))
        return [(0.01, panels[-1].feed(data))]

    line = TimedLine(with_reset)
    panel = panel_at(line)
    panel.upload(NEW)
    assert panel.read_program() == NEW
    assert line.questions.count("begin 900") == 2


def test_a_program_that_arrives_otherwise_is_never_committed() -> None:
    def forgetful(data: bytes) -> Iterable[tuple[float, bytes]]:
        words = line_in(data).words
        return [(0.01, answer_to(data, *(("verify", "0000") if words == ("verify",) else words)))]

    line = TimedLine(forgetful)
    with pytest.raises(PanelRefused) as refused:
        panel_at(line).upload(NEW)
    assert str(refused.value) == (
        f"panel lamp: the program arrived with CRC 0000, not {NEW.crc:04X}"
    )
    assert not any(question.startswith("commit") for question in line.questions)


def test_a_panel_that_cannot_take_it_refuses_it(tmp_path: Path) -> None:
    line = TimedLine(panel_on_the_line(tmp_path))
    panel = panel_at(line)
    panel.upload(OLD)
    with pytest.raises(PanelRefused, match="refuses 'verify': a value is out of its range"):
        panel.upload(PanelProgram(100, (DAY,)))
    assert panel.read_program() == OLD


def test_a_silent_panel_ends_an_upload_at_once() -> None:
    line = TimedLine(lambda _data: [])
    with pytest.raises(PanelSilent):
        panel_at(line).upload(NEW)
    assert line.now_s == pytest.approx(0.9)


def test_an_upload_on_a_slow_line_ends_within_ten_seconds(tmp_path: Path) -> None:
    reach = panel_on_the_line(tmp_path)

    def slow(data: bytes) -> Iterable[tuple[float, bytes]]:
        answers = [answer for _, answer in reach(data)]
        return [(0.59, answer) for answer in answers] if len(line.written) % 3 else []

    line = TimedLine(slow)
    with pytest.raises(PanelSilent):
        panel_at(line).upload(NEW)
    assert line.now_s <= 10


def test_a_program_that_changes_while_it_is_read_is_not_believed(tmp_path: Path) -> None:
    reach = panel_on_the_line(tmp_path)

    def torn(data: bytes) -> Iterable[tuple[float, bytes]]:
        if line_in(data).words == ("span", "0"):
            return [(0.01, answer_to(data, "span", "0", "0", "601", "600"))]
        return reach(data)

    line = TimedLine(torn)
    panel = panel_at(line)
    panel.upload(OLD)
    with pytest.raises(PanelSilent, match="the program that it shows has CRC"):
        panel.read_program()


def _spoil(data: bytes, chance: random.Random, rate: float) -> bytes:
    """Return what a bad line makes of some bytes."""
    if chance.random() >= rate:
        return data
    place = chance.randrange(len(data) + 1)
    return chance.choice(
        [
            b"",
            data[:place],
            data[place:],
            data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :],
            data + data,
            b"\xff\x00U" * 40 + b"\n" + data,
        ]
    )


# A damage that happens to have the right CRC is one in 65,536: always the same examples.
@settings(max_examples=60, derandomize=True, deadline=None)
@given(seed=st.integers(0, 2**32), rate=st.sampled_from([0.02, 0.2, 0.6]))
def test_on_any_line_a_panel_runs_the_old_program_or_all_of_the_new(
    tmp_path_factory: pytest.TempPathFactory, seed: int, rate: float
) -> None:
    chance = random.Random(seed)
    device = controller(tmp_path_factory.mktemp("panel"))
    good = TimedLine(lambda data: [(0.01, device.feed(data))])
    panel_at(good).upload(OLD)

    def bad(data: bytes) -> Iterable[tuple[float, bytes]]:
        answers = device.feed(_spoil(data, chance, rate))
        return [(chance.choice([0.01, 0.29, 0.4]), _spoil(answers, chance, rate))]

    line = TimedLine(bad)
    line.now_s = 1.0
    before_s = line.now_s
    arrived = True
    try:
        SerialPanel(Exchange(line, "lamp", 7, line.monotonic), "/dev/none").upload(NEW)
    except (PanelSilent, PanelRefused):
        arrived = False
    assert line.now_s - before_s <= 10
    device.feed(b"\n")
    runs = panel_at(good).read_program()
    assert runs == NEW or (runs == OLD and not arrived)
