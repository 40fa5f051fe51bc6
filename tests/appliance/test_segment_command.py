"""`ethoprofiler segment`: what people and programs read, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from appliance.instance_lock import InstanceLock
from appliance.main import main
from appliance.repair_order import RepairResult, repair_files
from appliance.segment_files import find_segments
from capture_hw.ebml import read_index
from capture_hw.segment_journal import journal_path
from tests.recorded_segment import STEM, describe, write_recorded, write_video

_EVEN: Final = tuple(range(0, 4000, 40))
_ROOT: Final = Path(__file__).parents[2]


def _segment(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["segment", *map(str, arguments)])


def _json(*arguments: str | Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_segment(*arguments, "--json").stdout)
    return document


def _leftover(data: Path, name: str = STEM) -> Path:
    part = write_video(data / "03" / "2026-11-22" / f"{name}.mkv.part", _EVEN, closed=False)
    os.utime(part, (time.time() - 60, time.time() - 60))
    return part


def _repair(path: Path) -> RepairResult:
    (files,), _ = find_segments([str(path)])
    return repair_files(files, lambda: False)


def test_a_check_of_a_folder_ends_with_0_if_all_is_well(tmp_path: Path) -> None:
    write_recorded(tmp_path)
    document = _json("check", tmp_path, "--jobs", "2")
    assert document == {
        "schema": "ethoprofiler.segment-check/1",
        "ok": True,
        "interrupted": False,
        "segments": [
            {
                "path": str(tmp_path / "03" / "2026-11-22" / f"{STEM}.mkv"),
                "state": "ok",
                "size": (tmp_path / "03" / "2026-11-22" / f"{STEM}.mkv").stat().st_size,
                "frames": 100,
                "decoded": 100,
                "duration_ms": 3960,
                "manifest": True,
                "gaps": 0,
                "frames_lost": 0,
                "faults": [],
                "notes": [],
            }
        ],
        "refused": [],
    }


def test_a_check_that_finds_a_fault_says_where_and_ends_with_1(tmp_path: Path) -> None:
    good = write_recorded(tmp_path)
    bad = write_video(
        good.with_name("03_20261122_120000.mkv"), (*_EVEN[:50], *range(9000, 9400, 40))
    )
    describe(bad, (*_EVEN[:50], *range(9000, 9400, 40)))
    result = _segment("check", "--quick", good.parent)
    assert result.exit_code == 1
    sentence = "a pause of 7040 ms that no gap of the manifest explains (frame 49, 1960 ms)"
    assert f"{bad}: {sentence}" in result.stdout
    assert result.stderr.splitlines() == ["1 ok, 1 faulty"]
    table = [line.split("│")[1:-1] for line in result.stdout.splitlines() if "03_2026" in line]
    assert [cell.strip() for cell in table[0]] == [
        f"{STEM}.mkv",
        "ok",
        "100",
        "",
        "0:00:04.0",
        "0",
        "0",
        "0",
    ]


def test_what_is_not_there_ends_with_1_and_no_path_with_2(tmp_path: Path) -> None:
    result = _segment("check", tmp_path / "nothing")
    assert result.exit_code == 1
    assert f"{tmp_path}/nothing: no such file, segment or folder" in result.stdout
    assert _segment("check").exit_code == 2
    assert _segment("repair").exit_code == 2


def test_an_interrupted_check_ends_soon_with_130_and_no_traceback(tmp_path: Path) -> None:
    video = write_video(tmp_path / "m.mkv", _EVEN, tags={})
    for number in range(3000):
        (tmp_path / f"m{number}.mkv").hardlink_to(video)
    command = [sys.executable, "-m", "appliance", "segment", "check", "--json", str(tmp_path)]
    process = subprocess.Popen(
        command,
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    _wait_for_child(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert stderr == b""
    document = json.loads(stdout)
    assert document["interrupted"] is True
    assert len(document["segments"]) < 3000


def _wait_for_child(pid: int) -> None:
    """Wait until a process has started one that works: the second, behind Python's tracker."""
    deadline_s = time.monotonic() + 20
    children = Path(f"/proc/{pid}/task/{pid}/children")
    while len(children.read_text().split()) < 2:
        assert time.monotonic() < deadline_s, "no worker was started"
        time.sleep(0.01)


def test_a_leftover_is_repaired_and_what_it_gave_is_told(tmp_path: Path) -> None:
    part = _leftover(tmp_path)
    video = part.with_suffix("")
    document = _json("repair", tmp_path)
    assert document == {
        "schema": "ethoprofiler.segment-repair/1",
        "interrupted": False,
        "segments": [
            {
                "path": str(video),
                "outcome": "repaired",
                "text": f"{video}: repaired, 99 frames, 3.9 s",
                "frames": 99,
                "last_ms": 3920,
                "gaps": [],
                "bytes_behind_the_last_frame": 0,
                "kept": None,
            }
        ],
        "refused": [],
    }
    assert read_index(video).has_cues
    assert _segment("check", "--quick", tmp_path).exit_code == 0
    again = _segment("repair", tmp_path)
    assert (again.exit_code, again.stdout) == (0, "there is nothing to repair\n")


def test_what_lies_behind_the_tear_is_told(tmp_path: Path) -> None:
    part = _leftover(tmp_path)
    with part.open("ab") as file:
        file.write(b"\xff" * 100_000)
    os.utime(part, (time.time() - 60, time.time() - 60))
    result = _segment("repair", part)
    assert result.exit_code == 0
    assert result.stdout == (
        f"{part.with_suffix('')}: repaired, 99 frames, 3.9 s; 100000 bytes behind the last whole "
        f"frame are not in it; the original is kept as {STEM}.mkv.unreadable\n"
    )


def test_a_running_recorder_is_named_and_its_files_are_left_to_it(tmp_path: Path) -> None:
    part = _leftover(tmp_path)
    content = part.read_bytes()
    with InstanceLock(tmp_path / ".lock" / "recorder-03"):
        result = _segment("repair", tmp_path)
    assert result.exit_code == 1
    assert result.stderr == (
        f"{part}: the cage's recorder, process {os.getpid()}, is running; it writes this file or "
        "repairs it by itself\n"
    )
    assert part.read_bytes() == content


def test_a_recorder_that_starts_meanwhile_takes_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = _leftover(tmp_path)
    asked = iter([None])
    monkeypatch.setattr("appliance.repair_order.recorder_of", lambda _: next(asked, 4711))
    result = _repair(part)
    assert (result.outcome, result.text) == (
        "refused",
        f"{part}: the cage's recorder, process 4711, has begun and repairs it",
    )
    assert [file.name for file in part.parent.iterdir()] == [part.name]


def test_a_file_that_still_grows_is_refused(tmp_path: Path) -> None:
    part = write_video(tmp_path / f"{STEM}.mkv.part", _EVEN, closed=False)
    assert _repair(part).text == f"{part}: grew within the last 10 s, it is written"


def test_a_copy_without_index_gets_one(tmp_path: Path) -> None:
    video = write_video(tmp_path / "copy.mkv", _EVEN, closed=False, tags={})
    assert _segment("repair", video).stdout == f"{video}: repaired, 99 frames, 3.9 s\n"
    assert read_index(video).has_cues
    again = _segment("repair", video)
    assert (again.exit_code, again.stdout) == (0, f"{video}: has its index and its duration\n")


def _described(video: Path) -> None:
    describe(video, _EVEN)


def _with_journal(video: Path) -> None:
    journal_path(video).write_text("")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_described, "has its SHA-256, so it must not change"),
        (_with_journal, "its labels are not finished, so it must not change"),
    ],
)
def test_a_finished_file_of_a_rack_never_changes(tmp_path: Path, make: Any, reason: str) -> None:
    video = write_video(tmp_path / f"{STEM}.mkv", _EVEN, closed=False)
    make(video)
    content = video.read_bytes()
    result = _repair(video)
    assert result.outcome == "refused"
    assert reason in result.text
    assert video.read_bytes() == content


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a.mp4", "only Matroska files can be repaired"),
        ("a.mkv", "holds no frame that can be read"),
    ],
)
def test_what_cannot_be_repaired_is_said_in_one_sentence(
    tmp_path: Path, name: str, told: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"no video" * 100)
    result = _repair(path)
    assert told in result.text
    assert "\n" not in result.text
    assert path.read_bytes() == b"no video" * 100


def test_help_names_both() -> None:
    assert "segment" in CliRunner().invoke(main, ["--help"]).stdout
    for command in ("check", "repair"):
        help_text: Sequence[str] = _segment(command, "--help").stdout.splitlines()
        assert help_text[0] == f"Usage: main segment {command} [OPTIONS] PATH..."
