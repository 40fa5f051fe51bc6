"""When the outside is told how far the store is behind."""

from typing import Final

from appliance.event import SyncPayload

_INTERVAL_S: Final = 60.0


class SyncNews:
    """Decides which states of the upload are news."""

    def __init__(self) -> None:
        self._told: SyncPayload | None = None
        self._told_s = 0.0

    def take(self, state: SyncPayload, now_s: float) -> bool:
        """Return whether to tell, and take it as told; `now_s` is monotonic.

        At once: the first state, the store's coming and going, a backlog's begin and end. Anything
        else that has changed: at most once a minute.
        """
        told = self._told
        if told is not None:
            is_turn = (state.reachable, state.waiting_files > 0) != (
                told.reachable,
                told.waiting_files > 0,
            )
            is_change = (state.waiting_files, state.waiting_bytes, state.last_verified) != (
                told.waiting_files,
                told.waiting_bytes,
                told.last_verified,
            )
            if not is_turn and not (is_change and now_s - self._told_s >= _INTERVAL_S):
                return False
        self._told, self._told_s = state, now_s
        return True
