"""A worker that does as it is told by a file, for tests of the supervisor.

`python -m tests.appliance.odd_worker NAME CONFIG`. The file `<state>/oddity/NAME` holds one word:
`crash`, `hang`, `deaf` (ignores SIGTERM), `mute` (never gets ready); no file: a worker in order.
A file `end` there ends them all, also those that were started a moment ago.
"""

import os
import signal
import sys
from pathlib import Path

from appliance.config import read_config
from appliance.instance_lock import InstanceLock
from appliance.rack_path import lock_path
from appliance.report import CageLabel, ClassifierDetail, Detail, RecorderDetail
from appliance.worker import RECORDER, Worker, config_sha256


def main(name: str, path: Path) -> None:
    config = read_config(path)
    oddity = config.state / "oddity" / name
    worker = Worker(name, config, config_sha256(path.read_bytes()))
    signal.signal(signal.SIGTERM, lambda *_: worker.stop.set())
    with InstanceLock(lock_path(config, name)):
        word = _word(oddity)
        worker.beat(state="starting")
        while word == "deaf" or not worker.stop.is_set():
            word = _word(oddity)
            if (config.state / "oddity" / "end").exists():
                os._exit(0)
            if word == "crash":
                os._exit(7)
            if word == "hang":
                signal.pause()
            if word != "mute":
                worker.beat(_detail(name, word))
            signal.sigtimedwait((), 0.05)


def _word(oddity: Path) -> str:
    return oddity.read_text().strip() if oddity.exists() else ""


def _detail(name: str, word: str) -> Detail | None:
    if name.startswith(RECORDER):
        return RecorderDetail(
            state="stalled" if word == "stalled" else "recording",
            reason="no frame for 2 s" if word == "stalled" else "",
            segment="01_20261122_060000",
            fps=25.0,
            frames=100,
            gaps=0,
            frames_lost=0,
            late_ms=5.0,
            bytes_per_s=1000.0,
        )
    if name == "classifier":
        return ClassifierDetail(model="m@1", device="cpu", frames_per_s=25.0, cages=_labels())
    return None


def _labels() -> tuple[CageLabel, ...]:
    return (
        CageLabel(
            cage=1,
            behavior="rest",
            confidence=0.9,
            since_utc_ns=0,
            segment="01_20261122_060000",
            frame=99,
            lag_s=0.2,
            waiting_segments=0,
        ),
    )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
