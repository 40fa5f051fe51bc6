"""Compare uploading with bare boto3: `python -m tests.bench.bench_upload [--mib N] [--rounds N]`.

Both send the same bytes to the same SeaweedFS on this machine; ours also reads every file for its
SHA-256, keeps the ledger, and is done only when the store has confirmed the content.
"""

import argparse
import resource
import tempfile
import threading
import time
from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import Final

import numpy as np

from sync.open_store import open_store
from sync.store_config import S3StoreConfig
from sync.upload_job import UploadJob
from sync.upload_ledger import UploadLedger
from sync.uploader import Uploader
from tests.seaweed import BUCKET, Seaweed, raw_client, running_seaweed, store_keys

_MIB: Final = 1 << 20
_DAY: Final = "2026-11-22"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=256, help="size of the video")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        store_keys(),
        running_seaweed(Path(folder) / "seaweed") as seaweed,
    ):
        video = _write_video(Path(folder) / "data", arguments.mib)
        for number in range(arguments.rounds):
            _report("bare boto3", arguments.mib, *_bare(seaweed, video, number))
            _report("uploader", arguments.mib, *_ours(seaweed, Path(folder), number))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"resident memory at most {peak_mb:.0f} MB")


def _write_video(data: Path, mib: int) -> Path:
    path = data / "01" / _DAY / "01_20261122_060000.mkv"
    path.parent.mkdir(parents=True)
    random = np.random.default_rng(1)
    with path.open("wb") as file:
        for _ in range(mib):
            file.write(random.bytes(_MIB))
    return path


def _bare(seaweed: Seaweed, video: Path, number: int) -> tuple[float, float]:
    with closing(raw_client(seaweed.endpoint)) as client:
        started_s, started_cpu_s = time.monotonic(), time.process_time()
        client.upload_file(str(video), BUCKET, f"bare/{number}.mkv")
        return time.monotonic() - started_s, time.process_time() - started_cpu_s


def _ours(seaweed: Seaweed, folder: Path, number: int) -> tuple[float, float]:
    store = open_store(S3StoreConfig(kind="s3", bucket=BUCKET, endpoint=seaweed.endpoint))
    with UploadLedger(folder / f"{number}.sqlite") as ledger:
        job = UploadJob(folder / "data", f"ours/{number}", UTC)
        uploader = Uploader(store, ledger, job, threading.Event())
        started_s, started_cpu_s = time.monotonic(), time.process_time()
        while uploader.progress.backlog.verified_files == 0:
            uploader.step()
        took_s, took_cpu_s = time.monotonic() - started_s, time.process_time() - started_cpu_s
    store.close()
    return took_s, took_cpu_s


def _report(name: str, mib: int, took_s: float, took_cpu_s: float) -> None:
    print(f"{name:11}: {mib / took_s:5.0f} MiB/s, {1000 * took_cpu_s / mib:5.1f} ms CPU a MiB")


if __name__ == "__main__":
    main()
