"""Opening the upload ledger even if its file is damaged."""

import sqlite3
from pathlib import Path

from disk.damaged_ledger import file_id, is_damage, set_aside
from sync.upload_ledger import UploadLedger


def open_upload_ledger(path: Path) -> UploadLedger:
    """Open the ledger; a damaged one is set aside and made again from disk and store.

    Raises sqlite3.OperationalError if the disk does not let us; OSError.
    """
    ledger = UploadLedger(path)
    reason = _damage_in(ledger)
    if not reason:
        return ledger
    damaged = file_id(path)
    ledger.close()
    set_aside(path, damaged, reason)
    return UploadLedger(path)


def _damage_in(ledger: UploadLedger) -> str:
    """Return what is wrong with a ledger that could be opened; empty if nothing is."""
    try:
        return "" if ledger.is_sound() else "its pages do not fit together"
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return str(error)
        ledger.close()
        raise
