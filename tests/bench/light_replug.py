"""How soon all is well after a panel's line was plugged in again, as another device."""

import os
import random
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.bench.lit_rack import Benched, LitRack, lit_for
from tests.bench.spread import Spread
from tests.firmware.firmware_build import BuiltFirmware

LIMIT_S: Final = 5.0
"""From plugging in until all is well. Source: contracts, "Limits"."""
_PATIENCE_S: Final = 30.0
_LEAST_S, _MOST_S = 0.5, 8.0
"""How long it is unplugged; the tries to open it become rarer meanwhile."""
_MOST_TERMINALS: Final = 100


def print_reconciliation(built: BuiltFirmware, repeats: int) -> bool:
    """Print how soon all is well; return whether it always was within the limit."""
    chance = random.Random(2)
    with (
        tempfile.TemporaryDirectory(prefix="ethoprofiler-bench-") as name,
        Benched(built, Path(name)) as panel,
        LitRack(Path(name), panel, lit_for(3.0)) as rack,
    ):
        rack.await_well()
        took_s = [_replug(panel, rack, chance.uniform(_LEAST_S, _MOST_S)) for _ in range(repeats)]
    took = Spread.of(took_s)
    print(f"\nfrom plugging in, as another device, until all is well: {took.text('s', 2)}")
    return took.largest <= LIMIT_S


def _replug(panel: Benched, rack: LitRack, away_s: float) -> float:
    before = str(panel.paced.link.readlink())
    panel.paced.unplug()
    rack.await_panel(lambda one: bool(one.reason), _PATIENCE_S)
    time.sleep(away_s)
    _plug_elsewhere(panel, before)
    began_s = time.monotonic()
    rack.await_well(_PATIENCE_S)
    return time.monotonic() - began_s


def _plug_elsewhere(panel: Benched, before: str) -> None:
    """Plug in as another terminal than before, which other programs may take and leave."""
    for _ in range(_MOST_TERMINALS):
        taken = _taken(before)
        panel.paced.plug()
        for end in taken:
            os.close(end)
        if str(panel.paced.link.readlink()) != before:
            return
        panel.paced.unplug()
    raise AssertionError(f"{before} is always the next one")


def _taken(name: str) -> list[int]:
    """Return ends of terminals, one of which has taken that name: a new one gets another."""
    ends: list[int] = []
    for _ in range(_MOST_TERMINALS):
        master, slave = os.openpty()
        ends += [slave, master]
        if os.ttyname(slave) == name:
            break
    return ends
