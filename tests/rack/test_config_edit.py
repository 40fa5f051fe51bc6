"""The configuration is edited under a running rack: it counts from the next `run` on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from appliance.rack_path import log_path, running_config
from tests.appliance.rack_factory import write_rack
from tests.appliance.test_supervisor import OddRack, until
from tests.rack.stage import RackStage, everything_runs

COMMENT: Final = "# the lamp was changed\n"
BROKEN: Final = "[rack\n"
LONG_ENOUGH_S: Final = 3.0
"""A worker that is outdated is told to stop within a second of its first report."""


def test_a_worker_that_dies_after_an_edit_comes_back_as_it_was(tmp_path: Path) -> None:
    path = write_rack(tmp_path, 1)
    with RackStage(path) as stage:
        stage.await_that(everything_runs, "everything runs")
        kept, as_started = running_config(stage.config), path.read_bytes()
        assert kept.read_bytes() == as_started
        for edit in (COMMENT, BROKEN):
            path.write_text(path.read_text() + edit)
            kill_recorder_for_good(stage)
            assert kept.read_bytes() == as_started
        stage.stop(in_haste=True)
    assert kept.read_bytes() == as_started
    assert list((tmp_path / "data" / "01").glob("*/*.mkv")), "relative paths start where they did"


def kill_recorder_for_good(stage: RackStage) -> None:
    """Kill a recorder and see that its successor stays."""
    stage.kill("recorder-01")
    after = stage.await_that(everything_runs, "everything runs after the edit")
    successor = stage.pid_of("recorder-01")
    stage.await_that(
        lambda status: status.up_s > after.up_s + LONG_ENOUGH_S and everything_runs(status),
        "it goes on",
    )
    assert stage.pid_of("recorder-01") == successor
    assert "replacing it" not in log_path(stage.config, "supervisor").read_text()


def test_a_refused_second_run_leaves_the_configuration_of_the_first(tmp_path: Path) -> None:
    path = write_rack(tmp_path, 1)
    with RackStage(path) as stage:
        stage.await_that(everything_runs, "everything runs")
        before = running_config(stage.config).read_bytes()
        path.write_text(path.read_text() + COMMENT)
        second = [sys.executable, "-m", "appliance", "run", str(path)]
        assert subprocess.run(second, check=False, capture_output=True, timeout=20).returncode == 1
        assert running_config(stage.config).read_bytes() == before
        stage.stop(in_haste=True)


def test_an_update_under_a_running_rack_replaces_nobody(tmp_path: Path) -> None:
    rack = OddRack(tmp_path)  # its workers say the hash of the file as it is when they start
    try:
        rack.start()
        rack.path.write_text(rack.path.read_text() + COMMENT)
        before = rack.pids()["recorder-01"]
        os.kill(before, signal.SIGKILL)
        until(lambda: rack.pids().get("recorder-01") not in {None, before})
        successor = rack.pids()["recorder-01"]
        time.sleep(LONG_ENOUGH_S)  # that nothing happens is what is tested
        assert rack.pids()["recorder-01"] == successor
        assert "replacing it" not in rack.log()
    finally:
        rack.end()
