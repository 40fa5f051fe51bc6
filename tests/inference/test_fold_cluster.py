"""Folds on a cluster of processes: what is killed is done again, and nothing is left running."""

# mypy: disallow-untyped-calls=False

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from distributed import LocalCluster

from inference.error import TrainingError
from inference.train.fold_cluster import _uninterrupted, refuse_deserted, run_folds
from tests.inference.fold_work import Work, do, is_running, processes_of

_PATIENCE_S = 30


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def _failures(works: Sequence[Work], told: dict[str, str]) -> dict[str, str]:
    return run_folds(
        do,
        {work.name: work for work in works},
        jobs=2,
        finished=told.__setitem__,
        waiting=lambda: None,
    )


def test_a_fold_that_fails_says_why_while_the_others_finish(tmp_path: Path) -> None:
    works = [
        Work(tmp_path, "refused", "refused"),
        Work(tmp_path, "first", "done"),
        Work(tmp_path, "second", "done"),
    ]
    told: dict[str, str] = {}
    failures = _failures(works, told)
    sentence = "the loss of refused is no number any more"
    assert failures == {"refused": sentence}
    assert told == {"refused": sentence, "first": "", "second": ""}
    done = [process for work in works for process in processes_of(tmp_path, work.name)]
    assert len(done) == len(works)
    assert len(set(done)) == 2
    _wait_until(lambda: not any(map(is_running, done)))


@pytest.mark.campaign
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_killed_fold_is_done_again_while_the_others_finish(tmp_path: Path) -> None:
    works = [Work(tmp_path, "killed", "killed once"), Work(tmp_path, "other", "done")]
    told: dict[str, str] = {}
    assert _failures(works, told) == {}
    assert told == {"killed": "", "other": ""}
    killed, again = processes_of(tmp_path, "killed")
    assert killed != again
    assert len(processes_of(tmp_path, "other")) == 1
    _wait_until(lambda: not any(map(is_running, (killed, again))))


@pytest.mark.campaign
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
        if number == signal.SIGINT:
            time.sleep(0.3)
            program.send_signal(number)
        spoken = program.communicate(timeout=_PATIENCE_S)
    assert program.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    if number == signal.SIGINT:
        assert spoken == (b"", b"")
    _wait_until(lambda: not any(map(is_running, workers)))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.train.fold_cluster._CONNECT_S", 0.5)


@contextmanager
def _scheduler(workers: int) -> Iterator[LocalCluster]:
    """Run a scheduler and workers in threads of this process."""
    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
        silence_logs=logging.CRITICAL,
    ) as cluster:
        yield cluster


def _run(work: Work, scheduler: str, waiting: Callable[[], None] = lambda: None) -> None:
    run_folds(
        do,
        {work.name: work},
        jobs=1,
        scheduler=scheduler,
        finished=lambda _name, _why: None,
        waiting=waiting,
    )


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("tcp://127.0.0.1:9", "no scheduler answers at tcp://127.0.0.1:9"),
        (
            "tls://127.0.0.1:9",
            "tls://127.0.0.1:9 takes certificates, which Dask's configuration does not name",
        ),
    ],
)
def test_a_scheduler_that_does_not_answer_is_one_sentence(
    tmp_path: Path, address: str, sentence: str
) -> None:
    with pytest.raises(TrainingError) as refusal:
        _run(Work(tmp_path, "one", "done"), address)
    assert str(refusal.value) == sentence


@pytest.mark.usefixtures("impatient")
def test_a_scheduler_without_workers_is_one_sentence() -> None:
    with _scheduler(workers=0) as cluster:
        address = cluster.scheduler_address
        with pytest.raises(TrainingError, match=f"^no worker serves the scheduler {address}: "):
            refuse_deserted(address)


@pytest.mark.usefixtures("impatient")
def test_a_scheduler_that_is_lost_is_one_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with _scheduler(workers=1) as cluster:
        address = cluster.scheduler_address

        def lose() -> None:
            if (tmp_path / "one").exists():
                (tmp_path / "end").touch()
                cluster.close(timeout=2)

        with pytest.raises(TrainingError, match=f"^the scheduler {address} is gone: start again$"):
            _run(Work(tmp_path, "one", "until asked"), address, lose)
    assert capfd.readouterr() == ("", "")


def test_an_interruption_of_the_shutdown_is_ignored_and_the_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with _uninterrupted():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is before
