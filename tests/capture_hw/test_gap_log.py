"""Lines about gaps: few, whatever a camera does."""

import logging
from typing import Final

import pytest

from capture_hw.gap_finder import Loss
from capture_hw.gap_log import GapLog

_SECOND_NS: Final = 1_000_000_000


def test_gaps_are_told_at_most_once_a_minute_with_their_number(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = GapLog("cage 03")
    with caplog.at_level(logging.INFO):
        for number in range(121):
            log.note("03_a", 0, 80, Loss(2, "camera dropped frames"), number * _SECOND_NS // 4)
        log.look(60 * _SECOND_NS)
        log.look(120 * _SECOND_NS)
        log.note("03_b", 40, 80, Loss(1, "camera stalled"), 121 * _SECOND_NS)
    assert [record.getMessage() for record in caplog.records] == [
        "cage 03: 03_a: 2 frames lost from 0 to 80 ms: camera dropped frames",
        "cage 03: 120 gaps, 240 frames lost in the last minute",
        "cage 03: 03_b: 1 frames lost from 40 to 80 ms: camera stalled",
    ]
