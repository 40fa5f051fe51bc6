"""Opening the upload ledger even if its file is damaged."""

import logging
import sqlite3
from pathlib import Path
from typing import Final

from sync.upload_ledger import UploadLedger

_DAMAGED_SUFFIX: Final = ".damaged"
_log = logging.getLogger(__name__)


def open_upload_ledger(path: Path) -> UploadLedger:
    """Open the ledger; a damaged one is set aside and made again from disk and store.

    Raises sqlite3.OperationalError if the disk does not let us; OSError.
    """
    try:
        ledger = UploadLedger(path)
        if ledger.is_sound():
            return ledger
        ledger.close()
        reason = "its pages do not fit together"
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        reason = str(error)
    aside = path.with_name(path.name + _DAMAGED_SUFFIX)
    _log.error("%s: damaged (%s); kept as %s, every file is compared", path, reason, aside.name)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.replace(aside)
    return UploadLedger(path)
