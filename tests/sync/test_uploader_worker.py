"""The uploader as the supervisor runs it: a process that may die at any moment."""

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from appliance import uploader_worker
from appliance.config import read_config
from appliance.local_socket import socket_address
from appliance.outbox import Outbox
from appliance.rack_path import event_ledger, log_path, reports_socket, upload_ledger
from appliance.report import Report, UploaderDetail
from appliance.worker import Worker
from sync.open_store import open_store
from sync.upload_ledger import UploadLedger
from sync.uploader import Uploader
from tests.seaweed import BUCKET, Seaweed, raw_client
from tests.sync.sending import MIB, write_random
from tests.tcp_proxy import TcpProxy

PART: Final = 16 * MIB
LIMIT_S: Final = 40
DAY: Final = "2026-11-22"
WORKER: Final = (
    "import sys; from pathlib import Path; from appliance.worker import run_worker; "
    "sys.exit(run_worker('uploader', Path(sys.argv[1])))"
)


def write_config(folder: Path, store: str) -> Path:
    path = folder / "rack.toml"
    path.write_text(
        f"""
[rack]
facility = "north"
name = "rack-1"
data = "data"
utc_offset = "+01:00"

[[cage]]
number = 1
animal = "M-1"

[cage.camera]
driver = "simulated"
{store}
"""
    )
    return path


def s3_section(endpoint: str, prefix: str) -> str:
    return f"""
[store]
kind = "s3"
bucket = "{BUCKET}"
endpoint = "{endpoint}"
prefix = "{prefix}"
"""


@contextmanager
def worker_process(config: Path) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([sys.executable, "-c", WORKER, str(config)])
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture
def prefix() -> str:
    return f"worker-{uuid.uuid4()}"


@pytest.fixture
def proxy(seaweed: Seaweed) -> Iterator[TcpProxy]:
    with TcpProxy(seaweed.port) as running:
        yield running


class Ear:
    """Hears a rack's reports."""

    def __init__(self, config: Path) -> None:
        path = reports_socket(read_config(config))
        path.parent.mkdir(parents=True, exist_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(LIMIT_S)
        with socket_address(path) as address:
            self.socket.bind(address)

    def until(self, is_it: Callable[[UploaderDetail], bool]) -> tuple[UploaderDetail, float]:
        """Return the first detail that fits, and the longest silence before it."""
        longest_s, heard_s = 0.0, None
        deadline_s = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline_s:
            report = Report.model_validate_json(self.socket.recv(65_536))
            now_s = time.monotonic()
            longest_s = max(longest_s, now_s - (heard_s or now_s))
            heard_s = now_s
            if isinstance(report.detail, UploaderDetail) and is_it(report.detail):
                return report.detail, longest_s
        raise AssertionError("no such report")


@contextmanager
def hearing(config: Path) -> Iterator[Ear]:
    ear = Ear(config)
    with closing(ear.socket):
        yield ear


def sync_events(config: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(event_ledger(read_config(config)))) as ledger:
        rows = ledger.execute("SELECT body FROM event WHERE topic = 'sync' ORDER BY row")
        return [json.loads(body) for (body,) in rows]


def parts_taken(config: Path) -> int:
    with closing(sqlite3.connect(upload_ledger(read_config(config)))) as ledger:
        (count,) = ledger.execute("SELECT count(*) FROM part WHERE etag IS NOT NULL").fetchone()
        return int(count)


def stored_bytes(seaweed: Seaweed, key: str) -> bytes:
    with closing(raw_client(seaweed.endpoint)) as client:
        return client.get_object(Bucket=BUCKET, Key=key)["Body"].read()


def test_a_killed_uploader_goes_on_at_its_part_and_then_stops_when_told(
    seaweed: Seaweed, proxy: TcpProxy, tmp_path: Path, prefix: str
) -> None:
    config = write_config(tmp_path, s3_section(proxy.endpoint, prefix))
    name = "01_20261122_060000.mkv"
    video = write_random(tmp_path / "data" / "01" / DAY / name, 3 * PART + 5)
    with hearing(config) as ear:
        proxy.pass_bytes = PART + PART // 2
        with worker_process(config) as process:
            detail, silence_s = ear.until(lambda detail: detail.waiting_bytes == 2 * PART + 5)
            assert parts_taken(config) == 1
            assert silence_s < 1.0
            assert detail.reachable
            # Told to stop in the middle of a part on a line that stands still.
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0  # the line would keep it for a minute
        proxy.pass_bytes = PART + PART // 2
        with worker_process(config) as process:
            ear.until(lambda detail: detail.waiting_bytes == PART + 5)
            process.kill()
        proxy.pass_bytes = None
        before = proxy.upstream_bytes
        with worker_process(config):
            detail, _ = ear.until(lambda detail: detail.verified_files == 1)
    # One part, and what the dead process had left in the kernel; two parts would be 32 MiB.
    assert proxy.upstream_bytes - before < PART + PART // 2
    assert (detail.waiting_files, detail.conflicts, detail.reason) == (0, 0, "")
    assert stored_bytes(seaweed, f"{prefix}/north/rack-1/01/{DAY}/{name}") == video.read_bytes()


def test_the_outside_is_told_when_a_backlog_ends_and_when_the_store_goes(
    proxy: TcpProxy, tmp_path: Path, prefix: str
) -> None:
    config = write_config(tmp_path, s3_section(proxy.endpoint, prefix))
    write_random(tmp_path / "data" / "01" / DAY / "01_20261122_060000.csv", 5000)
    with hearing(config) as ear, worker_process(config):
        ear.until(lambda detail: detail.verified_files == 1)
        proxy.__exit__(None, None, None)
        write_random(tmp_path / "data" / "01" / DAY / "01_20261122_060000.json", 500)
        ear.until(lambda detail: not detail.reachable and detail.verified_files == 1)
        ear.until(lambda detail: detail.waiting_files == 1)
    events = sync_events(config)
    assert {event["schema"] for event in events} == {"ethoprofiler.sync/1"}
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    settled = next(event for event in events if event["reachable"] and event["last_verified"])
    assert (settled["waiting_files"], settled["waiting_bytes"]) == (0, 0)
    last = events[-1]
    assert (last["reachable"], last["waiting_files"], last["waiting_bytes"]) == (False, 1, 500)


def test_without_a_store_it_ends_with_a_sentence(tmp_path: Path) -> None:
    config = write_config(tmp_path, "")
    with worker_process(config) as process:
        process.wait(LIMIT_S)
    lines = log_path(read_config(config), "uploader").read_text().splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    assert "uploader: the configuration has no [store]; nothing is uploaded" in texts
    assert not any("trace" in json.loads(line) for line in lines)


def test_a_damaged_upload_ledger_is_not_taken_for_a_damaged_event_ledger(tmp_path: Path) -> None:
    folder = '[store]\nkind = "folder"\npath = "store"\n'
    config = read_config(write_config(tmp_path, folder))
    assert config.store is not None
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"U" * 8192)
    with closing(sqlite3.connect(garbage)) as damaged, pytest.raises(sqlite3.Error) as caught:
        damaged.execute("SELECT * FROM sqlite_master")
    store = open_store(config.store)
    with (
        closing(Worker("uploader", config, "")) as worker,
        UploadLedger(upload_ledger(config)) as ledger,
    ):
        job = uploader_worker._job(config, config.store)
        thread = uploader_worker._UploadThread(Uploader(store, ledger, job, threading.Event()))
        thread.error = caught.value
        with (
            pytest.raises(RuntimeError, match="the upload ledger: file is not a database"),
            Outbox(event_ledger(config)) as outbox,
        ):
            uploader_worker._watch(worker, thread, store, outbox)
    assert event_ledger(config).exists()
    assert list(tmp_path.rglob("*.damaged-*")) == []
