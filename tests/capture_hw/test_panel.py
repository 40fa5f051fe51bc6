"""The simulated light panel."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from capture_hw.error import PanelRefused, PanelSilent
from capture_hw.light_config import PanelConfig, PanelFault, PanelFaultKind
from capture_hw.panel_clock import Quartz, machine_quartz
from capture_hw.panel_light import PanelLight
from capture_hw.panel_schedule import PanelSchedule
from capture_hw.simulated_panel import SimulatedPanel

SECOND_NS: Final = 1_000_000_000
DAY_S: Final = 86_400
SIX_TO_SIX: Final = PanelSchedule(
    lights_on_utc_s=6 * 3600, light_s=12 * 3600, white_percent=60, ir_percent=100
)
NIGHT_AT_ONCE: Final = PanelSchedule(
    lights_on_utc_s=20 * 3600, light_s=3600, white_percent=10, ir_percent=80
)


class FakeQuartz:
    """A quartz that a test turns."""

    def __init__(self, at_s: float = 0.0, run: str = "one") -> None:
        self.at_s = at_s
        self.quartz = Quartz(lambda: round(self.at_s * SECOND_NS), run, 0)


def config_of(*faults: PanelFault) -> PanelConfig:
    return PanelConfig(name="north", driver="simulated", faults=faults)


def running_panel(memory: Path, quartz: FakeQuartz, *faults: PanelFault) -> SimulatedPanel:
    panel = SimulatedPanel(config_of(*faults), memory, quartz.quartz)
    panel.commit_schedule(panel.stage_schedule(SIX_TO_SIX))
    return panel


def test_a_new_panel_says_who_it_is_and_gives_infrared_only(tmp_path: Path) -> None:
    quartz = FakeQuartz(at_s=12 * 3600)
    panel = SimulatedPanel(config_of(), tmp_path / "north.json", quartz.quartz)
    quartz.at_s += 5
    identity = panel.identify()
    assert (identity.serial_number, identity.protocol) == ("SIM-north", 1)
    assert (identity.up_s, identity.reset_cause) == (5.0, "power")
    state = panel.read_state()
    assert (state.phase, state.schedule_crc) == ("dark", None)
    assert (state.white_commanded, state.white_measured) == (0, 0)
    assert (state.ir_commanded, state.ir_measured) == (100, 100)
    assert not any(tmp_path.iterdir())


def test_it_runs_its_schedule_when_nobody_talks_to_it(tmp_path: Path) -> None:
    quartz = FakeQuartz()
    panel = running_panel(tmp_path / "north.json", quartz)
    seen = []
    for hour in range(49):
        quartz.at_s = hour * 3600.0
        state = panel.read_state()
        seen.append((state.phase, state.white_commanded, state.white_measured))
        assert (state.ir_commanded, state.ir_measured) == (100, 100)
    day = [("dark", 0, 0)] * 6 + [("light", 60, 60)] * 12 + [("dark", 0, 0)] * 6
    assert seen == [*day, *day, ("dark", 0, 0)]


def test_the_first_and_the_last_nanosecond_of_light_are_right() -> None:
    on_ns = 6 * 3600 * SECOND_NS
    moments = [on_ns - 1, on_ns, on_ns + 12 * 3600 * SECOND_NS - 1, on_ns + 12 * 3600 * SECOND_NS]
    assert [SIX_TO_SIX.white_at(moment) for moment in moments] == [0, 60, 60, 0]


def test_a_committed_schedule_survives_a_power_cut(tmp_path: Path) -> None:
    quartz = FakeQuartz(at_s=7 * 3600)
    running_panel(tmp_path / "panels" / "north.json", quartz)
    again = SimulatedPanel(config_of(), tmp_path / "panels" / "north.json", quartz.quartz)
    assert again.committed_schedule() == SIX_TO_SIX
    assert again.read_state().white_measured == 60


def test_a_staged_schedule_changes_nothing_and_is_lost_in_a_power_cut(tmp_path: Path) -> None:
    quartz = FakeQuartz(at_s=7 * 3600)
    panel = running_panel(tmp_path / "north.json", quartz)
    crc = panel.stage_schedule(NIGHT_AT_ONCE)
    assert panel.read_state().white_commanded == 60
    again = SimulatedPanel(config_of(), tmp_path / "north.json", quartz.quartz)
    with pytest.raises(PanelRefused, match=r"panel north: no schedule with CRC .* is staged"):
        again.commit_schedule(crc)
    assert again.committed_schedule() == SIX_TO_SIX


def test_a_commit_with_another_crc_is_refused(tmp_path: Path) -> None:
    panel = running_panel(tmp_path / "north.json", FakeQuartz())
    crc = panel.stage_schedule(NIGHT_AT_ONCE)
    with pytest.raises(PanelRefused):
        panel.commit_schedule(crc ^ 1)
    assert panel.committed_schedule() == SIX_TO_SIX


@pytest.mark.parametrize("content", [b"", b"{", b'{"schedule": 3}', b"\xff\x00"])
def test_a_torn_memory_was_never_committed(tmp_path: Path, content: bytes) -> None:
    memory = tmp_path / "north.json"
    memory.write_bytes(content)
    panel = SimulatedPanel(config_of(), memory, FakeQuartz().quartz)
    assert panel.committed_schedule() is None


def test_a_memory_that_cannot_be_written_leaves_the_old_schedule_on(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    panel = SimulatedPanel(config_of(), blocked / "north.json", FakeQuartz().quartz)
    with pytest.raises(PanelRefused, match="cannot be written"):
        panel.commit_schedule(panel.stage_schedule(SIX_TO_SIX))
    assert panel.committed_schedule() is None


def test_the_crc_is_that_of_its_definition() -> None:
    def crc16(text: bytes) -> int:
        value = 0xFFFF
        for byte in text:
            value ^= byte << 8
            for _ in range(8):
                value = (value << 1 ^ (0x1021 if value & 0x8000 else 0)) & 0xFFFF
        return value

    assert crc16(b"123456789") == 0x29B1  # the check value of CRC-16/IBM-3740
    assert SIX_TO_SIX.crc == crc16(b"21600 43200 60 100")


def test_its_clock_goes_on_as_it_was_set_over_a_power_cut(tmp_path: Path) -> None:
    quartz = FakeQuartz(at_s=100)
    panel = running_panel(tmp_path / "north.json", quartz)
    panel.set_time(7 * 3600 * SECOND_NS)
    quartz.at_s += 10
    assert panel.read_state().utc_ns == (7 * 3600 + 10) * SECOND_NS
    assert panel.read_state().phase == "light"
    again = SimulatedPanel(config_of(), tmp_path / "north.json", quartz.quartz)
    assert again.read_state().utc_ns == (7 * 3600 + 10) * SECOND_NS
    other_run = FakeQuartz(at_s=3, run="two")
    restarted = SimulatedPanel(config_of(), tmp_path / "north.json", other_run.quartz)
    assert restarted.read_state().utc_ns == 3 * SECOND_NS
    assert restarted.committed_schedule() == SIX_TO_SIX


def test_it_counts_how_long_the_host_was_silent(tmp_path: Path) -> None:
    quartz = FakeQuartz()
    panel = running_panel(tmp_path / "north.json", quartz)
    quartz.at_s += 30
    assert panel.read_state().host_silent_s == 30.0
    quartz.at_s += 5
    panel.heartbeat()
    quartz.at_s += 2
    assert panel.read_state().host_silent_s == 2.0


@pytest.mark.parametrize(
    ("kind", "at_s", "white", "infrared"),
    [
        ("white-dark", 7 * 3600, 0, 100),
        ("ir-dark", 7 * 3600, 60, 0),
        ("white-on", 3 * 3600, 100, 100),
    ],
)
def test_lamps_fail_on_request_while_the_commands_stay_right(
    tmp_path: Path, kind: PanelFaultKind, at_s: int, white: int, infrared: int
) -> None:
    quartz = FakeQuartz(at_s=at_s)
    panel = running_panel(
        tmp_path / "north.json", quartz, PanelFault(kind=kind, after_s=10, for_s=5)
    )
    well = panel.read_state()
    assert (well.white_measured, well.ir_measured) == (well.white_commanded, well.ir_commanded)
    quartz.at_s += 12
    ill = panel.read_state()
    assert (ill.white_measured, ill.ir_measured) == (white, infrared)
    assert (ill.white_commanded, ill.ir_commanded) == (well.white_commanded, 100)
    quartz.at_s += 3
    assert panel.read_state().white_measured == well.white_measured


def test_a_silent_panel_answers_no_command_and_comes_back(tmp_path: Path) -> None:
    quartz = FakeQuartz(at_s=7 * 3600)
    panel = running_panel(
        tmp_path / "north.json", quartz, PanelFault(kind="silent", after_s=10, for_s=5)
    )
    quartz.at_s += 10
    commands: list[Callable[[], object]] = [
        panel.identify,
        panel.heartbeat,
        panel.read_state,
        panel.committed_schedule,
        lambda: panel.set_time(0),
        lambda: panel.stage_schedule(NIGHT_AT_ONCE),
        lambda: panel.commit_schedule(0),
    ]
    for command in commands:
        with pytest.raises(PanelSilent, match="panel north: does not answer"):
            command()
    quartz.at_s += 5
    assert panel.read_state().white_measured == 60


def test_the_machine_quartz_tells_the_time_of_day() -> None:
    quartz = machine_quartz()
    assert abs(quartz.read() + quartz.first_offset_ns - time.time_ns()) < SECOND_NS


def test_dimmed_infrared_comes_back_by_itself(tmp_path: Path) -> None:
    quartz = FakeQuartz(at_s=12 * 3600)
    panel = running_panel(tmp_path / "north.json", quartz)
    panel.dim_infrared(30, 0.4)
    assert panel.read_state().ir_commanded == 30
    assert panel.read_state().white_commanded == 60
    quartz.at_s += 0.41
    assert panel.read_state().ir_commanded == 100


def test_infrared_is_never_dimmed_for_long(tmp_path: Path) -> None:
    panel = running_panel(tmp_path / "north.json", FakeQuartz())
    with pytest.raises(ValueError, match="up to"):
        panel.dim_infrared(30, 2.5)
    assert panel.read_state().ir_commanded == 100


def test_a_simulated_camera_is_told_when_its_panel_is_dimmed(tmp_path: Path) -> None:
    file = tmp_path / "light.json"
    config = PanelConfig(name="north", driver="simulated", light_file=file)
    panel = SimulatedPanel(config, tmp_path / "north.json", FakeQuartz().quartz)
    light = PanelLight(file)
    assert light.percent_at(time.monotonic_ns()) == 100
    panel.dim_infrared(30, 1.0)
    now_ns = time.monotonic_ns()
    assert light.percent_at(now_ns) == 30
    assert light.percent_at(now_ns + 1_000_000_000) == 100
