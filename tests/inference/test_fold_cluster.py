"""Folds on a cluster of processes: what is killed is done again, and nothing is left running."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.error import TrainingError
from inference.train.fold_cluster import run_folds
from tests.inference.fold_work import Work, do, is_running, processes_of

_PATIENCE_S = 30


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_killed_fold_is_done_again_and_one_that_fails_says_why_while_the_others_finish(
    tmp_path: Path,
) -> None:
    works = [
        Work(tmp_path, "killed", "killed once"),
        Work(tmp_path, "refused", "refused"),
        Work(tmp_path, "first", "done"),
        Work(tmp_path, "second", "done"),
    ]
    told: dict[str, str] = {}
    failures = run_folds(
        do,
        {work.name: work for work in works},
        jobs=2,
        finished=told.__setitem__,
        waiting=lambda: None,
    )
    sentence = "the loss of refused is no number any more"
    assert failures == {"refused": sentence}
    assert told == {"killed": "", "refused": sentence, "first": "", "second": ""}
    killed, again = processes_of(tmp_path, "killed")
    assert killed != again
    assert len(processes_of(tmp_path, "first")) == 1
    done = [process for work in works for process in processes_of(tmp_path, work.name)]
    _wait_until(lambda: not any(map(is_running, done)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_process_is_left_when_the_program_is_interrupted_or_killed(
    tmp_path: Path, number: signal.Signals
) -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.inference.fold_program", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with program:
        _wait_until(lambda: (tmp_path / "one").exists() and (tmp_path / "two").exists())
        workers = [process for name in ("one", "two") for process in processes_of(tmp_path, name)]
        assert all(map(is_running, workers))
        program.send_signal(number)
        spoken = program.communicate(timeout=_PATIENCE_S)
    assert program.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    if number == signal.SIGINT:
        assert spoken == (b"", b"")
    _wait_until(lambda: not any(map(is_running, workers)))


def test_a_scheduler_that_does_not_answer_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.train.fold_cluster._CONNECT_S", 0.5)
    with pytest.raises(TrainingError, match=r"^no scheduler answers at tcp://127.0.0.1:9$"):
        run_folds(
            do,
            {"one": Work(tmp_path, "one", "done")},
            jobs=1,
            scheduler="tcp://127.0.0.1:9",
            finished=lambda _name, _why: None,
            waiting=lambda: None,
        )
