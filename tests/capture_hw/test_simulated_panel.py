"""What only a simulated panel does: faults on request, its memory file, cameras before it."""

import json
import os
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from capture_hw.error import PanelRefused, PanelSilent
from capture_hw.light_plan import Era
from capture_hw.panel.line import Line, decode, encode
from capture_hw.panel.program import PanelProgram
from capture_hw.panel.quartz import machine_quartz
from capture_hw.panel.simulated_controller import SimulatedController
from capture_hw.panel.simulated_panel import SimulatedPanelLine
from capture_hw.panel_config import PanelFault, PanelFaultKind, SimulatedPanelConfig
from capture_hw.panel_light import PanelLight
from capture_hw.photoperiod import LightSpan, Photoperiod
from tests.capture_hw.panel_rig import SECOND_NS, SimulatedRig, TurnedQuartz

HOUR_S: Final = 3600
SIX_TO_SIX: Final = PanelProgram(
    900,
    (
        Era(
            0,
            Photoperiod(
                6 * HOUR_S,
                24 * HOUR_S,
                (LightSpan(0, 600, 600), LightSpan(12 * HOUR_S, 0, 0)),
            ),
        ),
    ),
)


def config_of(light_file: Path | None = None) -> SimulatedPanelConfig:
    return SimulatedPanelConfig(name="north", driver="simulated", light_file=light_file)


def controller(
    memory: Path, quartz: TurnedQuartz, light_file: Path | None = None
) -> SimulatedController:
    return SimulatedController(config_of(light_file), memory, quartz.quartz)


def ask(panel: SimulatedController, text: str) -> str:
    """Return the words of the answer to a command."""
    answer = decode(panel.feed(encode(Line(">", 42, tuple(text.split())))).removesuffix(b"\n"))
    assert isinstance(answer, Line)
    assert (answer.way, answer.number) == ("<", 42)
    return " ".join(answer.words)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def told(panel: SimulatedController) -> SimulatedController:
    for command in (
        *("begin 900", "stage-era 0 21600 86400 2", "stage-span 0 600 600"),
        *("stage-span 43200 0 0", f"commit {SIX_TO_SIX.crc:04X}"),
    ):
        assert ask(panel, command) == command
    return panel


@pytest.mark.parametrize(
    ("kind", "at_s", "white", "infrared"),
    [
        ("white-dark", 7 * HOUR_S, 0, 900),
        ("ir-dark", 7 * HOUR_S, 600, 0),
        ("white-on", 3 * HOUR_S, 1000, 900),
    ],
)
def test_lamps_fail_on_request_while_the_commands_stay_right(
    tmp_path: Path, kind: PanelFaultKind, at_s: int, white: int, infrared: int
) -> None:
    with closing(SimulatedRig(tmp_path, PanelFault(kind=kind, after_s=10, for_s=5))) as rig:
        rig.panel.upload(SIX_TO_SIX)
        rig.panel.set_time(at_s * SECOND_NS, 0)
        well = rig.panel.read_state()
        assert (well.white.measured, well.ir.measured) == (well.white.commanded, well.ir.commanded)
        rig.wait(12)
        ill = rig.panel.read_state()
        assert (ill.white.measured, ill.ir.measured) == (white, infrared)
        assert (ill.white.commanded, ill.ir.commanded) == (well.white.commanded, 900)
        rig.wait(3)
        assert rig.panel.read_state().white.measured == well.white.measured


def test_a_silent_panel_answers_nothing_and_goes_on_as_scheduled(tmp_path: Path) -> None:
    with closing(SimulatedRig(tmp_path, PanelFault(kind="silent", after_s=10, for_s=5))) as rig:
        rig.panel.upload(SIX_TO_SIX)
        rig.panel.set_time((6 * HOUR_S - 12) * SECOND_NS, 0)
        rig.wait(10)
        with pytest.raises(PanelSilent, match="panel north: no valid answer to 'override'"):
            rig.panel.override_white(0, 600)
        rig.wait(5)
        state = rig.panel.read_state()
        assert (state.phase, state.white.measured, state.overrides) == ("light", 600, ())


@pytest.mark.parametrize("content", [b"", b"{", b'{"program": 3}', b"\xff\x00"])
def test_a_torn_memory_was_never_committed(tmp_path: Path, content: bytes) -> None:
    memory = tmp_path / "north.json"
    memory.write_bytes(content)
    assert ask(controller(memory, TurnedQuartz()), "program") == "program - 0 0 - 0"


def test_a_memory_whose_program_was_altered_was_never_committed(tmp_path: Path) -> None:
    memory = tmp_path / "north.json"
    told(controller(memory, TurnedQuartz()))
    kept = json.loads(memory.read_bytes())
    kept["program"]["eras"][0]["photoperiod"]["spans"][1]["from_permille"] = 1
    memory.write_text(json.dumps(kept))
    assert ask(controller(memory, TurnedQuartz()), "program") == "program - 0 0 - 0"


def test_a_memory_that_cannot_be_written_leaves_the_old_program_on(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with closing(SimulatedRig(blocked)) as rig:
        with pytest.raises(PanelRefused, match="refuses 'commit': its memory does not take it"):
            rig.panel.upload(SIX_TO_SIX)
        assert rig.panel.read_program() is None


def test_a_panel_that_was_given_nothing_leaves_no_file(tmp_path: Path) -> None:
    panel = controller(tmp_path / "panel" / "north.json", TurnedQuartz())
    for question in ("identify", "state", "clock", "begin 900", "heartbeat"):
        ask(panel, question)
    assert not any(tmp_path.iterdir())


def test_starts_are_counted_and_the_program_gets_a_higher_generation(tmp_path: Path) -> None:
    memory, quartz = tmp_path / "north.json", TurnedQuartz()
    told(controller(memory, quartz))
    again = controller(memory, quartz)
    assert ask(again, "uptime") == "uptime 0 2 power"
    assert ask(again, "program") == f"program 900 1 2 {SIX_TO_SIX.crc:04X} 1"
    for command in ("begin 800", "stage-era 0 0 60 1", "stage-span 0 5 5"):
        ask(again, command)
    crc = ask(again, "verify").removeprefix("verify ")
    assert ask(again, f"commit {crc}") == f"commit {crc}"
    assert ask(controller(memory, quartz), "program") == f"program 800 1 1 {crc} 2"


def test_each_piece_of_a_program_may_come_twice(tmp_path: Path) -> None:
    panel = controller(tmp_path / "north.json", TurnedQuartz())
    crc = f"{SIX_TO_SIX.crc:04X}"
    for command in (
        *("begin 900", "stage-era 0 21600 86400 2", "stage-span 0 600 600"),
        *("stage-span 43200 0 0", f"commit {crc}"),
    ):
        assert [ask(panel, command), ask(panel, command)] == [command, command]
    ask(panel, "begin 800")
    assert ask(panel, f"commit {crc}") == f"commit {crc}"
    assert ask(panel, "program") == f"program 900 1 2 {crc} 1"


def test_its_clock_goes_on_within_a_run_of_the_machine(tmp_path: Path) -> None:
    memory, quartz = tmp_path / "north.json", TurnedQuartz(100)
    ask(controller(memory, quartz), "time 25200 500 60")
    quartz.turn(10)
    assert ask(controller(memory, quartz), "clock") == "clock 25210 500 60 rtc -"
    assert ask(controller(memory, TurnedQuartz(3, run="two")), "clock").startswith("clock 3 0 ")


def test_a_trimmed_clock_runs_faster_and_does_not_jump(tmp_path: Path) -> None:
    quartz = TurnedQuartz(has_rtc=False)
    panel = controller(tmp_path / "north.json", quartz)
    ask(panel, "time 1000 0 0")
    quartz.turn(1000)
    ask(panel, "trim 500")
    assert ask(panel, "clock") == "clock 2000 0 0 host -"
    quartz.turn(1000)
    assert ask(panel, "clock") == "clock 3000 500 0 host -"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        *(
            ("hello", "verb"),
            ("State", "verb"),
            ("state 1", "arguments"),
            ("time 1 2", "arguments"),
        ),
        *(("time 01 0 0", "arguments"), ("time 1 0 -0", "arguments"), ("time 1 1000 0", "range")),
        *(("time 4294967296 0 0", "range"), ("time 1 0 841", "range"), ("trim 20001", "range")),
        *(("calibrate 0 -", "range"), ("calibrate - 1024", "range"), ("calibrate 5", "arguments")),
        *(("stage-era 0 0 60 1", "order"), ("stage-span 0 0 0", "order"), ("verify", "order")),
        *(("commit 12AB", "order"), ("commit 12ab", "arguments"), ("era 0", "range")),
        *(
            ("override", "arguments"),
            ("override red 1 1", "arguments"),
            ("override ir 1", "arguments"),
        ),
        *(("override ir 249 5", "range"), ("override white 5 3600001", "range")),
    ],
)
def test_what_cannot_be_done_is_answered_with_its_code(
    tmp_path: Path, command: str, code: str
) -> None:
    panel = controller(tmp_path / "north.json", TurnedQuartz())
    assert ask(panel, command) == f"error {code}"
    assert ask(panel, "counters") == "counters 0 1 0 0 0"


def test_another_crc_than_the_staged_one_is_refused(tmp_path: Path) -> None:
    panel = controller(tmp_path / "north.json", TurnedQuartz())
    for command in ("begin 800", "stage-era 0 0 60 1", "stage-span 0 5 5"):
        ask(panel, command)
    assert ask(panel, "commit FFFF") == "error crc"
    assert ask(panel, "program") == "program - 0 0 - 0"


def test_what_is_no_command_is_counted_and_not_answered(tmp_path: Path) -> None:
    panel = controller(tmp_path / "north.json", TurnedQuartz())
    said = panel.feed(b">2A heartbeat*FFFF\nhello\n" + b"x" * 200 + b"\n\r\n\n")
    said += panel.feed(encode(Line("<", 7, ("state", "light"))))
    assert said == b""
    answer = panel.feed(encode(Line(">", 1, ("heartbeat",))))
    assert panel.feed(answer) == b""
    assert ask(panel, "counters") == "counters 0 2 4 0 0"


def test_bytes_may_come_in_any_pieces(tmp_path: Path) -> None:
    panel = controller(tmp_path / "north.json", TurnedQuartz())
    line = encode(Line(">", 9, ("heartbeat",))) * 2
    said = b"".join(panel.feed(line[place : place + 1]) for place in range(len(line)))
    assert said == encode(Line("<", 9, ("heartbeat",))) * 2


def test_a_simulated_camera_is_told_when_its_panel_is_dimmed(tmp_path: Path) -> None:
    file = tmp_path / "light.json"
    panel = told(controller(tmp_path / "north.json", TurnedQuartz(), file))
    light = PanelLight(file)
    assert light.percent_at(time.monotonic_ns()) == 100
    ask(panel, "override ir 450 1000")
    now_ns = time.monotonic_ns()
    assert light.percent_at(now_ns) == 50
    assert light.percent_at(now_ns + SECOND_NS) == 100
    ask(panel, "override end")
    assert light.percent_at(time.monotonic_ns()) == 100
    assert light.percent_at(now_ns) == 50


def test_a_later_dimming_takes_the_place_of_the_first(tmp_path: Path) -> None:
    file = tmp_path / "light.json"
    panel = told(controller(tmp_path / "north.json", TurnedQuartz(), file))
    ask(panel, "override ir 450 2000")
    ask(panel, "override ir 300 1")
    assert PanelLight(file).percent_at(time.monotonic_ns() + SECOND_NS) == 100


def test_dimming_that_cameras_cannot_be_told_of_is_refused(tmp_path: Path) -> None:
    panel = controller(tmp_path / "north.json", TurnedQuartz(), tmp_path / "none" / "light.json")
    assert ask(panel, "override ir 450 1000") == "error storage"
    assert ask(panel, "state") == "state dark 0 0 1000 1000 - -"


def test_the_machine_quartz_tells_the_time_of_day() -> None:
    quartz = machine_quartz()
    assert abs(quartz.read() + quartz.first_offset_ns - time.time_ns()) < SECOND_NS


def test_an_unplugged_line_is_gone_and_nothing_stays_open(tmp_path: Path) -> None:
    before = open_files()
    line = SimulatedPanelLine(config_of(), tmp_path / "north.json")
    assert line.path.exists()
    line.close()
    line.close()
    assert open_files() == before


def test_a_host_that_never_listens_does_not_stop_the_panel(tmp_path: Path) -> None:
    line = SimulatedPanelLine(config_of(), tmp_path / "north.json", TurnedQuartz().quartz)
    deaf = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
    question = encode(Line(">", 1, ("state",)))
    for _ in range(3000):
        os.write(deaf, question)
    os.close(deaf)
    line.close()
    assert "simulated panel north" not in [thread.name for thread in threading.enumerate()]


def test_after_50_days_the_uptime_goes_round_and_the_hosts_silence_stays(tmp_path: Path) -> None:
    quartz = TurnedQuartz()
    panel = controller(tmp_path / "north.json", quartz)
    ask(panel, "heartbeat")
    quartz.turn(50 * 24 * HOUR_S)
    assert ask(panel, "counters").split()[1] == str(2**32 - 1)
    assert ask(panel, "uptime").split()[1] == str(50 * 24 * HOUR_S * 1000 - 2**32)
