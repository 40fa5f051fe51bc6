"""The worker that keeps the light panels right."""

import json
import multiprocessing
import os
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

import pytest

from appliance.config import read_config
from appliance.lights_worker import Lights
from appliance.outbox import Outbox
from appliance.panel_keeper import LightClock
from appliance.rack_path import event_ledger, lock_path, log_path, panel_memory, reports_socket
from appliance.report import LightsDetail, PanelDetail, Report
from appliance.worker import run_worker
from capture_hw.light_config import PanelConfig, PanelFault, PanelFaultKind
from capture_hw.panel_clock import Quartz
from capture_hw.panel_schedule import PanelSchedule
from capture_hw.simulated_panel import SimulatedPanel
from disk.damaged_ledger import LedgerReplaced

SECOND_NS: Final = 1_000_000_000
HOUR_S: Final = 3600
MIDNIGHT_S: Final = 1_790_000_640 // 86_400 * 86_400
"""A midnight in UTC; lights are on from 06:00 to 18:00 UTC."""
RACK: Final = """\
[rack]
facility = "demo"
name = "rack-1"
data = "data"
utc_offset = "+01:00"
[[cage]]
number = 1
animal = "A1"
camera = { driver = "simulated" }
"""
PANEL: Final = '[[lights.panel]]\nname = "north"\ndriver = "simulated"\n'


class Room:
    """One panel, its keeper, and the two clocks that a test turns."""

    def __init__(self, folder: Path, at_h: float, faults: tuple[PanelFault, ...] = ()) -> None:
        (folder / "rack.toml").write_text(RACK + PANEL)
        self.config = read_config(folder / "rack.toml")
        self.run_s = 0.0
        self.host_s = MIDNIGHT_S + at_h * HOUR_S
        self.is_synchronized = True
        self.ledger = event_ledger(self.config)
        self._power_on_s = self.host_s
        self._faults = faults

    def panel(self) -> SimulatedPanel:
        """Switch the panel on; its clock is right."""
        return SimulatedPanel(
            PanelConfig(name="north", driver="simulated", faults=self._faults),
            panel_memory(self.config, "north"),
            Quartz(
                lambda: round(self.run_s * SECOND_NS), "a run", round(self._power_on_s * SECOND_NS)
            ),
        )

    @contextmanager
    def lights(self, panel: SimulatedPanel) -> Iterator[Lights]:
        clock = LightClock(
            lambda: round(self.host_s * SECOND_NS),
            lambda: self.run_s,
            lambda: self.is_synchronized,
        )
        with Outbox(self.ledger) as outbox:
            yield Lights(self.config, (panel,), outbox, clock)

    def wait(self, seconds: float) -> None:
        self.run_s += seconds
        self.host_s += seconds

    def step_host_clock(self, seconds: float) -> None:
        self.host_s += seconds

    def events(self) -> list[dict[str, Any]]:
        with sqlite3.connect(self.ledger) as connection:
            rows = connection.execute("SELECT topic, retained, body FROM event ORDER BY row")
            found = [json.loads(body) | {"topic": t, "retained": r} for t, r, body in rows]
        connection.close()
        return found


def only_panel(detail: LightsDetail) -> PanelDetail:
    (panel,) = detail.panels
    return panel


def test_a_day_has_one_event_at_the_start_and_one_at_each_change(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=0)
    with room.lights(room.panel()) as lights:
        for _ in range(24 * 60):
            detail = lights.look()
            assert only_panel(detail).reason == ""
            room.wait(60)
    told = room.events()
    assert [
        (
            e["seq"],
            e["time"][11:],
            e["zt_h"],
            e["phase"],
            e["white_commanded"],
            e["next_change"][11:],
        )
        for e in told
    ] == [
        (1, "00:00:00.000Z", 18.0, "dark", 0, "06:00:00.000Z"),
        (2, "06:00:00.000Z", 0.0, "light", 60, "18:00:00.000Z"),
        (3, "18:00:00.000Z", 12.0, "dark", 0, "06:00:00.000Z"),
    ]
    for event in told:
        assert event["schema"] == "ethoprofiler.lights/1"
        assert event["topic"] == "lights/north"
        assert event["retained"] == 1
        assert event["white_measured"] == event["white_commanded"]
        assert (event["ir_commanded"], event["ir_measured"]) == (100, 100)
        assert (event["override"], event["reason"]) == (None, "")


def test_the_report_has_phase_zeitgeber_time_and_the_next_change(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7.5)
    with room.lights(room.panel()) as lights:
        detail = lights.look()
    assert (detail.phase, detail.zt_h) == ("light", 1.5)
    assert detail.next_change_utc_ns == (MIDNIGHT_S + 18 * HOUR_S) * SECOND_NS
    assert only_panel(detail).white_measured == 60


def test_a_panel_that_runs_the_schedule_is_not_told_again(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7)
    with room.lights(room.panel()) as lights:
        lights.look()
    memory = panel_memory(room.config, "north")
    os.utime(memory, ns=(0, 0))
    with room.lights(room.panel()) as lights:
        assert only_panel(lights.look()).white_measured == 60
    assert memory.stat().st_mtime_ns == 0


def test_a_panel_with_another_schedule_gets_ours(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7)
    panel = room.panel()
    other = PanelSchedule(lights_on_utc_s=0, light_s=60, white_percent=5, ir_percent=50)
    panel.commit_schedule(panel.stage_schedule(other))
    with room.lights(panel) as lights:
        lights.look()
        room.wait(1)
        panel.commit_schedule(panel.stage_schedule(other))  # by somebody else, under way
        detail = only_panel(lights.look())
    assert (detail.phase, detail.white_measured, detail.ir_measured) == ("light", 60, 100)
    assert detail.reason == ""


@pytest.mark.parametrize(
    ("kind", "at_h", "reason"),
    [
        ("white-dark", 7, "panel north: white is measured at 0 % where 60 % is commanded"),
        ("ir-dark", 7, "panel north: infrared is measured at 0 % where 100 % is commanded"),
        ("white-on", 3, "panel north: white is measured at 100 % where 0 % is commanded"),
        ("silent", 3, "panel north: does not answer"),
    ],
)
def test_a_fault_is_told_within_a_second_and_taken_back(
    tmp_path: Path, kind: PanelFaultKind, at_h: float, reason: str
) -> None:
    room = Room(tmp_path, at_h, faults=(PanelFault(kind=kind, after_s=10, for_s=20),))
    with room.lights(room.panel()) as lights:
        for _ in range(40):
            lights.look()
            room.wait(1)
    assert [event["reason"] for event in room.events()] == ["", reason, ""]
    assert [event["time"][17:19] for event in room.events()] == ["00", "10", "30"]


def test_a_silent_panel_is_reported_as_it_should_be_with_nothing_measured(tmp_path: Path) -> None:
    fault = PanelFault(kind="silent", after_s=0, for_s=10)
    room = Room(tmp_path, at_h=7, faults=(fault,))
    with room.lights(room.panel()) as lights:
        unseen = only_panel(lights.look())
        room.wait(10)
        seen = only_panel(lights.look())
    assert (unseen.phase, unseen.white_commanded, unseen.ir_commanded) == ("light", 60, 100)
    assert (unseen.white_measured, unseen.ir_measured) == (None, None)
    assert (seen.white_measured, seen.reason) == (60, "")


def test_a_memory_that_cannot_be_written_is_a_reason_and_no_end(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7)
    memory = panel_memory(room.config, "north")
    memory.parent.parent.mkdir(parents=True)
    memory.parent.write_text("not a folder")
    with room.lights(room.panel()) as lights:
        assert "cannot be written" in only_panel(lights.look()).reason
        memory.parent.unlink()
        room.wait(1)
        assert only_panel(lights.look()).reason == ""


@pytest.mark.parametrize("step_s", [-HOUR_S, HOUR_S])
def test_a_passing_step_of_the_clock_moves_no_light(tmp_path: Path, step_s: int) -> None:
    room = Room(tmp_path, at_h=7)
    panel = room.panel()
    with room.lights(panel) as lights:
        lights.look()
        room.step_host_clock(step_s)
        for _ in range(500):
            detail = only_panel(lights.look())
            assert detail.white_measured == 60
            room.wait(1)
        minutes = -step_s // 60
        assert detail.reason == (
            f"panel north: its clock differs from this machine's by {minutes:+d} min"
        )
        room.step_host_clock(-step_s)
        assert only_panel(lights.look()).reason == ""
    assert len(room.events()) == 3


def test_a_lasting_step_of_a_synchronized_clock_is_followed_after_ten_minutes(
    tmp_path: Path,
) -> None:
    room = Room(tmp_path, at_h=5.5)
    with room.lights(room.panel()) as lights:
        lights.look()
        room.step_host_clock(HOUR_S)
        phases = []
        for _ in range(602):
            phases.append(only_panel(lights.look()).phase)
            room.wait(1)
    assert phases == ["dark"] * 601 + ["light"]


def test_an_unsynchronized_clock_is_never_followed(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=5.5)
    with room.lights(room.panel()) as lights:
        lights.look()
        room.is_synchronized = False
        room.step_host_clock(HOUR_S)
        for _ in range(1000):
            assert only_panel(lights.look()).phase == "dark"
            room.wait(1)


def test_a_drifted_panel_clock_is_set_at_once(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7)
    panel = room.panel()
    panel.set_time(round((room.host_s - 20) * SECOND_NS))
    with room.lights(panel) as lights:
        lights.look()
        assert panel.read_state().utc_ns == round(room.host_s * SECOND_NS)
        assert only_panel(lights.look()).reason == ""


def test_what_the_ledger_does_not_take_is_told_later(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7)
    with room.lights(room.panel()) as lights:
        blocker = sqlite3.connect(room.ledger, isolation_level=None)
        blocker.execute("ALTER TABLE event RENAME TO elsewhere")
        assert only_panel(lights.look()).white_measured == 60
        blocker.execute("ALTER TABLE elsewhere RENAME TO event")
        blocker.close()
        assert room.events() == []
        room.wait(1)
        lights.look()
    assert [event["phase"] for event in room.events()] == ["light"]


def test_a_ledger_that_was_set_aside_is_opened_again(tmp_path: Path) -> None:
    room = Room(tmp_path, at_h=7)
    panel = room.panel()
    with room.lights(panel) as lights:
        room.ledger.rename(tmp_path / "aside")
        with pytest.raises(LedgerReplaced):
            lights.look()
    with room.lights(panel) as lights:
        lights.look()
    assert [event["phase"] for event in room.events()] == ["light"]


def worker_process(path: Path) -> None:
    """The whole of a worker's process."""
    sys.exit(run_worker("lights", path))


@contextmanager
def running_worker(path: Path) -> Iterator[BaseProcess]:
    process = multiprocessing.get_context("spawn").Process(target=worker_process, args=(path,))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join(10)
        process.close()


def wait_until(is_so: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def receive(inbox: socket.socket) -> LightsDetail:
    """Return the first report with a detail."""
    inbox.settimeout(20)
    while True:
        report = Report.model_validate_json(inbox.recv(65_536))
        if isinstance(report.detail, LightsDetail):
            assert report.worker == "lights"
            return report.detail


def test_the_process_reports_and_stops_within_a_second_leaving_the_light(tmp_path: Path) -> None:
    path = tmp_path / "rack.toml"
    path.write_text(RACK + PANEL)
    config = read_config(path)
    config.state.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind(str(reports_socket(config)))
        with running_worker(path) as process:
            detail = receive(inbox)
            assert only_panel(detail).ir_measured == 100
            wait_until(lambda: lock_path(config, "lights").exists())
            assert process.pid is not None
            before_s = time.monotonic()
            os.kill(process.pid, signal.SIGTERM)
            process.join(10)
            assert process.exitcode == 0
            assert time.monotonic() - before_s < 1.0
    panel = SimulatedPanel(config.lights.panel[0], panel_memory(config, "north"))
    schedule = panel.committed_schedule()
    assert schedule is not None
    assert (schedule.lights_on_utc_s, schedule.white_percent) == (6 * HOUR_S, 60)


def test_a_rack_without_panels_is_one_sentence_in_the_log(tmp_path: Path) -> None:
    path = tmp_path / "rack.toml"
    path.write_text(RACK)
    with running_worker(path) as process:
        process.join(20)
        assert process.exitcode == 1
    log = log_path(read_config(path), "lights").read_text()
    assert "the configuration has no [[lights.panel]]" in log
