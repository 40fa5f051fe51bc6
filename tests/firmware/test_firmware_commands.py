"""Every command of the panel protocol against the real firmware, errors included."""

import re

import pytest

from capture_hw.panel.line import Line, encode
from tests.firmware.emulated_panel import EmulatedPanel, SensorFault
from tests.firmware.host import DAY, NIGHT, NOON_S, Host, NoAnswer


def test_a_fresh_panel_says_what_it_is(host: Host) -> None:
    assert host.ask("identify") == "identify etho-panel-328p 1.0 EP-0042 1"
    assert host.ask("limits") == "limits 250 3600 8 40 -"
    assert re.fullmatch(r"uptime \d+ 1 power", host.ask("uptime"))
    assert host.ask("state") == "state dark 0 - 1000 - - -"
    assert host.ask("clock") == "clock - 0 0 none -"
    assert host.ask("program") == "program - 0 0 - 0"
    assert host.ask("heartbeat") == "heartbeat"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("nonsense", "error verb"),
        ("State", "error verb"),
        ("state now", "error arguments"),
        ("one two three four five six seven eight", "error verb"),
        ("state two three four five six seven eight", "error arguments"),
        ("time 1 2", "error arguments"),
        ("time 01 0 0", "error arguments"),
        ("time -0 0 0", "error arguments"),
        ("time +1 0 0", "error arguments"),
        ("time 1 0 x", "error arguments"),
        ("time 4294967296 0 0", "error range"),
        ("time 99999999999999999999 0 0", "error range"),
        ("time -1 0 0", "error range"),
        ("time 0 1000 0", "error range"),
        ("time 0 0 841", "error range"),
        ("time 0 0 -841", "error range"),
        ("era 0", "error range"),
        ("span 0", "error range"),
        ("span -", "error arguments"),
        ("stage-era 0 0 86400 1", "error order"),
        ("stage-span 0 0 0", "error order"),
        ("verify", "error order"),
        ("commit 1234", "error order"),
        ("commit 123", "error arguments"),
        ("commit 12aB", "error arguments"),
        ("override", "error arguments"),
        ("override red 1 1", "error arguments"),
        ("override end now", "error arguments"),
        ("override white 1", "error arguments"),
        ("override white 1001 1", "error range"),
        ("override white 1 0", "error range"),
        ("override white 1 3600001", "error range"),
        ("override ir 249 1", "error range"),
        ("override ir 1001 1", "error range"),
        ("override ir 250 2001", "error range"),
        ("trim 20001", "error range"),
        ("trim -20001", "error range"),
        ("calibrate 0 -", "error range"),
        ("calibrate - 1024", "error range"),
        ("calibrate x 1024", "error arguments"),
        ("begin 65536", "error range"),
    ],
)
def test_what_is_wrong_is_refused_with_its_code(host: Host, question: str, answer: str) -> None:
    assert host.ask(question) == answer


def test_a_program_is_read_back_as_it_was_committed(host: Host) -> None:
    host.commit(DAY)
    assert host.ask("program") == f"program 900 1 2 {DAY.crc:04X} 1"
    assert host.ask("era 0") == "era 0 0 0 86400 2"
    assert host.ask("span 0") == "span 0 0 600 600"
    assert host.ask("span 1") == "span 1 43200 0 0"
    assert host.ask("span 2") == "error range"
    host.commit(NIGHT)
    assert host.ask("program") == f"program 500 1 2 {NIGHT.crc:04X} 2"


def test_verify_says_the_crc_that_the_host_computes_and_commit_wants_it(host: Host) -> None:
    host.stage(DAY)
    assert host.ask("verify") == f"verify {DAY.crc:04X}"
    assert host.ask("commit 0000") == "error crc"
    assert host.crc() == "-"


@pytest.mark.parametrize(
    ("pieces", "answer"),
    [
        ("begin 900", "error order"),
        ("begin 900, stage-era 0 0 86400 1", "error order"),
        ("begin 900, stage-era 0 0 86400 0", "error order"),
        ("begin 900, stage-era 0 0 86400 1, stage-span 1 0 0", "error order"),
        ("begin 900, stage-era 0 0 9 2, stage-span 0 0 0, stage-span 9 1 1", "error order"),
        (
            "begin 900, stage-era 0 0 9 3, stage-span 0 0 0, stage-span 5 1 1, stage-span 5 2 2",
            "error order",
        ),
        (
            "begin 900, stage-era 7 0 9 1, stage-span 0 0 0, stage-era 7 0 8 1, stage-span 0 0 0",
            "error order",
        ),
        ("begin 249, stage-era 0 0 9 1, stage-span 0 0 0", "error range"),
        ("begin 1001, stage-era 0 0 9 1, stage-span 0 0 0", "error range"),
        ("begin 900, stage-era 0 9 9 1, stage-span 0 0 0", "error range"),
        ("begin 900, stage-era 0 0 9 1, stage-span 0 1001 0", "error range"),
        ("begin 900, stage-era 0 0 9 1, stage-span 0 0 1001", "error range"),
    ],
)
def test_a_program_that_cannot_run_is_refused_whole(host: Host, pieces: str, answer: str) -> None:
    assert [host.ask(piece) for piece in pieces.split(", ")] == pieces.split(", ")
    assert host.ask("verify") == answer
    assert host.ask("commit 0000") == answer


def test_too_many_pieces_are_refused(host: Host) -> None:
    host.ask("begin 900")
    assert host.ask("stage-era 0 0 86400 41") == "error order"
    assert host.ask("stage-era 0 0 259201 1") == "error range"
    for number in range(8):
        assert host.ask(f"stage-era {number} 0 86400 1") == f"stage-era {number} 0 86400 1"
        assert host.ask(f"stage-era {number + 50} 0 86400 1") == "error order"
        assert host.ask("stage-span 0 0 0") == "stage-span 0 0 0"
        assert host.ask("stage-span 9 0 0") == "error order"
    assert host.ask("stage-era 9 0 86400 1") == "error order"


def test_a_repeated_piece_is_staged_once(host: Host) -> None:
    pieces = ["begin 900", "stage-era 0 0 86400 2", "stage-span 0 600 600", "stage-span 43200 0 0"]
    for piece in pieces:
        assert (host.ask(piece), host.ask(piece)) == (piece, piece)
    assert host.ask("verify") == f"verify {DAY.crc:04X}"


def test_a_repeated_commit_writes_nothing(host: Host, panel: EmulatedPanel) -> None:
    host.commit(DAY)
    before = panel.eeprom_writes
    assert host.ask(f"commit {DAY.crc:04X}") == f"commit {DAY.crc:04X}"
    host.stage(NIGHT)
    assert host.ask(f"commit {DAY.crc:04X}") == f"commit {DAY.crc:04X}"
    assert panel.eeprom_writes == before
    assert panel.violations == 0


def test_while_it_commits_it_answers_questions_and_takes_no_other_program(
    host: Host, panel: EmulatedPanel
) -> None:
    host.stage(DAY)
    panel.feed(encode(Line(">", 0x77, ("commit", f"{DAY.crc:04X}"))))
    panel.run(0.1)
    assert host.ask("state") == "state dark 0 - 1000 - - -"
    for question in ("begin 900", "stage-span 0 0 0", "verify", "trim 5", "calibrate 1 1"):
        assert host.ask(question) == "error busy"
    assert host.ask(f"commit {DAY.crc:04X}") == "error busy"
    assert panel.take() == b""
    panel.run(2)
    assert panel.take() == encode(Line("<", 0x77, ("commit", f"{DAY.crc:04X}")))


def test_a_commit_is_answered_within_3_s_and_all_else_within_100_ms(host: Host) -> None:
    host.stage(DAY)
    host.ask(f"commit {DAY.crc:04X}")
    assert host.took_s < 3
    for question in ("state", "clock", "calibrate 1023 1023", "trim -20000", "verify"):
        host.ask(question)
        assert host.took_s < 0.1, question


def test_levels_are_measured_once_they_are_calibrated(host: Host, panel: EmulatedPanel) -> None:
    host.commit(DAY)
    host.set_time(NOON_S - 3600)
    panel.run(1)
    assert host.ask("sense") == "sense 480 720 - - 0"
    assert host.ask("calibrate 800 -") == "calibrate 800 -"
    assert host.ask("state").split()[2:6] == ["600", "600", "900", "-"]
    assert host.ask("calibrate - 800") == "calibrate - 800"
    assert host.ask("trim -1200") == "trim -1200"
    panel.power_cut()
    panel.run(1)
    assert host.words("sense")[2:] == ["800", "800", "-1200"]


def test_a_dead_and_a_stuck_lamp_are_measured(host: Host, panel: EmulatedPanel) -> None:
    host.commit(DAY)
    host.set_time(NOON_S - 3600)
    host.ask("calibrate 800 800")
    panel.set_lamp("white", SensorFault.DEAD)
    panel.set_lamp("ir", SensorFault.STUCK_ON)
    panel.run(1)
    assert host.words("state")[1:5] == ["600", "0", "900", "1000"]


def test_commands_and_silence_are_counted(host: Host, panel: EmulatedPanel) -> None:
    host.ask("heartbeat")
    panel.run(5)
    silent_ms, commands, bad, lost, loop_us = map(int, host.words("counters"))
    assert 4980 <= silent_ms <= 5030
    assert (commands, bad, lost) == (2, 0, 0)
    assert 0 < loop_us < 10_000


@pytest.mark.parametrize(
    ("line", "bad"),
    [
        (b"\n", 0),
        (b"\r\n", 0),
        (b">01 state*0000\n", 1),
        (b"state\n", 1),
        (b">0a" + encode(Line(">", 10, ("state",)))[3:], 1),
        (encode(Line("<", 1, ("state", "dark"))), 1),
        (b"x" * 96 + b"\n", 1),
        (b"x" * 1000 + b"\n", 1),
        (b"\x00\xff\x2a\n", 1),
    ],
)
def test_what_is_no_line_is_counted_and_not_answered(
    host: Host, panel: EmulatedPanel, line: bytes, bad: int
) -> None:
    panel.feed(line)
    panel.run(0.3)
    assert panel.take() == b""
    assert host.words("counters")[2] == str(bad)


def test_its_own_echo_is_no_bad_line(host: Host, panel: EmulatedPanel) -> None:
    panel.feed(encode(Line(">", 1, ("limits",))))
    panel.run(0.05)
    panel.feed(panel.take())
    panel.run(0.05)
    assert panel.take() == b""
    assert host.words("counters")[2] == "0"


def test_a_line_with_a_flipped_bit_is_never_answered(host: Host, panel: EmulatedPanel) -> None:
    good = encode(Line(">", 0x5A, ("override", "white", "1000", "60000")))
    for bit in range((len(good) - 1) * 8):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        panel.feed(bytes(bad) + b"\n")
        panel.run(0.006)
    assert panel.take() == b""
    assert panel.white == 0
    assert int(host.words("counters")[2]) >= (len(good) - 1) * 8


def test_the_longest_line_is_taken_with_and_without_cr(host: Host, panel: EmulatedPanel) -> None:
    longest = encode(Line(">", 9, ("x" * 86,)))
    assert len(longest) == 96
    panel.feed(longest)
    panel.feed(longest[:-1] + b"\r\n")
    panel.run(0.1)
    assert panel.take() == encode(Line("<", 9, ("error", "verb"))) * 2
    panel.feed(b">" + longest)
    panel.run(0.1)
    assert panel.take() == b""
    assert host.words("counters")[2] == "1"


def test_without_a_panel_there_is_no_answer(host: Host, panel: EmulatedPanel) -> None:
    panel.power_off()
    with pytest.raises(NoAnswer):
        host.ask("state")
