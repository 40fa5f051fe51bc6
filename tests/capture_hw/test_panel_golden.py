"""The bytes of whole sessions, as others who build a panel or a host can replay them."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from capture_hw.error import PanelRefused
from capture_hw.panel.exchange import Words
from capture_hw.panel.line import MOST_BYTES, Line, decode
from capture_hw.panel.serial_panel import SerialPanel
from capture_hw.panel.state import (
    LampState,
    PanelIdentity,
    PanelState,
    RunningOverride,
    SensorReading,
)
from tests.capture_hw.test_panel_transfer import NEW
from tests.capture_hw.timed_line import TimedLine, controller

GOLDEN: Final = Path(__file__).parent / "golden" / "panel"
PAGE: Final = Path(__file__).parents[2] / "docs" / "panel-protocol.md"
SESSIONS: Final = sorted(path.stem for path in GOLDEN.glob("*.txt"))


def capture(session: str) -> list[bytes]:
    """Return the lines of a session, with their ends, without remarks."""
    text = (GOLDEN / f"{session}.txt").read_bytes()
    return [line for line in text.splitlines(keepends=True) if not line.startswith(b"#")]


@pytest.fixture
def replay() -> Iterator[Callable[[str], SerialPanel]]:
    """Give a panel that says what the capture says, as long as the host does."""
    rest: list[bytes] = []

    def far_side(question: bytes) -> list[tuple[float, bytes]]:
        assert question == rest.pop(0)
        return [(0.01, rest.pop(0))] if rest and rest[0].startswith(b"<") else []

    def start(session: str) -> SerialPanel:
        rest.extend(capture(session))
        return SerialPanel(TimedLine(far_side).exchange(), "/dev/none")

    yield start
    assert rest == []


def test_no_session_is_missing() -> None:
    assert SESSIONS == [
        "identify",
        "lost-answer",
        "new-panel",
        "orders",
        "program",
        "refused",
        "state",
        "upload",
    ]
    assert all(len(line) <= MOST_BYTES for session in SESSIONS for line in capture(session))


def test_identify(replay: Callable[[str], SerialPanel]) -> None:
    assert replay("identify").identify() == PanelIdentity(
        model="simulated-panel",
        firmware="1.0",
        serial_number="SIM-lamp",
        protocol=1,
        up_s=3.75,
        reset_cause="power",
        resets=1,
        ir_floor_permille=250,
        longest_override_s=3600,
        has_rtc=False,
    )


def test_new_panel(replay: Callable[[str], SerialPanel]) -> None:
    panel = replay("new-panel")
    state = panel.read_state()
    assert (state.utc_ns, state.clock, state.program_crc) == (None, "none", None)
    assert (state.phase, state.white, state.ir) == ("dark", LampState(0, 0), LampState(1000, 1000))
    assert panel.read_program() is None


def test_state(replay: Callable[[str], SerialPanel]) -> None:
    assert replay("state").read_state() == PanelState(
        utc_ns=1_795_370_404_000_000_000,
        clock="host",
        phase="light",
        white=LampState(600, 600),
        ir=LampState(900, 900),
        program_crc=0x206E,
        overrides=(),
        next_change_utc_s=1_795_399_200,
        host_silent_s=1.25,
        up_s=30.0,
        resets=1,
        commands=25,
        bad_lines=0,
    )


def test_upload(replay: Callable[[str], SerialPanel]) -> None:
    panel = replay("upload")
    panel.upload(NEW)
    panel.set_time(1_795_370_400_250_000_000, 60)


def test_program(replay: Callable[[str], SerialPanel]) -> None:
    assert replay("program").read_program() == NEW


def test_orders(replay: Callable[[str], SerialPanel]) -> None:
    panel = replay("orders")
    panel.override_white(300, 600)
    panel.dim_infrared(500, 1.5)
    state = panel.read_state()
    assert (state.phase, state.white.commanded) == ("light", 300)
    assert state.overrides == (RunningOverride("white", 300, 596.25),)
    panel.end_override()
    panel.trim_clock(-37)
    panel.calibrate(None, 812)
    assert panel.sense() == SensorReading(600, 900, 1000, 812, -37)
    panel._exchange.confirm("heartbeat")


def test_refused(replay: Callable[[str], SerialPanel]) -> None:
    exchange = replay("refused")._exchange
    said = []
    for words in (
        ("sing",),
        ("trim",),
        ("override", "white", "1001", "600000"),
        ("override", "ir", "100", "1000"),
        ("begin", "900"),
        ("verify",),
        ("stage-span", "0", "0", "0"),
    ):
        try:
            exchange.confirm(*words)
            said.append("confirmed")
        except PanelRefused as refused:
            said.append(str(refused).partition(": refuses ")[2])
    assert said == [
        "'sing': it does not know the command",
        "'trim': number or form of the arguments is wrong",
        "'override': a value is out of its range",
        "'override': a value is out of its range",
        "confirmed",
        "'verify': the program is not whole or not in order",
        "'stage-span': the program is not whole or not in order",
    ]


def test_lost_answer(replay: Callable[[str], SerialPanel]) -> None:
    def same(words: Words) -> Words:
        return words

    exchange = replay("lost-answer")._exchange
    exchange.confirm("begin", "900")
    exchange.confirm("stage-era", "0", "25200", "86400", "1")
    exchange.confirm("stage-span", "0", "0", "0")
    assert exchange.ask(same, "verify") == ("18BD",)


def test_the_page_shows_every_session_and_every_command() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for session in SESSIONS:
        assert f"```\n{b''.join(capture(session)).decode()}```\n" in page, session
    shown = b"".join(line for session in SESSIONS for line in capture(session))
    verbs = set(re.findall(r"^\| `([a-z-]+)[ `]", page, re.MULTILINE)) - {"verb"}
    assert len(verbs) == 20
    assert {verb for verb in verbs if f" {verb}".encode() not in shown} == set()


def test_every_line_on_the_page_is_one() -> None:
    page = PAGE.read_bytes()
    lines = [line for line in page.splitlines() if re.match(rb"[<>][0-9A-F]{2} ", line)]
    assert len(lines) > 70
    assert [line for line in lines if not isinstance(decode(line), Line)] == []


def test_a_panel_says_the_same_byte_for_byte(tmp_path: Path) -> None:
    panel = controller(tmp_path)
    for session in ("upload", "program", "lost-answer", "refused"):
        lines = capture(session)
        for question, answer in pairwise(lines):
            if question.startswith(b">"):
                said = panel.feed(question)
                assert said == answer or answer.startswith(b">")
