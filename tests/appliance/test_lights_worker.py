"""The worker that keeps the light panels right: its process, its ledger, its log."""

import json
import multiprocessing
import os
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from appliance.config import read_config
from appliance.rack_path import (
    event_ledger,
    light_record,
    lights_socket,
    lock_path,
    log_path,
    panel_memory,
    reports_socket,
)
from appliance.report import LightsDetail, PanelDetail, Report
from appliance.worker import run_worker
from capture_hw.panel.opening import open_panel
from tests.appliance.running_lights import RACK, running_lights, wait_until, write_lights
from tests.small_disk import small_disk


def events(ledger: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(ledger)) as connection:
        rows = connection.execute("SELECT topic, retained, body FROM event ORDER BY row").fetchall()
    return [json.loads(body) | {"topic": topic, "retained": kept} for topic, kept, body in rows]


def test_the_ledger_gets_what_a_panel_is_due_commanded_and_measured(tmp_path: Path) -> None:
    with running_lights(tmp_path) as lights:
        detail, panel = lights.detail(), lights.panel()
        lights.client.override_light("north", 37, 30, "cage change", "Zoë")
        lights.wait_for(lambda panel: panel.override is not None)
        wait_until(lambda: events(event_ledger(lights.config))[-1]["override"] is not None)
        told = events(event_ledger(lights.config))
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert {(e["schema"], e["topic"], e["retained"]) for e in told} == {
        ("ethoprofiler.lights/2", "lights/north", 1)
    }
    assert [event["cause"] for event in told] == ["start", "upload", "override"]
    first, last = told[0], told[-1]
    assert (first["phase"], first["white_measured"]) == (panel.phase, panel.white_scheduled)
    assert (first["ir_commanded"], first["ir_measured"], first["reason"]) == (100, 100, "")
    assert (last["white_scheduled"], last["white_measured"]) == (panel.white_scheduled, 37)
    assert (last["override"]["author"], last["override"]["white_percent"]) == ("Zoë", 37)
    assert detail.phase == panel.phase
    assert detail.next_change_utc_ns is not None
    assert 0 < detail.next_change_utc_ns - time.time_ns() <= 12 * 3600 * 10**9


def test_what_the_ledger_does_not_take_is_told_later_in_order(tmp_path: Path) -> None:
    with running_lights(tmp_path) as lights:
        ledger = event_ledger(lights.config)
        with closing(sqlite3.connect(ledger, isolation_level=None)) as blocker:
            blocker.execute("ALTER TABLE event RENAME TO elsewhere")
            lights.client.override_light("north", 37, 30, "cage change", "Zoë")
            lights.wait_for(lambda panel: panel.override is not None)
            lights.client.end_override("north", "Zoë")
            lights.wait_for(lambda panel: panel.override is None)
            blocker.execute("ALTER TABLE elsewhere RENAME TO event")
        wait_until(lambda: events(ledger)[-1]["cause"] == "override-end")
        causes = [event["cause"] for event in events(ledger)]
    assert causes == ["start", "upload", "override", "override-end"]


def test_a_ledger_that_was_set_aside_is_opened_again_and_misses_nothing(tmp_path: Path) -> None:
    with running_lights(tmp_path) as lights:
        ledger = event_ledger(lights.config)
        wait_until(lambda: len(events(ledger)) == 2)
        ledger.rename(tmp_path / "aside")
        lights.client.override_light("north", 37, 30, "cage change", "Zoë")
        wait_until(lambda: ledger.exists() and has_events(ledger))
        assert lights.panel().reason == ""
    assert [event["cause"] for event in events(ledger)] == ["override"]


def test_panels_are_watched_while_the_disk_is_full_and_all_is_told_later(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data", "1m") as disk:
        with running_lights(tmp_path) as lights:
            ledger = event_ledger(lights.config)
        told = len(events(ledger))
        fill(disk / "filler")
        with running_lights(tmp_path) as lights:
            watched = lights.panel()
            done = lights.client.override_light("north", 37, 30, "cage change", "Zoë")
            lights.wait_for(lambda panel: panel.override is not None)
            (disk / "filler").unlink()
            wait_until(lambda: len(events(ledger)) >= told + 2)
        causes = [event["cause"] for event in events(ledger)[told:]]
    assert (watched.reason, watched.ir_measured) == ("", 100)
    assert "after a restart of the worker its author is forgotten" in done
    assert causes == ["start", "override"]


def has_events(ledger: Path) -> bool:
    with closing(sqlite3.connect(ledger)) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE name = 'event'"
        ).fetchone()
    return bool(count) and bool(events(ledger))


def fill(file: Path) -> None:
    """Write until not even a few bytes have room."""
    with file.open("wb", buffering=0) as filler:
        for size in (4096, 1):
            with suppress(OSError):
                while True:
                    filler.write(bytes(size))


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


def receive(inbox: socket.socket) -> PanelDetail:
    """Return the only panel of the first report that has one."""
    inbox.settimeout(20)
    while True:
        report = Report.model_validate_json(inbox.recv(65_536))
        if isinstance(report.detail, LightsDetail) and report.detail.panels:
            assert report.worker == "lights"
            (panel,) = report.detail.panels
            return panel


def test_the_process_reports_and_stops_at_once_leaving_the_light(tmp_path: Path) -> None:
    path = write_lights(tmp_path)
    config = read_config(path)
    config.state.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind(str(reports_socket(config)))
        with running_worker(path) as process:
            assert receive(inbox).ir_measured == 100
            wait_until(lambda: lock_path(config, "lights").exists())
            assert process.pid is not None
            before_s = time.monotonic()
            os.kill(process.pid, signal.SIGTERM)
            process.join(10)
            assert process.exitcode == 0
            assert time.monotonic() - before_s < 3.0
    assert not lights_socket(config).exists()
    (record,) = light_record(config).iterdir()
    assert record.read_text().splitlines()[-1].split(";")[3] == "stop"
    with closing(open_panel(config.lights.panel[0], panel_memory(config, "north"))) as panel:
        program = panel.read_program()
    assert program is not None
    assert (program.ir_permille, program.eras[0].photoperiod.zero_utc_s) == (1000, 6 * 3600)


def test_a_rack_without_panels_is_one_sentence_in_the_log(tmp_path: Path) -> None:
    path = tmp_path / "rack.toml"
    path.write_text(RACK)
    with running_worker(path) as process:
        process.join(20)
        assert process.exitcode == 1
    log = log_path(read_config(path), "lights").read_text()
    assert "the configuration has no [[lights.panel]]" in log
