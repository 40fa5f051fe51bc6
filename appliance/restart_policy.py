"""How long a worker that ended waits for its next start."""

from typing import Final

from appliance.backoff import Backoff

_FIRST_S: Final = 0.5
_LONGEST_S: Final = 30.0
_IN_ORDER_S: Final = 3.0
"""Who ran for so long is not in a crash loop: its end costs a cage no more than its start."""


class RestartPolicy:
    """At once the first time, then 0.5, 1, 2 ... 30 s, for ever, until one run lasts 3 s."""

    def __init__(self) -> None:
        self._backoff: Final = Backoff(_FIRST_S, _LONGEST_S)
        self._trusted = True

    def delay_s(self, up_s: float) -> float:
        """Return the pause after an end that came `up_s` after the start."""
        if self._trusted or up_s >= _IN_ORDER_S:
            self._trusted = False
            self._backoff.reset()
            return 0.0
        return self._backoff.next_s()
