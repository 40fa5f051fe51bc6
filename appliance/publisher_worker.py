"""The publisher process: events to the broker, and the rack's presence there."""

import os
import time
from typing import Final

from appliance.publisher import Publisher
from appliance.worker import Worker

_TURN_S: Final = 0.05
"""How often the ledger is asked for news; half of it is the median delay."""
_LAST_EVENTS_S: Final = 3.0
_GOODBYE_S: Final = 1.0


def run(worker: Worker) -> None:
    """Publish until told to stop, then what still waits for 3 s, then "offline".

    Raises ConfigError without [mqtt]; sqlite3.Error, OSError.
    """
    with Publisher(worker.config, os.environ) as publisher:
        while not worker.stop.is_set():
            publisher.turn(_TURN_S)
            worker.beat(publisher.detail)
        deadline_s = time.monotonic() + _LAST_EVENTS_S
        publisher.turn(_TURN_S)
        while not publisher.is_idle and time.monotonic() < deadline_s:
            publisher.turn(_TURN_S)
            worker.beat(publisher.detail, state="stopping")
        publisher.say_offline(_GOODBYE_S)
