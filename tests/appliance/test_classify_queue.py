"""A worker that dies or hangs costs its own video only."""

import os
import signal
from pathlib import Path

import pytest

from appliance.classify_job import Job, Outcome, Progress, Settings
from appliance.classify_queue import ClassifyQueue
from tests.video_factory import moving_square, write_video


def children() -> set[int]:
    text = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
    return {int(pid) for pid in text.split()}


def workers(since: set[int]) -> list[int]:
    """Return the worker processes that were started since, not multiprocessing's own helpers."""
    return [
        pid
        for pid in children() - since
        if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    pictures = moving_square(100, width=96, height=96)
    long_video = write_video(tmp_path / "a.mkv", pictures * 30)
    short_video = write_video(tmp_path / "b.mkv", pictures)
    return [Job(video, video.with_suffix(".csv")) for video in (long_video, short_video)]


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        (signal.SIGKILL, "a.mkv: the decoder crashed (exit code -9)"),
        (signal.SIGSTOP, "a.mkv: no frame for 3 s, the decoder hangs"),
    ],
)
def test_a_lost_worker_fails_its_video_and_the_next_one_is_labelled(
    jobs: list[Job], model_path: Path, sent: signal.Signals, complaint: str
) -> None:
    before = children()
    outcomes: list[Outcome] = []
    hit: list[int] = []

    def strike(job: Job, _: Progress) -> None:
        if job is jobs[0] and not hit:
            (pid,) = workers(before)
            hit.append(pid)
            os.kill(pid, sent)

    queue = ClassifyQueue(
        Settings(model_path, "cpu", 1, None, overwrite=False),
        on_ready=lambda _: None,
        on_progress=strike,
        on_outcome=outcomes.append,
        silence_limit_s=3.0,
    )
    queue.run(jobs, workers=1)
    assert [outcome.status for outcome in outcomes] == ["failed", "labelled"]
    assert outcomes[0].message.endswith(complaint)
    assert not jobs[0].labels.exists()
    assert jobs[1].labels.exists()
    assert not Path(f"/proc/{hit[0]}").exists()
