"""The uploader: finished files, one after the other, into the store, for ever."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from sync.backoff import LONGEST_S, backoff_s
from sync.checksum import FileDigest, digest_file
from sync.delivery import deliver
from sync.error import (
    ObjectConflict,
    SourceChanged,
    StoreAway,
    StoreRefused,
    SyncError,
    TransferDamaged,
    UploadStopped,
)
from sync.inventory import write_due_inventories
from sync.meter import Meter
from sync.progress import Progress
from sync.scan import Scan, scan_rack
from sync.store import Source, Store
from sync.upload_job import UploadJob
from sync.upload_ledger import UploadLedger, UploadRow

_SCAN_INTERVAL_S: Final = 5.0
_SCAN_SHARE: Final = 50
"""Of the time at most a fiftieth goes into scans, however many files there are."""
_ORPHAN_INTERVAL_S: Final = 3600.0
_ORPHAN_AGE_S: Final = 86_400.0
_CONFLICT_INTERVAL_S: Final = 3600.0
_ASK_INTERVAL_S: Final = 300.0
"""So often a store that has nothing to do is asked whether it is there."""
_IDLE_S: Final = 0.5
_REREAD_ATTEMPTS: Final = 3
"""After so many damaged transfers the file itself is read again: it may be the one that changed."""
_NS: Final = 1_000_000_000
_log = logging.getLogger(__name__)


class Uploader:
    """Scans, uploads, verifies; `run` belongs to one thread, the rest may be asked by any.

    A failure delays the file only if the store is well afterwards; else it delays everything.
    """

    def __init__(
        self,
        store: Store,
        ledger: UploadLedger,
        job: UploadJob,
        stop: threading.Event,
        *,
        utc_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._store: Final = store
        self._ledger: Final = ledger
        self._job: Final = job
        self._stop: Final = stop
        self._utc_ns: Final = utc_ns
        self._meter: Final = Meter()
        self._scan_due_s = 0.0
        self._store_due_s = 0.0
        self._orphans_due_s = 0.0
        self._failures = 0
        self._is_connected = False
        self._ask_again_s = 0.0
        self._suspect: tuple[str, str] | None = None
        self._strangers: frozenset[str] = frozenset()
        self._is_reachable: bool | None = None
        self._reason = ""
        self._said = ""
        self._sign_s = time.monotonic()
        self._progress = Progress(None, "", ledger.backlog())

    @property
    def progress(self) -> Progress:
        """The newest snapshot."""
        return self._progress

    @property
    def bytes_per_s(self) -> float:
        """What the store has taken, over the last half minute."""
        return self._meter.per_s(time.monotonic())

    @property
    def silent_s(self) -> float:
        """How long the thread of `run` has given no sign of life."""
        return time.monotonic() - self._sign_s

    def run(self) -> None:
        """Work until `stop`; raises sqlite3.Error if the ledger cannot be kept."""
        while not self._stop.is_set():
            try:
                is_idle = not self.step()
            except UploadStopped:
                return
            self._stop.wait(_IDLE_S if is_idle else 0.0)

    def step(self) -> bool:
        """Do the next piece of work that is due; return False if there was none."""
        self._sign()
        if time.monotonic() >= self._scan_due_s:
            self._scan()
        is_busy = time.monotonic() >= self._store_due_s and self._work()
        self._publish()
        return is_busy

    def _work(self) -> bool:
        is_stale = time.monotonic() >= self._ask_again_s
        if (is_stale or not self._is_connected) and not self._connect():
            return False
        if time.monotonic() >= self._orphans_due_s:
            self._drop_orphans()
        row = self._ledger.next_due(self._utc_ns())
        if row is None or not self._is_connected:
            return False
        self._upload(row)
        return True

    def _scan(self) -> None:
        started_s = time.monotonic()
        try:
            now = datetime.fromtimestamp(self._utc_ns() / _NS, UTC)
            scan = self._look_over(now)
            self._take_in(scan)
            for path in write_due_inventories(
                self._job.data, self._ledger, scan.open_days, self._job.standard_time, now
            ):
                _log.info("%s: inventory written", path.name)
        except SourceChanged as error:
            self._say(str(error))
        took_s = time.monotonic() - started_s
        self._scan_due_s = time.monotonic() + max(_SCAN_INTERVAL_S, _SCAN_SHARE * took_s)

    def _look_over(self, now: datetime) -> Scan:
        """List the right data folder. Raises SourceChanged."""
        if fault := self._job.fault_of():
            raise SourceChanged(fault)
        return scan_rack(self._job.data, self._job.rack, self._job.standard_time, now)

    def _take_in(self, scan: Scan) -> None:
        """Let the ledger follow the disk."""
        known = self._ledger.known()
        changed = []
        for found in scan.finished:
            row = known.get(found.file.path)
            if row == (found.key, found.size, found.mtime_ns):
                continue
            if row is not None:
                _log.warning("%s: changed after it was finished; it is looked at again", found.key)
            changed.append(found)
        if changed:
            self._ledger.expect(changed)
        for path in self._ledger.forget_vanished(found.file.path for found in scan.finished):
            _log.warning("%s: vanished before it was uploaded", path)
        for path in sorted(set(scan.strangers) - self._strangers):
            _log.warning("%s: is not a file of the rack; it is not uploaded", path)
        self._strangers = frozenset(scan.strangers)

    def _connect(self) -> bool:
        try:
            identity = self._store.identity(self._ledger.identity)
        except SyncError as error:
            # The store fails without the file, too: the file is not to blame.
            self._suspect = None
            self._lose_store(error)
            return False
        if not self._ledger.bind(identity):
            _log.warning("%s: another store than before; every file is compared", self._store.name)
            self._scan_due_s = 0.0
        if self._suspect is not None:
            path, reason = self._suspect
            self._suspect = None
            self._delay(path, reason)
        if not self._is_reachable:
            _log.info("%s: reachable", self._store.name)
        self._is_connected = self._is_reachable = True
        self._reason = ""
        self._ask_again_s = time.monotonic() + _ASK_INTERVAL_S
        return True

    def _lose_store(self, error: SyncError) -> None:
        """Leave the store alone for a while; the longer, the more often it failed in a row."""
        self._failures += 1
        slowly = isinstance(error, StoreRefused) and self._failures > 1
        wait_s = LONGEST_S if slowly else backoff_s(self._failures)
        self._store_due_s = time.monotonic() + wait_s
        self._is_connected = False
        if self._is_reachable is not False:
            _log.warning("%s", error)
        self._is_reachable, self._reason = False, str(error)

    def _drop_orphans(self) -> None:
        self._orphans_due_s = time.monotonic() + _ORPHAN_INTERVAL_S
        kept = self._ledger.upload_ids()
        try:
            dropped = self._store.drop_orphans(self._job.rack, kept, _ORPHAN_AGE_S)
        except StoreAway as error:
            self._lose_store(error)
        except SyncError as error:  # a store that cannot list them can still take files
            _log.warning("%s", error)
        else:
            if dropped:
                _log.info("%s: %d unfinished uploads removed", self._store.name, dropped)

    def _upload(self, row: UploadRow) -> None:
        self._ledger.mark_uploading(row.path)
        self._publish()
        try:
            digest = self._digest(row)
            deliver(self._store, row.key, self._source(row, digest))
            self._demand_unchanged(row)
        except (StoreAway, StoreRefused) as error:
            self._ledger.mark_waiting(row.path)
            self._suspect = (row.path, str(error))
            self._lose_store(error)
        except TransferDamaged as error:
            self._delay(row.path, str(error))
        except SourceChanged as error:
            self._delay(row.path, str(error))
            self._scan_due_s = 0.0
        except ObjectConflict as error:
            self._mark_conflict(row, error)
        except UploadStopped:
            self._ledger.mark_waiting(row.path)
            raise
        else:
            self._ledger.mark_verified(row.path, self._utc_ns())
            self._failures, self._reason = 0, ""
            self._ask_again_s = time.monotonic() + _ASK_INTERVAL_S
            _log.info("%s: verified, %d bytes", row.key, row.size)

    def _mark_conflict(self, row: UploadRow, error: ObjectConflict) -> None:
        next_ns = self._utc_ns() + round(_CONFLICT_INTERVAL_S * _NS)
        self._ledger.mark_conflict(row.path, str(error), next_ns)
        if row.state != "conflict":
            _log.error("%s", error)
        self._reason = str(error)

    def _delay(self, path: str, reason: str) -> None:
        """Put a file off whose own fault it is."""
        attempts = self._ledger.attempts(path) + 1
        next_ns = self._utc_ns() + round(backoff_s(attempts) * _NS)
        self._ledger.mark_failed(path, reason, next_ns)
        if attempts >= _REREAD_ATTEMPTS:
            self._ledger.forget_digest(path)
        self._say(reason)

    def _digest(self, row: UploadRow) -> FileDigest:
        self._demand_unchanged(row)
        digest = self._ledger.digest(row.path)
        if digest is None:
            digest = digest_file(self._job.data / row.path, self._sign)
            self._demand_unchanged(row)
            self._ledger.note_digest(row.path, digest)
        return digest

    def _demand_unchanged(self, row: UploadRow) -> None:
        path = self._job.data / row.path
        try:
            stat = path.stat()
        except OSError as error:
            raise SourceChanged(f"{path}: cannot be read: {error.strerror}") from error
        if (stat.st_size, stat.st_mtime_ns) != (row.size, row.mtime_ns):
            raise SourceChanged(f"{path}: changed after it was finished")

    def _source(self, row: UploadRow, digest: FileDigest) -> Source:
        notes = self._ledger.notes(row.path)
        return Source(self._job.data / row.path, digest, notes, self._sign, self._count)

    def _sign(self) -> None:
        self._sign_s = time.monotonic()
        if self._stop.is_set():
            raise UploadStopped(f"{self._store.name}: asked to stop")

    def _count(self, size: int) -> None:
        self._meter.add(size, time.monotonic())
        self._publish()

    def _publish(self) -> None:
        self._progress = Progress(self._is_reachable, self._reason, self._ledger.backlog())

    def _say(self, reason: str) -> None:
        if reason != self._said:
            _log.warning("%s", reason)
        self._reason = self._said = reason
