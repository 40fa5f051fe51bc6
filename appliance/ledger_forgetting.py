"""The hourly forgetting of what the event ledger need not keep, a little at a time."""

import logging
import sqlite3
from typing import Final

from appliance.label_ledger import LabelLedger

_EVERY_S: Final = 3600.0
_log = logging.getLogger(__name__)


class LedgerForgetting:
    """Forgets at once, then every hour; one thread at a time, which may be a beating loop."""

    def __init__(self, ledger: LabelLedger, *, is_published: bool) -> None:
        self._ledger = ledger
        self._is_published = is_published
        self._due_s: float | None = None
        self._fails = False

    def turn(self, now_s: float, now_utc_ns: int) -> None:
        """Forget one step if it is time; a ledger that fails is tried again in an hour."""
        if self._due_s is not None and now_s < self._due_s:
            return
        try:
            has_more = self._ledger.forget_old(now_utc_ns, is_published=self._is_published)
        except sqlite3.Error as error:
            if not self._fails:
                _log.warning("the event ledger: old entries are not removed: %s", error)
            has_more, self._fails = False, True
        else:
            self._fails = False
        self._due_s = now_s if has_more else now_s + _EVERY_S
