"""`ethoprofiler crossvalidate`: all folds, whoever is killed meanwhile, and their report."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.instance_lock import InstanceLock
from appliance.main import main
from inference.dataset.check import inspect
from inference.dataset.opening import open_data_set
from inference.evaluate.fold import Fold, folds_of
from inference.evaluate.fold_file import FOLDS
from inference.evaluate.prediction_file import FILE_NAME, read_predictions
from inference.preprocessing import Preprocessing
from inference.train.clip_list import ClipList, ListedClip, listed_clips
from tests.inference.annotated_clips import write_clips
from tests.inference.fold_work import is_running

_PATIENCE_S = 120


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    write_clips(folder, ["01", "02", "03"])
    return folder


def _arguments(data_set: Path, out: Path, *more: str) -> list[str]:
    tiny = ("--epochs", "1", "--steps", "3", "--minibatch", "8", "--validation-stacks", "0")
    places = (str(data_set), str(out), "--cache", str(data_set.parent / "bands"))
    return ["crossvalidate", *places, "--protocol", "leave-one-animal-out", *tiny, *more]


def _refusal(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    return result.output.splitlines()[-1]


def test_one_animal_alone_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    write_clips(tmp_path / "clips", ["01"])
    last = _refusal(*_arguments(tmp_path / "clips", tmp_path / "out"))
    assert last == "Error: all clips are of animal 01: to leave one out takes two"
    assert not (tmp_path / "out").exists()


def test_a_behavior_that_only_one_animal_shows_is_found_before_anything_is_trained(
    data_set: Path, tmp_path: Path
) -> None:
    clips = tmp_path / "clips"
    shutil.copytree(data_set, clips)
    for annotation in clips.glob("0[12]_*_s0_*_map.csv"):
        annotation.write_text(annotation.read_text().replace(";0\n", ";1\n"))
    last = _refusal(*_arguments(clips, tmp_path / "out"))
    assert last == (
        "Error: fold animal-03 would learn no drink, which only its held-out clips show"
    )


def test_two_processes_do_not_share_a_folder(data_set: Path, tmp_path: Path) -> None:
    with InstanceLock(tmp_path / "lock"):
        last = _refusal(*_arguments(data_set, tmp_path))
    assert last == f"Error: {tmp_path}: another process is cross-validating there"


def test_jobs_and_a_scheduler_exclude_each_other(data_set: Path, tmp_path: Path) -> None:
    more = ("--jobs", "2", "--scheduler", "tcp://127.0.0.1:1")
    result = CliRunner().invoke(main, _arguments(data_set, tmp_path, *more))
    assert result.exit_code == 2
    assert "--jobs is for this machine" in result.output


def test_an_empty_address_is_no_scheduler(data_set: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, _arguments(data_set, tmp_path, "--scheduler", " "))
    assert result.exit_code == 2
    assert "--scheduler is an address, such as tcp://10.0.0.7:8786" in result.output


def test_a_scheduler_that_does_not_answer_is_found_before_anything_is_decoded(
    data_set: Path, tmp_path: Path
) -> None:
    more = ("--scheduler", "tls://127.0.0.1:9", "--cache", str(tmp_path / "bands"))
    last = _refusal(*_arguments(data_set, tmp_path / "out", *more))
    assert last.startswith("Error: tls://127.0.0.1:9 takes certificates")
    assert not (tmp_path / "bands").exists()


def test_a_disk_without_room_for_the_epochs_is_found_before_anything_is_decoded(
    data_set: Path, tmp_path: Path
) -> None:
    more = ("--epochs", "1000000000", "--cache", str(tmp_path / "bands"))
    last = _refusal(*_arguments(data_set, tmp_path / "out", *more))
    assert re.fullmatch(
        rf"Error: {tmp_path / 'out'} has [0-9.]+ GB free, the epochs of 3 folds take [0-9.]+ GB",
        last,
    )
    assert not (tmp_path / "bands").exists()


def test_folds_of_annotations_that_were_changed_are_not_pooled_with_others(
    data_set: Path, tmp_path: Path
) -> None:
    clips, out = tmp_path / "clips", tmp_path / "out"
    shutil.copytree(data_set, clips)
    inspection = inspect(open_data_set(clips))
    entries = listed_clips((clip.source, clip.frames) for clip in inspection.clips)
    for fold in folds_of("leave-one-animal-out", [clip.source for clip in inspection.clips]):
        _finish(out / FOLDS / fold.name, fold, entries)
    annotation = next(clips.glob("02_*_s0_*_map.csv"))
    annotation.write_text(annotation.read_text().replace(";0\n", ";1\n"))
    last = _refusal(*_arguments(clips, out))
    name = annotation.name.removesuffix("_map.csv")
    assert last == (
        f"Error: {out / FOLDS / 'animal-01'} holds another training: "
        f"the annotation of clip {name} is another one"
    )


def _finish(folder: Path, fold: Fold, entries: Mapping[str, ListedClip]) -> None:
    """Write what a fold of these clips leaves, but for predictions that nobody opens."""
    listed = ClipList(
        preprocessing=Preprocessing(),
        training=tuple(entries[clip.name] for clip in fold.training),
        held_out=tuple(entries[clip.name] for clip in fold.held_out),
    )
    folder.mkdir(parents=True)
    (folder / "clips.json").write_text(listed.model_dump_json())
    (folder / FILE_NAME).touch()


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def _children(process: int) -> list[int]:
    """Return the processes that a process started to do folds."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == process and b"spawn_main" in command:
            found.append(int(entry.name))
    return found


def _started(data_set: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "appliance", *_arguments(data_set, out, "--jobs", "2")]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.campaign
def test_killed_processes_cost_nothing_but_time(data_set: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = out / "folds" / "animal-01"
    with _started(data_set, out) as program:
        _wait_until((first / "plan.json").exists)
        workers = _children(program.pid)
        os.kill(workers[0], signal.SIGKILL)
        _wait_until(lambda: any(path.name == FILE_NAME for path in out.glob("folds/*/*")))
        workers = _children(program.pid)
        program.kill()
    _wait_until(lambda: not any(map(is_running, workers)))
    kept = {path: path.stat().st_mtime_ns for path in out.glob(f"folds/*/{FILE_NAME}")}
    with _started(data_set, out) as program:
        assert program.wait(_PATIENCE_S) == 0
    assert all(path.stat().st_mtime_ns == moment for path, moment in kept.items())
    report = json.loads((out / "report.json").read_text())
    assert report["protocol"] == "leave-one-animal-out"
    assert [fold["figures"]["name"] for fold in report["folds"]] == [
        "animal-01",
        "animal-02",
        "animal-03",
    ]
    assert report["judged"]["frames"] == 3 * 4 * 44
    with _started(data_set, tmp_path / "undisturbed") as program:
        assert program.wait(_PATIENCE_S) == 0
    for path in sorted(out.glob(f"folds/*/{FILE_NAME}")):
        other = tmp_path / "undisturbed" / path.relative_to(out)
        assert read_predictions(path).about.model == read_predictions(other).about.model
