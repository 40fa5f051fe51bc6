"""One question, its answer: on a line that loses, delays, repeats and invents."""

from collections.abc import Iterable

import pytest

from capture_hw.error import PanelLost, PanelRefused, PanelSilent
from capture_hw.panel.exchange import Exchange, LineFaults, Words
from capture_hw.panel.line import Line, encode
from tests.capture_hw.timed_line import TimedLine, answer_to, echo_verb, line_in


def same(words: Words) -> Words:
    return words


def ask(exchange: Exchange) -> Words:
    return exchange.ask(same, "clock")


def clock(question: bytes, second: str = "5") -> bytes:
    return answer_to(question, "clock", second)


def test_the_answer_is_given_without_its_verb() -> None:
    line = TimedLine(lambda question: [(0.02, clock(question))])
    assert ask(line.exchange()) == ("5",)
    assert line.written == [b">2A clock*D3F8\n"]
    assert line.now_s == 0.02


def test_numbers_go_on_and_begin_again() -> None:
    line = TimedLine(echo_verb)
    exchange = line.exchange()
    for _ in range(300):
        exchange.confirm("heartbeat")
    numbers = [line_in(data).number for data in line.written]
    assert numbers == [(0x2A + turn) % 256 for turn in range(300)]
    assert exchange.sent == 300
    assert exchange.faults == LineFaults()


def test_a_lost_answer_is_asked_for_again_after_300_ms() -> None:
    line = TimedLine(lambda question: [(0.01, clock(question))] if len(line.written) == 2 else [])
    exchange = line.exchange()
    assert ask(exchange) == ("5",)
    assert line.now_s == pytest.approx(0.31)
    assert exchange.sent == 2


def test_silence_is_known_after_900_ms() -> None:
    line = TimedLine(lambda _question: [])
    with pytest.raises(PanelSilent, match=r"^panel lamp: no valid answer to 'clock'$"):
        ask(line.exchange())
    assert line.now_s == pytest.approx(0.9)
    assert len(line.written) == 3


def test_no_call_is_longer_than_it_may_be() -> None:
    line = TimedLine(lambda _question: [])
    exchange = line.exchange()
    with exchange.within(0.5), exchange.within(20), pytest.raises(PanelSilent):
        ask(exchange)
    assert line.now_s == pytest.approx(0.5)
    with pytest.raises(PanelSilent):
        ask(exchange)
    assert line.now_s == pytest.approx(1.4)


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_one() -> None:
    def slow_first(question: bytes) -> Iterable[tuple[float, bytes]]:
        turn = len(line.written)
        return [(0.35 if turn == 1 else 0.1, clock(question, str(turn)))]

    line = TimedLine(slow_first)
    exchange = line.exchange()
    assert ask(exchange) == ("2",)
    assert exchange.faults == LineFaults(late=1)


def test_an_answer_that_comes_twice_is_late_once() -> None:
    line = TimedLine(lambda question: [(0.01, clock(question)), (0.02, clock(question))])
    exchange = line.exchange()
    ask(exchange)
    ask(exchange)
    assert exchange.faults == LineFaults(late=1)


def test_an_echo_is_no_answer() -> None:
    line = TimedLine(lambda question: [(0.0, question), *echo_verb(question)])
    exchange = line.exchange()
    exchange.confirm("time", "5", "0", "60")
    assert exchange.faults == LineFaults(echoes=1)


def test_a_line_that_only_echoes_is_silent() -> None:
    line = TimedLine(lambda question: [(0.0, question)])
    exchange = line.exchange()
    with pytest.raises(PanelSilent):
        exchange.confirm("heartbeat")
    assert exchange.faults == LineFaults(echoes=3)


def test_questions_and_answers_of_another_host_are_told_apart() -> None:
    other = Line(">", 0x99, ("state",))

    def busy_line(question: bytes) -> Iterable[tuple[float, bytes]]:
        foreign = encode(other) + answer_to(encode(other), "state", "dark")
        return [(0.0, foreign), (0.01, clock(question))]

    exchange = TimedLine(busy_line).exchange()
    assert ask(exchange) == ("5",)
    assert exchange.faults == LineFaults(foreign=2)


def test_an_answer_with_another_verb_is_no_answer() -> None:
    line = TimedLine(lambda question: [(0.0, answer_to(question, "state", "5"))])
    exchange = line.exchange()
    with pytest.raises(PanelSilent):
        ask(exchange)
    assert exchange.faults.total == 3


def test_garbage_half_lines_and_wrong_crcs_are_counted_and_survived() -> None:
    def noisy(question: bytes) -> Iterable[tuple[float, bytes]]:
        answer = clock(question)
        wrong = answer.replace(b" 5", b" 6")
        return [(0.0, b"\x00\xffgarbage\n" + answer[:9] + b"\n" + wrong + answer)]

    exchange = TimedLine(noisy).exchange()
    assert ask(exchange) == ("5",)
    assert exchange.faults == LineFaults(damaged=3)


def test_a_flood_of_garbage_ends_with_the_time() -> None:
    line = TimedLine(lambda _question: [(n / 1000, b"U" * 500) for n in range(2000)])
    exchange = line.exchange()
    with pytest.raises(PanelSilent):
        ask(exchange)
    assert line.now_s == pytest.approx(0.9, abs=0.002)
    assert exchange.faults == LineFaults(too_long=1)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("verb", "panel lamp: refuses 'clock': it does not know the command"),
        ("arguments", "panel lamp: refuses 'clock': number or form of the arguments is wrong"),
        ("range", "panel lamp: refuses 'clock': a value is out of its range"),
        ("order", "panel lamp: refuses 'clock': the program is not whole or not in order"),
        ("crc", "panel lamp: refuses 'clock': another program than this one is staged"),
        ("storage", "panel lamp: refuses 'clock': its memory does not take it"),
        ("hot", "panel lamp: refuses 'clock': error 'hot'"),
    ],
)
def test_what_a_panel_refuses_is_said_and_not_asked_again(code: str, sentence: str) -> None:
    line = TimedLine(lambda question: [(0.0, answer_to(question, "error", code))])
    with pytest.raises(PanelRefused) as refused:
        ask(line.exchange())
    assert str(refused.value) == sentence
    assert len(line.written) == 1


def test_a_busy_panel_is_asked_until_it_has_time() -> None:
    def busy_at_first(question: bytes) -> Iterable[tuple[float, bytes]]:
        words = ("clock", "5") if len(line.written) > 10 else ("error", "busy")
        return [(0.01, answer_to(question, *words))]

    line = TimedLine(busy_at_first)
    exchange = line.exchange()
    with exchange.within(1.8):
        assert ask(exchange) == ("5",)
    assert line.now_s == pytest.approx(0.61)


def test_a_panel_that_is_busy_for_ever_is_silent() -> None:
    line = TimedLine(lambda question: [(0.01, answer_to(question, "error", "busy"))])
    exchange = line.exchange()
    with exchange.within(1.8), pytest.raises(PanelSilent, match="stays busy writing"):
        ask(exchange)
    assert line.now_s == pytest.approx(1.8)


def test_nonsense_is_no_answer_and_is_quoted() -> None:
    def refuse(words: Words) -> None:
        raise ValueError(f"{words[0]!r} is no number")

    line = TimedLine(lambda question: [(0.01, answer_to(question, "clock", "x"))])
    exchange = line.exchange()
    with pytest.raises(PanelSilent) as silent:
        exchange.ask(refuse, "clock")
    assert str(silent.value) == (
        "panel lamp: no valid answer to 'clock'; it said 'clock x': 'x' is no number"
    )
    assert exchange.faults == LineFaults(nonsense=3)


def test_a_confirmation_of_something_else_is_none() -> None:
    line = TimedLine(lambda question: [(0.01, answer_to(question, "trim", "6"))])
    with pytest.raises(PanelSilent, match="it said 'trim 6': that is not '5'"):
        line.exchange().confirm("trim", "5")


def test_a_line_that_is_gone_is_lost_and_named() -> None:
    line = TimedLine(echo_verb)
    line.is_plugged_in = False
    with pytest.raises(PanelLost, match=r"^panel lamp: /dev/none: the line is gone$"):
        line.exchange().confirm("heartbeat")
