"""The recorder process of the program: starts fast, reports, survives kill -9, stops in order."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from appliance.clock_state import is_clock_synchronized
from appliance.config import RackConfig, read_config
from appliance.local_socket import socket_address
from appliance.rack_path import reports_socket, segment_folder
from appliance.recorder_worker import segment_plan
from appliance.report import RecorderDetail, Report
from capture_hw.data_volume import mark_data_folder
from capture_hw.segment_journal import journal_path, read_journal
from tests.capture_hw.scripted_camera import times_ms, wait_until
from tests.video_factory import moving_square, write_video

_ROOT: Final = Path(__file__).parents[2]
_PROGRAM: Final = """
import sys
from pathlib import Path
from appliance.worker import run_worker
sys.exit(run_worker(sys.argv[1], Path(sys.argv[2])))
"""


@pytest.fixture
def rack(tmp_path: Path) -> Path:
    """A rack with one cage whose camera plays a small file and copies it."""
    write_video(tmp_path / "cage.mkv", moving_square(50, width=64, height=48))
    mark_data_folder(tmp_path / "data")
    path = tmp_path / "rack.toml"
    path.write_text(
        """
        [rack]
        facility = "lab"
        name = "rack-a"
        data = "data"
        utc_offset = "+01:00"
        [recording]
        keep_free_gb = 0.0
        [lights]
        lights_on = 06:30:00
        [[cage]]
        number = 3
        animal = "m17"
        strain = "C57BL/6J"
        [cage.camera]
        driver = "replay"
        file = "cage.mkv"
        copy = true
        """,
        encoding="utf-8",
    )
    return path


@contextmanager
def _worker(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = [sys.executable, "-c", _PROGRAM, "recorder-03", str(config)]
    process = subprocess.Popen(program, cwd=_ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


@contextmanager
def _reports(config: RackConfig) -> Iterator[socket.socket]:
    path = reports_socket(config)
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        with socket_address(path) as address:
            listener.bind(address)
        listener.settimeout(10)
        yield listener


def _part(folder: Path, size: int) -> Path | None:
    """Return the growing segment once it is `size` bytes long."""
    found = [path for path in folder.glob("*/*.mkv.part") if path.stat().st_size > size]
    return found[0] if found else None


def test_a_worker_records_reports_and_stops_in_order(rack: Path) -> None:
    config = read_config(rack)
    with _reports(config) as listener, _worker(rack) as process:
        details: list[RecorderDetail] = []
        while not details or details[-1].frames < 20:
            report = Report.model_validate_json(listener.recv(65_536))
            assert (report.worker, report.pid) == ("recorder-03", process.pid)
            if isinstance(report.detail, RecorderDetail):
                details.append(report.detail)
        stopped_s = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - stopped_s < 5
    assert details[-1].state == "recording"
    (video,) = segment_folder(config, 3).glob("*/*.mkv")
    journal = read_journal(journal_path(video))
    assert journal.end is not None
    assert journal.end.frames == len(times_ms(video)) >= details[-1].frames
    assert {name: journal.header.tags[name] for name in sorted(journal.header.tags)} == {
        "animal": "m17",
        "cage": "03",
        "facility": "lab",
        "light_plan": "1;0 19800 86400 0 600 600 43200 0 0",
        "rack": "rack-a",
        "software": "ethoprofiler 0.1.0",
        "strain": "C57BL/6J",
    }
    header = journal.header
    assert (header.copied, header.camera, header.encoder) == (True, "replay cage.mkv", None)


def test_the_configuration_says_how_pictures_are_encoded(rack: Path) -> None:
    text = rack.read_text().replace("copy = true", "copy = false")
    how = 'keep_free_gb = 0.0\nencoder = "libx264"\ncrf = 24\nmax_kbit_s = 900'
    rack.write_text(text.replace("keep_free_gb = 0.0", how))
    folder = segment_folder(read_config(rack), 3)
    with _worker(rack):
        wait_until(lambda: _part(folder, 2000) is not None, "a growing segment")
    (journal,) = folder.glob("*/*.journal.part")
    header = read_journal(journal).header
    assert not header.copied
    assert header.encoder == "libx264 superfast crf 24 max 900 kbit/s"


def test_a_killed_worker_records_again_and_repairs_what_it_left(rack: Path) -> None:
    folder = segment_folder(read_config(rack), 3)
    with _worker(rack) as process:
        wait_until(lambda: _part(folder, 10_000) is not None, "a growing segment")
        killed = _part(folder, 0)
        assert killed is not None
        process.kill()
        process.wait(10)
    video = killed.with_name(killed.name.removesuffix(".part"))
    with _worker(rack) as process:
        wait_until(video.exists, "the repaired segment")
        wait_until(lambda: not killed.exists(), "the leftover is gone")
        wait_until(lambda: _part(folder, 10_000) is not None, "a new segment")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert len(times_ms(video)) > 5
    (last,) = [path for path in folder.glob("*/*.mkv") if path != video]
    (gap,) = read_journal(journal_path(last)).gaps
    assert (gap.to_ms, gap.cause) == (0, "recorder restarted")
    assert gap.from_ms < 0


def test_a_cage_that_is_not_configured_is_refused_in_one_sentence(rack: Path) -> None:
    program = [sys.executable, "-c", _PROGRAM, "recorder-04", str(rack)]
    assert subprocess.run(program, cwd=_ROOT, check=False, timeout=20).returncode == 1
    log = (read_config(rack).state / "log" / "recorder-04.jsonl").read_text(encoding="utf-8")
    assert "cage 04: not in the configuration" in log


def test_starting_to_copy_loads_nothing_that_is_not_needed() -> None:
    program = (
        "import sys, appliance.worker, appliance.recorder_worker, capture_hw.driver.replay\n"
        "print([name for name in ('cv2', 'onnxruntime', 'boto3', 'paho') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=_ROOT, capture_output=True, check=True, text=True
    )
    assert done.stdout == "[]\n"


def test_the_plan_is_the_configuration(rack: Path) -> None:
    config = read_config(rack)
    plan = segment_plan(config, config.cage[0])
    assert plan.folder == rack.parent / "data" / "03"
    assert (plan.cage, plan.segment_s) == (3, 21_600)
    assert plan.standard_time == config.standard_time


def test_the_kernel_says_whether_the_clock_is_kept() -> None:
    assert is_clock_synchronized() in {True, False}
