"""What the bench of the picture watch calls a success."""

from collections import Counter
from typing import Final

import numpy as np

from capture_hw.reference import Reference, learn
from capture_hw.simulation.cage import SimulatedCage
from tests.bench.bench_picture_watch import Detection, detection_table, late_detections
from tests.bench.watched_day import Hour, day_table, false_alarms, watch_hour

GOOD: Final = Hour(0, 3, 1800, 1600, Counter(), 0.97)
BAD: Final = Hour(1, 14, 1800, 200, Counter({"moved": 4}), 0.91)


def test_a_fault_that_is_told_in_time_is_a_success() -> None:
    assert late_detections([Detection("freeze", "frozen", 1, 6.6)]) == []


def test_a_fault_that_is_told_late_or_never_is_none() -> None:
    found = [
        Detection("freeze", "frozen", 1, 10.2),
        Detection("black", "black", 2, float("inf")),
    ]
    assert late_detections(found) == [
        "cage 1: freeze was not told as frozen in 10 s, but after 10.2",
        "cage 2: black was not told as black in 10 s, but after inf",
    ]


def test_one_false_alarm_of_a_day_is_named() -> None:
    assert false_alarms([GOOD]) == []
    assert false_alarms([GOOD, BAD]) == ["cage 1, hour from ZT 14: false alarms {'moved': 4}"]


def test_the_figures_are_tables_in_markdown() -> None:
    assert day_table([GOOD, BAD]).splitlines()[1:] == [
        "|---|---|---|---|---|---|",
        "| light | 1, 1 | 1,800 | 89% | 0 | 0.97 |",
        "| dark | 1, 1 | 1,800 | 11% | 4 | 0.91 |",
    ]
    found = [Detection("cover", "obstructed", cage, took_s) for cage, took_s in ((1, 6), (2, 5))]
    assert detection_table(found).splitlines()[2:] == [
        "| cover | obstructed | 5.0 6.0 | 6.0 |",
    ]


def test_an_alarm_in_a_good_hour_is_seen() -> None:
    reference = learn([SimulatedCage(5).picture(frame) for frame in range(0, 400, 50)])
    assert watch_hour(5, 3, reference, looks=4).alarms == Counter()
    turned = Reference(np.flipud(reference.picture), np.flipud(reference.still), reference.limits)
    assert watch_hour(5, 3, turned, looks=4).alarms["obstructed"] > 0
