"""The uploader as a worker process: one thread uploads, the loop reports and tells."""

import logging
import threading
import time
from typing import Final

from appliance.cage_plan import rack_plan
from appliance.config import RackConfig
from appliance.event import SyncPayload, rfc3339
from appliance.outbox import Event, Outbox
from appliance.rack_path import event_ledger, upload_ledger
from appliance.rack_volume import volume_fault
from appliance.report import UploaderDetail
from appliance.sync_event import SyncNews
from appliance.worker import Worker
from disk.damaged_ledger import is_damage
from sync.ledger_rescue import open_upload_ledger
from sync.object_key import rack_key
from sync.open_store import open_store
from sync.store import Store
from sync.store_config import StoreConfig
from sync.upload_job import UploadJob
from sync.uploader import Uploader

_BEAT_S: Final = 0.5
_STOP_S: Final = 1.0
_SLOW_S: Final = 90.0
_HUNG_S: Final = 600.0
"""Longer than the time limits of all requests of one step together."""
_TOPIC: Final = "sync"
_SCHEMA: Final = "ethoprofiler.sync/1"
_log = logging.getLogger(__name__)


def run(worker: Worker) -> None:
    """Upload until `stop`; a transfer under way goes on at its part next time."""
    config = worker.config
    if config.store is None:
        _log.error("uploader: the configuration has no [store]; nothing is uploaded")
        return
    with Outbox(event_ledger(config)) as outbox:
        ledger = open_upload_ledger(upload_ledger(config))
        halt = threading.Event()
        store = open_store(config.store)
        uploader = Uploader(store, ledger, _job(config, config.store), halt)
        thread = _UploadThread(uploader)
        thread.start()
        try:
            _watch(worker, thread, store, outbox)
        finally:
            halt.set()
            worker.beat(_detail(store, uploader), "stopping")
            thread.join(_STOP_S)
            # A thread that waits for an answer is left behind: the ledger on disk knows the rest.
            if not thread.is_alive():
                ledger.close()
                store.close()


def sync_payload(detail: UploaderDetail) -> SyncPayload:
    """Return what is told of a state of the upload."""
    last_ns = detail.last_verified_utc_ns
    return SyncPayload(
        waiting_files=detail.waiting_files,
        waiting_bytes=detail.waiting_bytes,
        last_verified=None if last_ns is None else rfc3339(last_ns),
        bytes_per_s=detail.bytes_per_s,
        estimate_s=_estimate_s(detail),
        reachable=detail.reachable,
    )


class _UploadThread(threading.Thread):
    """Runs the uploader and keeps what ended it; does not keep the process alive."""

    def __init__(self, uploader: Uploader) -> None:
        super().__init__(name="uploader", daemon=True)
        self.uploader: Final = uploader
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.uploader.run()
        except Exception as error:  # noqa: BLE001 - raised again by the worker's loop
            self.error = error


def _watch(worker: Worker, thread: _UploadThread, store: Store, outbox: Outbox) -> None:
    """Beat and tell until `stop`; raises what ended the thread."""
    config = worker.config
    plan = rack_plan(config)
    news = SyncNews()
    while not worker.stop.is_set():
        if is_damage(thread.error):
            # Not raised as it is: the event ledger is open around this, and is not what is damaged.
            raise RuntimeError(f"the upload ledger: {thread.error}") from thread.error
        if thread.error is not None:
            raise thread.error
        if thread.uploader.silent_s > _HUNG_S:
            raise TimeoutError(f"{store.name}: no answer and no time limit for {_HUNG_S:.0f} s")
        detail = _detail(store, thread.uploader)
        worker.beat(detail)
        if thread.uploader.progress.is_reachable is not None:
            utc_ns = time.time_ns()
            payload = sync_payload(detail)
            if news.take(payload, time.monotonic()):
                zt_h = plan.zt_h(utc_ns)
                outbox.add([Event(_TOPIC, _SCHEMA, utc_ns, zt_h, payload, retained=True)])
        worker.stop.wait(_BEAT_S)


def _job(config: RackConfig, store: StoreConfig) -> UploadJob:
    rack = rack_key(store.prefix, config.rack.facility, config.rack.name)
    return UploadJob(config.rack.data, rack, config.standard_time, lambda: volume_fault(config))


def _detail(store: Store, uploader: Uploader) -> UploaderDetail:
    progress, silent_s = uploader.progress, uploader.silent_s
    reason = progress.reason
    if progress.is_reachable is None:
        reason = reason or f"{store.name}: not asked yet"
    if silent_s > _SLOW_S:
        reason = f"{store.name}: no answer for {silent_s:.0f} s"
    return UploaderDetail(
        store=store.name,
        reachable=bool(progress.is_reachable) and silent_s <= _SLOW_S,
        reason=reason,
        waiting_files=progress.backlog.waiting_files,
        waiting_bytes=progress.backlog.waiting_bytes,
        verified_files=progress.backlog.verified_files,
        last_verified_utc_ns=progress.backlog.last_verified_utc_ns,
        bytes_per_s=round(uploader.bytes_per_s),
        conflicts=progress.backlog.conflicts,
    )


def _estimate_s(detail: UploaderDetail) -> float | None:
    """Return how long what waits takes at the present rate; None if nobody can say."""
    if detail.waiting_files == 0:
        return 0.0
    if not detail.reachable or detail.bytes_per_s <= 0:
        return None
    return round(detail.waiting_bytes / detail.bytes_per_s, 1)
