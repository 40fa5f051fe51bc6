"""The supervisor over real processes that crash, hang and ignore it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from appliance.config import RackConfig, read_config
from appliance.control_client import ControlClient, ControlError, NoRackRunning, RequestRefused
from appliance.instance_lock import holder_of
from appliance.outbox import Outbox
from appliance.rack_path import (
    control_socket,
    event_ledger,
    lock_path,
    log_path,
    notes,
    reports_socket,
)
from appliance.status import RackStatus, WorkerStatus
from tests.appliance.rack_factory import write_rack

SILENCE_S: Final = 3.0
STOP_S: Final = 4.0
ROOT: Final = Path(__file__).parents[2]


class OddRack:
    """A rack of odd workers in a folder, and what a test does to it."""

    def __init__(self, folder: Path, cages: int = 1) -> None:
        self.path = write_rack(folder, cages)
        self.config: RackConfig = read_config(self.path)
        self.client = ControlClient(control_socket(self.config))
        self.supervisors: list[subprocess.Popen[bytes]] = []

    def start(self, silence_s: float = SILENCE_S, stop_s: float = STOP_S) -> None:
        """Start a supervisor and wait until all its workers are ready."""
        self.launch(silence_s, stop_s)
        self.until(lambda status: all(w.state == "ready" for w in workers(status)))

    def launch(self, silence_s: float = SILENCE_S, stop_s: float = STOP_S) -> None:
        """Start a supervisor."""
        arguments = [str(self.path), str(silence_s), str(stop_s)]
        self.supervisors.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.appliance.odd_rack", *arguments],
                cwd=ROOT,
                stderr=subprocess.DEVNULL,
            )
        )

    @property
    def supervisor(self) -> subprocess.Popen[bytes]:
        """The last one."""
        return self.supervisors[-1]

    def until(self, holds: Callable[[RackStatus], bool], timeout_s: float = 15.0) -> RackStatus:
        """Ask for the status until something holds."""
        deadline_s = time.monotonic() + timeout_s
        status = None
        while time.monotonic() < deadline_s:
            try:
                status = self.client.status()
            except ControlError:
                time.sleep(0.05)
                continue
            if holds(status):
                return status
            time.sleep(0.05)
        raise AssertionError(f"not within {timeout_s} s: {status}\n{self.log()}")

    def be(self, worker: str, word: str) -> None:
        """Tell a worker how to be odd."""
        folder = self.config.state / "oddity"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "young").write_text(word)
        (folder / "young").rename(folder / worker)

    def pids(self) -> dict[str, int]:
        """Return who holds which worker's lock."""
        folder = lock_path(self.config, "x").parent
        holders = {lock.name: holder_of(lock) for lock in folder.iterdir()}
        return {name: pid for name, pid in holders.items() if pid and name != "supervisor"}

    def log(self) -> str:
        """Return the supervisor's log."""
        path = log_path(self.config, "supervisor")
        return path.read_text() if path.exists() else ""

    def told(self) -> str:
        """Return the events in the ledger, topic and body a line."""
        with Outbox(event_ledger(self.config)) as outbox:
            return "\n".join(f"{event.topic} {event.body}" for event in outbox.waiting(0, 1000))

    def end(self) -> None:
        """Leave nothing behind."""
        self.be("end", "")
        self.client.close()
        for supervisor in self.supervisors:
            supervisor.kill()
            supervisor.wait()
        for pid in self.pids().values():
            os.kill(pid, signal.SIGKILL)


def workers(status: RackStatus) -> list[WorkerStatus]:
    return [cage.worker for cage in status.cages] + list(status.workers)


def worker(status: RackStatus, name: str) -> WorkerStatus:
    return next(w for w in workers(status) if w.name == name)


def until(holds: Callable[[], bool], timeout_s: float = 15.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline_s, f"not within {timeout_s} s"
        time.sleep(0.02)


@pytest.fixture
def rack(tmp_path: Path) -> Iterator[OddRack]:
    odd = OddRack(tmp_path)
    yield odd
    odd.end()


def test_a_rack_runs_its_workers_and_leaves_nothing_behind(rack: OddRack) -> None:
    rack.start()
    status = rack.until(lambda status: status.cages[0].label is not None)
    assert status.cages[0].recorder is not None
    assert status.cages[0].recorder.fps == 25.0
    assert status.classifier is not None
    assert status.disk is not None
    assert sorted(rack.pids()) == ["classifier", "recorder-01", "watcher"]
    rack.supervisor.send_signal(signal.SIGTERM)
    assert rack.supervisor.wait(10) == 0
    assert rack.pids() == {}
    assert not control_socket(rack.config).exists()


def test_a_person_may_stop_the_rack_from_another_process(rack: OddRack) -> None:
    rack.start()
    assert rack.client.stop_rack("anna") == "the rack stops"
    assert rack.supervisor.wait(10) == 0
    assert rack.pids() == {}


def test_the_recorders_stop_first_and_the_classifier_follows(rack: OddRack) -> None:
    rack.start()
    rack.supervisor.send_signal(signal.SIGTERM)
    assert rack.supervisor.wait(10) == 0
    entries = [json.loads(line) for line in rack.log().splitlines()]
    ends = [entry for entry in entries if ": stopped (" in entry["text"]]
    texts = sorted(end["text"] for end in ends[:2])
    assert texts == [f"{name}: stopped (ended with code 0)" for name in ("recorder-01", "watcher")]
    recorder, classifier = ends[1:]
    assert classifier["text"] == "classifier: stopped (ended with code 0)"
    pause = datetime.fromisoformat(classifier["time"]) - datetime.fromisoformat(recorder["time"])
    assert pause.total_seconds() > 1.9, "time for the last labels"


def test_a_killed_worker_is_started_again_at_once(rack: OddRack) -> None:
    rack.start()
    before = rack.pids()["recorder-01"]
    began_s = time.monotonic()
    os.kill(before, signal.SIGKILL)
    until(lambda: rack.pids().get("recorder-01", before) != before)
    assert time.monotonic() - began_s < 3
    status = rack.until(lambda status: worker(status, "recorder-01").state == "ready")
    assert worker(status, "recorder-01").restarts == 1
    assert "recorder-01: ended by SIGKILL; starting it again at once" in rack.log()


def test_a_crash_loop_waits_longer_each_time_and_never_gives_up(rack: OddRack) -> None:
    rack.start()
    rack.be("recorder-01", "crash")
    status = rack.until(lambda status: worker(status, "recorder-01").restarts >= 3)
    rack.until(lambda status: worker(status, "recorder-01").state == "failed")
    assert worker(status, "classifier").restarts == 0
    text = "recorder-01: ended with code 7; starting it again "
    pauses = [line.partition(text)[2] for line in rack.log().splitlines() if text in line]
    assert [pause.rstrip('"}') for pause in pauses[:3]] == ["at once", "in 0.5 s", "in 1 s"]
    rack.be("recorder-01", "")
    rack.until(lambda status: worker(status, "recorder-01").state == "ready")


def test_a_hanging_worker_is_killed_and_started_again(rack: OddRack) -> None:
    rack.start()
    before = rack.pids()
    rack.be("classifier", "hang")
    until(lambda: "classifier: no beat for 3 s; killing process" in rack.log())
    rack.be("classifier", "")
    rack.until(lambda status: worker(status, "classifier").state == "ready")
    assert rack.pids()["classifier"] != before["classifier"]
    assert rack.pids()["recorder-01"] == before["recorder-01"]


def test_a_worker_that_never_gets_ready_is_killed(rack: OddRack) -> None:
    rack.be("classifier", "mute")
    rack.launch()
    until(lambda: "classifier: not ready for 6 s; killing process" in rack.log())


def test_who_ignores_the_order_to_stop_is_killed(rack: OddRack) -> None:
    rack.be("recorder-01", "deaf")
    rack.start(stop_s=2.0)
    began_s = time.monotonic()
    rack.supervisor.send_signal(signal.SIGTERM)
    assert rack.supervisor.wait(10) == 0
    assert 1.9 < time.monotonic() - began_s < 6
    assert rack.pids() == {}
    assert "recorder-01: not stopped after 2 s; killing process" in rack.log()


def test_a_second_order_to_stop_hastens_it(rack: OddRack) -> None:
    rack.be("recorder-01", "deaf")
    rack.start(stop_s=60.0)
    rack.supervisor.send_signal(signal.SIGINT)
    until(lambda: "ends the rack in order" in rack.log())
    rack.supervisor.send_signal(signal.SIGINT)
    assert rack.supervisor.wait(10) == 0
    assert rack.pids() == {}


def test_workers_outlive_their_supervisor_and_the_next_one_adopts_them(rack: OddRack) -> None:
    rack.start()
    before = rack.pids()
    rack.supervisor.kill()
    rack.supervisor.wait()
    with pytest.raises(NoRackRunning):
        rack.client.status()
    assert rack.pids() == before
    rack.start()
    assert rack.pids() == before
    assert rack.log().count(": adopted, process ") == 3
    os.kill(before["recorder-01"], signal.SIGKILL)
    until(lambda: rack.pids().get("recorder-01") not in (None, before["recorder-01"]))
    assert rack.pids()["classifier"] == before["classifier"]
    rack.supervisor.send_signal(signal.SIGTERM)
    assert rack.supervisor.wait(10) == 0
    assert rack.pids() == {}


def test_a_second_supervisor_is_refused_and_changes_nothing(rack: OddRack) -> None:
    rack.start()
    before = rack.pids()
    second = subprocess.run(
        [sys.executable, "-m", "appliance", "run", str(rack.path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert second.returncode == 1
    assert f"held by process {rack.supervisor.pid}; this rack is running already" in second.stderr
    assert "Traceback" not in second.stderr
    assert rack.pids() == before
    assert rack.client.status().up_s > 0


def test_a_supervisor_that_was_stopped_itself_blames_nobody(rack: OddRack) -> None:
    rack.start()
    before = rack.pids()
    # No report waits when it wakes up, as if it had more workers than its socket queues reports.
    path = reports_socket(rack.config)
    path.rename(path.with_suffix(".away"))
    until(lambda: "no report for" in rack.client.status().model_dump_json())
    rack.supervisor.send_signal(signal.SIGSTOP)
    time.sleep(SILENCE_S + 1.5)
    path.with_suffix(".away").rename(path)
    rack.supervisor.send_signal(signal.SIGCONT)
    until(lambda: "the supervisor itself was held up for" in rack.log())
    after_s = rack.client.status().up_s
    rack.until(lambda status: status.up_s > after_s + SILENCE_S + 0.5)
    assert rack.pids() == before
    assert "killing" not in rack.log()
    assert "most workers fell silent" not in rack.log()


def test_silence_of_most_workers_at_once_is_not_held_against_them(tmp_path: Path) -> None:
    rack = OddRack(tmp_path, cages=2)
    try:
        rack.start()
        before = rack.pids()
        for pid in before.values():
            os.kill(pid, signal.SIGSTOP)
        until(lambda: "most workers fell silent in the same second" in rack.log())
        for pid in before.values():
            os.kill(pid, signal.SIGCONT)
        after_s = rack.client.status().up_s
        rack.until(lambda status: status.up_s > after_s + SILENCE_S + 0.5)
        assert rack.pids() == before
    finally:
        rack.end()


def test_another_configuration_replaces_the_workers(rack: OddRack) -> None:
    rack.start()
    before = rack.pids()
    rack.supervisor.kill()
    rack.supervisor.wait()
    rack.path.write_text(rack.path.read_text() + "# changed\n")
    rack.launch()
    until(lambda: {n for n, p in rack.pids().items() if p != before[n]} == set(before))
    rack.until(lambda status: all(w.state == "ready" for w in workers(status)))
    assert "recorder-01: runs with another configuration; replacing it" in rack.log()


def test_a_worker_that_is_not_wanted_any_more_is_stopped(tmp_path: Path) -> None:
    rack = OddRack(tmp_path, cages=2)
    try:
        rack.start()
        rack.supervisor.kill()
        rack.supervisor.wait()
        write_rack(tmp_path, cages=1)
        rack.launch()
        until(lambda: "recorder-02: stopped (" in rack.log())
        rack.until(lambda status: all(w.state == "ready" for w in workers(status)))
        assert sorted(rack.pids()) == ["classifier", "recorder-01", "watcher"]
    finally:
        rack.end()


def test_a_stopped_cage_stays_stopped_over_restarts(rack: OddRack) -> None:
    rack.start()
    assert rack.client.stop_cage(1, "anna").startswith("cage 01: recording stops")
    rack.until(lambda status: worker(status, "recorder-01").state == "stopped")
    rack.supervisor.kill()
    rack.supervisor.wait()
    rack.launch()
    status = rack.until(lambda status: worker(status, "classifier").state == "ready")
    assert not status.cages[0].wanted
    assert worker(status, "recorder-01").reason == "stopped by anna"
    assert "recorder-01" not in rack.pids()
    assert rack.client.start_cage(1, "ben") == "cage 01: recording starts"
    status = rack.until(lambda status: worker(status, "recorder-01").state == "ready")
    assert status.cages[0].wanted
    with pytest.raises(RequestRefused, match="cage 42: not in the configuration"):
        rack.client.stop_cage(42, "anna")


def test_notes_alerts_and_recordings_are_told_and_kept(rack: OddRack) -> None:
    rack.start()
    rack.client.note("food\nchanged", "anna", cage=1)
    rack.be("recorder-01", "stalled")
    status = rack.until(lambda status: any(a.id == "cage-01-stalled" for a in status.alerts))
    stalled = next(alert for alert in status.alerts if alert.id == "cage-01-stalled")
    assert stalled.text == "cage 01: no frame for 2 s"
    rack.client.acknowledge("cage-01-stalled", "anna")
    with pytest.raises(RequestRefused, match="no such alert is open"):
        rack.client.acknowledge("cage-07-stalled", "anna")
    until(lambda: '"state":"stalled","reason":"no frame for 2 s"' in rack.told())
    rack.supervisor.kill()
    rack.supervisor.wait()
    rack.launch()
    status = rack.until(lambda status: any(a.id == "cage-01-stalled" for a in status.alerts))
    again = next(alert for alert in status.alerts if alert.id == "cage-01-stalled")
    assert again == stalled.model_copy(update={"acknowledged": True})
    rack.supervisor.send_signal(signal.SIGTERM)
    assert rack.supervisor.wait(10) == 0
    assert (
        notes(rack.config)
        .read_text()
        .endswith('"cage": "01", "author": "anna", "text": "food\\nchanged"}\n')
    )
    topics = [line.partition(" ")[0] for line in rack.told().splitlines()]
    assert topics.count("note") == 1
    assert topics.count("alert/cage-01-stalled") == 2, "opened, acknowledged, not opened again"
    states = [line for line in rack.told().splitlines() if line.startswith("cage/01/recording")]
    assert '"state":"stopped"' in states[-1]
