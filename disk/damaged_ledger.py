"""Setting a damaged SQLite file aside, so that a new one can begin under its name."""

import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

from disk.durable_file import sync_to_disk

FileId: TypeAlias = tuple[int, int]
"""Device and inode: which file a name meant."""
_ALONE_S: Final = 10.0
_LOOK_AGAIN_S: Final = 0.01
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY: Final = 0xFF
"""Source: sqlite.org/rescode.html; the low byte of an extended result code is the primary one."""
_log = logging.getLogger(__name__)


class LedgerReplaced(sqlite3.DatabaseError):
    """Another process has set the open file aside; open the ledger again."""


def is_damage(error: BaseException | None) -> bool:
    """Say whether an error means that the file itself is damaged: "malformed", "not a database"."""
    if not isinstance(error, sqlite3.Error):
        return False
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY in _DAMAGE


def is_lost(error: BaseException) -> bool:
    """Say whether only opening the ledger again can help."""
    return is_damage(error) or isinstance(error, LedgerReplaced)


def file_id(path: Path) -> FileId | None:
    """Return which file a name means now; None if there is none. Raises OSError."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Be the only process that opens or replaces a ledger, by a lock file beside it.

    Raises sqlite3.OperationalError after 10 s, OSError.
    """
    lock = path.with_name(f"{path.name}.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _wait_for(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def set_aside(path: Path, damaged: FileId | None, reason: str) -> None:
    """Rename a damaged ledger, closed by the caller, unless another process has done so.

    It is kept as `<name>.damaged-<UTC>`. Raises sqlite3.OperationalError, OSError.
    """
    with alone(path):
        if damaged is not None and file_id(path) == damaged:
            _rename(path, reason)


def _rename(path: Path, reason: str) -> None:
    aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    # The log goes first: beside a new file SQLite would take it for that file's own.
    wal = _beside(path, "-wal")
    if wal.exists():
        wal.replace(_beside(aside, "-wal"))
        sync_to_disk(path.parent)
    path.replace(aside)
    for suffix in ("-wal", "-shm"):
        _beside(path, suffix).unlink(missing_ok=True)
    sync_to_disk(path.parent)
    _log.error("%s: damaged (%s); kept as %s, a new one begins", path, reason, aside.name)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _wait_for(descriptor: int, path: Path) -> None:
    deadline_s = time.monotonic() + _ALONE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline_s:
                raise sqlite3.OperationalError(
                    f"{path}: others have been opening it for {_ALONE_S:.0f} s"
                ) from None
            time.sleep(_LOOK_AGAIN_S)
        else:
            return
