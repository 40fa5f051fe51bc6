"""The one shape of a worker: lock, reports, stop; and how its process is held."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from appliance.config import RackConfig, read_config
from appliance.instance_lock import AlreadyRunning, InstanceLock, holder_of
from appliance.rack_path import lock_path, log_path, reports_socket
from appliance.report import PublisherDetail
from appliance.report_inbox import ReportInbox
from appliance.systemd import ServiceNotice
from appliance.worker import Worker, config_sha256, run_worker
from appliance.worker_process import adopt, spawn
from tests.appliance.rack_factory import rack, write_rack

SLEEPER: Final = [sys.executable, "-c", "import sys; print('oh', file=sys.stderr)"]
HOLDER: Final = (
    "import sys, time; from pathlib import Path; from appliance.instance_lock import InstanceLock\n"
    "with InstanceLock(Path(sys.argv[1])): print(flush=True); time.sleep(60)"
)


@pytest.fixture
def config(tmp_path: Path) -> RackConfig:
    return rack(tmp_path)


@pytest.fixture
def workers(config: RackConfig) -> Iterator[Callable[[str], Worker]]:
    """Makes workers and closes them in the end."""
    with ExitStack() as made:

        def make(name: str) -> Worker:
            worker = Worker(name, config, "abc")
            made.callback(worker.close)
            return worker

        yield make


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A lock that another process holds, and that process's number."""
    path = tmp_path / "lock"
    program = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(program, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        yield path, holder.pid
        holder.kill()


def test_a_worker_is_starting_until_it_says_ready(
    config: RackConfig, workers: Callable[[str], Worker]
) -> None:
    with ReportInbox(reports_socket(config)) as inbox:
        worker = workers("publisher")
        worker.beat(state="starting")
        worker.beat()
        reports = list(inbox.take())
    assert [report.state for report in reports] == ["starting", "ready"]
    assert {report.pid for report in reports} == {os.getpid()}
    assert {report.config_sha256 for report in reports} == {"abc"}


def test_a_busy_loop_does_not_flood_the_supervisor(
    config: RackConfig, workers: Callable[[str], Worker]
) -> None:
    detail = PublisherDetail(broker="mq:1883", connected=True, waiting=0, published=0)
    with ReportInbox(reports_socket(config)) as inbox:
        worker = workers("publisher")
        for _ in range(1000):
            worker.beat(detail)
        assert [report.detail for report in inbox.take()] == [detail]


def test_nobody_listening_is_no_error(config: RackConfig, workers: Callable[[str], Worker]) -> None:
    worker = workers("publisher")
    worker.beat()
    with ReportInbox(reports_socket(config)) as inbox:
        worker.beat(state="stopping")
        assert [report.state for report in inbox.take()] == ["stopping"]


def test_nobody_reading_is_no_error(config: RackConfig, workers: Callable[[str], Worker]) -> None:
    with ReportInbox(reports_socket(config)):
        worker = workers("publisher")
        for number in range(2000):
            worker.beat(state="ready" if number % 2 else "stopping")


def test_what_is_no_report_is_counted(config: RackConfig) -> None:
    with (
        ReportInbox(reports_socket(config)) as inbox,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger,
    ):
        for datagram in (b"", b"{}", b"\xff", b'{"worker":"lights"}'):
            stranger.sendto(datagram, str(reports_socket(config)))
        assert list(inbox.take()) == []
        assert inbox.unreadable == 4


def test_a_successor_hears_who_reported_to_its_predecessor(
    config: RackConfig, workers: Callable[[str], Worker]
) -> None:
    worker = workers("publisher")
    with ReportInbox(reports_socket(config)):
        worker.beat(state="starting")
        with ReportInbox(reports_socket(config)) as successor:
            worker.beat()
            assert [report.state for report in successor.take()] == ["ready"]


def test_an_unknown_worker_ends_with_a_sentence_in_the_log(tmp_path: Path) -> None:
    path = write_rack(tmp_path)
    assert run_worker("janitor", path) == 1
    log = log_path(read_config(path), "janitor").read_text()
    assert "janitor: not the name of a worker" in log
    assert "trace" not in log


def test_a_second_worker_of_a_name_is_refused(tmp_path: Path) -> None:
    path = write_rack(tmp_path)
    with InstanceLock(lock_path(read_config(path), "lights")):
        assert run_worker("lights", path) == 1
    log = log_path(read_config(path), "lights").read_text()
    assert f"held by process {os.getpid()}" in log


def test_another_configuration_has_another_hash(tmp_path: Path) -> None:
    content = write_rack(tmp_path, 1).read_bytes()
    assert config_sha256(content) == config_sha256(content)
    assert config_sha256(write_rack(tmp_path, 2).read_bytes()) != config_sha256(content)


def test_relative_paths_start_at_the_folder_that_a_worker_is_given(tmp_path: Path) -> None:
    path = write_rack(tmp_path / "kept")
    assert run_worker("janitor", path, tmp_path / "rack") == 1
    assert (tmp_path / "rack" / "data" / ".state" / "log" / "janitor.jsonl").exists()
    assert [entry.name for entry in (tmp_path / "kept").iterdir()] == ["rack.toml"]


def test_a_lock_names_its_holder(lock: tuple[Path, int]) -> None:
    path, pid = lock
    assert holder_of(path) == pid
    with pytest.raises(AlreadyRunning, match=f"held by process {pid}"):
        InstanceLock(path)


def test_a_dead_holders_number_is_not_believed(tmp_path: Path, lock: tuple[Path, int]) -> None:
    path, _ = lock
    with subprocess.Popen(["sleep", "60"]) as stranger:
        path.write_text(f"{stranger.pid}\n")
        assert holder_of(path) is None, "the lock is held, but not by this process"
        stranger.kill()
    path.write_text(f"{os.getpid()}\n")
    assert adopt(path) is None, "who looks has the file open, but nobody adopts itself"
    free = tmp_path / "free"
    free.write_text(f"{os.getpid()}\n")
    assert holder_of(free) is None
    assert holder_of(tmp_path / "absent") is None


def test_who_only_looks_keeps_nobody_from_taking_a_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            holder_of(path)

    lookers = [threading.Thread(target=look) for _ in range(3)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(50):
            with InstanceLock(path):
                pass
    finally:
        stop.set()
        for looker in lookers:
            looker.join()


def test_an_adopted_process_is_watched_to_its_end(lock: tuple[Path, int]) -> None:
    path, pid = lock
    process = adopt(path)
    assert process is not None
    assert process.pid == pid
    assert 0 <= time.monotonic() - process.began_s < 20
    assert process.take_end() is None
    process.send(signal.SIGKILL)
    deadline_s = time.monotonic() + 5
    while process.take_end() is None and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert process.take_end()
    process.send(signal.SIGTERM)
    process.close()
    assert adopt(path) is None


def test_what_a_process_says_last_is_kept_and_bounded(tmp_path: Path) -> None:
    stderr = tmp_path / "log" / "lights.stderr"
    stderr.parent.mkdir()
    stderr.write_text("x" * 1_000_001)
    for _ in range(2):
        process = spawn(SLEEPER, stderr)
        deadline_s = time.monotonic() + 10
        while (end := process.take_end()) is None and time.monotonic() < deadline_s:
            time.sleep(0.01)
        assert end == "ended with code 0"
        process.close()
    assert stderr.read_text() == "oh\noh\n"


def test_systemd_hears_what_it_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        ServiceNotice({"NOTIFY_SOCKET": str(path)}).send("READY=1", "STATUS=2 cages")
        assert manager.recv(100) == b"READY=1\nSTATUS=2 cages"
    ServiceNotice({"NOTIFY_SOCKET": str(path)}).send("WATCHDOG=1")
    ServiceNotice({}).send("WATCHDOG=1")
