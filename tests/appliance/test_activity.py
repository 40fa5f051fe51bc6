"""What the strips show: right, and without holding up the loop that asks."""

import random
import time
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from appliance.activity import SCHEMA, add_activity, history, minute_of
from disk.ledger import open_ledger, transaction

NOW_NS: Final = 1_795_348_800_040_000_000
MINUTE_NS: Final = 60_000_000_000
CAGES: Final = range(1, 11)
TWO_DAYS: Final = 48 * 60
LIMIT_S: Final = 0.1


def fill(ledger: Path, minutes: int) -> dict[tuple[int, int, int], int]:
    """Write a restless animal for each cage up to now; return frames by cage, minute, code."""
    chance = random.Random(5)
    last = minute_of(NOW_NS)
    written = {
        (cage, minute, code): chance.randrange(1, 4)
        for cage in CAGES
        for minute in range(last - minutes, last + 1)
        for code in chance.sample(range(8), 5)
    }
    connection = open_ledger(ledger, SCHEMA)
    with transaction(connection):
        for (cage, minute, code), frames in written.items():
            add_activity(connection, cage, {(minute, code): frames})
    connection.close()
    return written


@pytest.mark.parametrize(("hours", "bins"), [(1.0, 60), (2.0, 7), (0.5, 90), (3.0, 1), (0.01, 3)])
def test_a_bin_shows_the_code_with_most_frames(tmp_path: Path, hours: float, bins: int) -> None:
    written = fill(tmp_path / "events.sqlite", 150)
    shown = history(tmp_path / "events.sqlite", [*CAGES, 42], hours, bins, NOW_NS)
    assert [cage.cage for cage in shown.cages] == [*CAGES, 42]
    for cage in shown.cages:
        counts = [Counter[int]() for _ in range(bins)]
        for (number, minute, code), frames in written.items():
            place = (minute * MINUTE_NS - shown.from_utc_ns) // round(hours * 60 * MINUTE_NS / bins)
            if number == cage.cage and 0 <= place < bins:
                counts[place][code] += frames
        expected = [min(c, key=lambda code: (-c[code], code)) if c else None for c in counts]
        assert list(cage.codes) == expected


def test_two_days_of_ten_cages_do_not_hold_up_who_asks(tmp_path: Path) -> None:
    fill(tmp_path / "events.sqlite", TWO_DAYS)
    spent_s = []
    for _ in range(3):
        began_s = time.process_time()
        history(tmp_path / "events.sqlite", CAGES, 48.0, 160, NOW_NS)
        spent_s.append(time.process_time() - began_s)
    assert min(spent_s) < LIMIT_S
