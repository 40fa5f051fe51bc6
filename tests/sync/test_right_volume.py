"""An uploader does not take another folder for the recordings."""

import threading
from pathlib import Path

import pytest

from sync.ledger_rescue import open_upload_ledger
from sync.open_store import open_store
from sync.store_config import FolderStoreConfig
from sync.upload_job import UploadJob
from sync.uploader import Uploader
from tests.sync.rack import STANDARD_TIME
from tests.sync.sending import write_random


def test_nothing_is_uploaded_or_listed_as_long_as_another_volume_is_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data, target = tmp_path / "data", tmp_path / "store"
    target.mkdir()
    write_random(data / "01" / "2026-11-20" / "01_20261120_060000.mkv", 1000, 1)
    fault = "data: volume `disk-7` is not mounted, `disk-8` is there instead"
    job = UploadJob(data, "north/rack-1", STANDARD_TIME, lambda: fault)
    with open_upload_ledger(tmp_path / "uploads.sqlite") as ledger:
        store = open_store(FolderStoreConfig(kind="folder", path=target))
        uploader = Uploader(store, ledger, job, threading.Event())
        uploader.step()
        assert fault in caplog.messages
        assert uploader.progress.backlog.waiting_files == 0
        assert [entry.name for entry in data.iterdir()] == ["01"]
        store.close()
