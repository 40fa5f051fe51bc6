"""A rack's data folder and an uploader that works on it step by step."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from sync.ledger_rescue import open_upload_ledger
from sync.store import Store
from sync.upload_job import UploadJob
from sync.upload_ledger import UploadLedger
from sync.uploader import Uploader
from tests.sync.sending import write_random

RACK: Final = "recordings/north/rack-1"
DAY: Final = "2026-11-22"
STEM: Final = "01_20261122_060000"
STANDARD_TIME: Final = timezone(timedelta(hours=1))
_LIMIT_S: Final = 60.0


@dataclass
class Rack:
    """Files, a ledger, a clock that is moved by hand, and an uploader made with `uploading`."""

    folder: Path
    rack: str
    """The beginning of its keys."""
    now: datetime = datetime(2026, 11, 22, 18, 0, tzinfo=STANDARD_TIME)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def ledger_path(self) -> Path:
        return self.folder / "uploads.sqlite"

    def add(self, name: str, size: int, *, day: str = DAY, seed: int = 1) -> Path:
        """Put a finished file of cage 01 into the rack."""
        return write_random(self.data / "01" / day / name, size, seed)

    def key(self, name: str, day: str = DAY) -> str:
        return f"{self.rack}/01/{day}/{name}"

    @contextmanager
    def uploading(self, store: Store) -> Iterator["Session"]:
        with open_upload_ledger(self.ledger_path) as ledger:
            job = UploadJob(self.data, self.rack, STANDARD_TIME)
            yield Session(
                Uploader(
                    store,
                    ledger,
                    job,
                    self.stop,
                    utc_ns=lambda: round(self.now.timestamp()) * 1_000_000_000,
                ),
                ledger,
            )
        store.close()


@dataclass
class Session:
    """One life of an uploader."""

    uploader: Uploader
    ledger: UploadLedger

    def drain(self) -> None:
        """Work until every file is verified or in conflict."""
        self.until(lambda: self.uploader.progress.backlog.waiting_files == 0)

    def until(self, is_done: Callable[[], bool]) -> None:
        """Work until a condition holds, at least one step."""
        deadline_s = time.monotonic() + _LIMIT_S
        self.uploader.step()
        while not is_done():
            assert time.monotonic() < deadline_s, self.uploader.progress
            if not self.uploader.step():
                time.sleep(0.02)
