"""Events of BORIS pair to bouts."""

from pathlib import Path

import pytest

from inference.dataset.boris_bout import bouts_in
from inference.dataset.boris_observation import Event, Observation, Status
from inference.error import DataSetError


def _observation(*events: tuple[float, str, str]) -> Observation:
    listed = tuple(
        Event(time_s, "m", behavior, Status(status), f"line {line}")
        for line, (time_s, behavior, status) in enumerate(events, 1)
    )
    return Observation(Path("x.csv"), "obs", (), listed)


def test_rows_in_another_order_give_the_same_bouts() -> None:
    # As BORIS 7 exports them: one behavior after the other.
    found = bouts_in(
        _observation(
            (5, "eat", "START"), (7, "eat", "STOP"), (1, "rest", "START"), (5, "rest", "STOP")
        )
    )
    assert [(b.start.behavior, b.start.time_s, b.stop.time_s) for b in found] == [
        ("rest", 1, 5),
        ("eat", 5, 7),
    ]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([(1.0, "eat", "START")], "line 1: `eat` at 1 s starts and never stops"),
        ([(1.0, "eat", "STOP")], "line 1: `eat` at 1 s stops and did not start"),
        (
            [(1.0, "eat", "START"), (2.0, "eat", "START")],
            "line 2: `eat` at 2 s starts again: line 1 did not stop",
        ),
    ],
)
def test_starts_and_stops_that_do_not_pair_are_named(
    events: list[tuple[float, str, str]], expected: str
) -> None:
    with pytest.raises(DataSetError) as caught:
        bouts_in(_observation(*events))
    assert str(caught.value) == f"x.csv: {expected}"
