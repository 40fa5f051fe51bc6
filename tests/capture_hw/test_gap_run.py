"""Gaps of a camera that always drops: few lines, the same sum, each before its frame."""

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from capture_hw.gap_finder import Loss
from capture_hw.gap_run import FoundGap, GapRun
from capture_hw.segment_journal import GapCause

_FRAME_NS: Final = 40_000_000
_SECOND_NS: Final = 1_000_000_000
_DROPPED: Final = "camera dropped frames"


def _gap(from_ns: int, to_ns: int, frames: int = 1, cause: GapCause = _DROPPED) -> FoundGap:
    return FoundGap(from_ns, to_ns, Loss(frames, cause))


def _after_ten(run: GapRun) -> None:
    for number in range(10):
        gap = _gap(number, number + 1)
        assert run.take(gap) == [gap]


def test_the_first_ten_gaps_of_a_minute_are_written_as_they_are() -> None:
    run = GapRun()
    for minute in range(3):
        for number in range(10):
            from_ns = minute * 60 * _SECOND_NS + number * _SECOND_NS
            gap = _gap(from_ns, from_ns + 2 * _FRAME_NS)
            assert run.take(gap) == [gap]
            assert run.due(gap.to_ns) == []


def test_later_ones_become_a_line_a_second_that_ends_at_the_next_frame() -> None:
    run = GapRun()
    _after_ten(run)
    assert run.take(_gap(_SECOND_NS, _SECOND_NS + 80)) == []
    assert run.take(_gap(_SECOND_NS + 500, _SECOND_NS + 700, 4)) == []
    assert run.due(2 * _SECOND_NS - 1) == []
    assert run.due(2 * _SECOND_NS + 5) == [
        FoundGap(_SECOND_NS, 2 * _SECOND_NS + 5, Loss(5, _DROPPED), count=2)
    ]
    assert run.due(9 * _SECOND_NS) == []


def test_another_cause_ends_the_line() -> None:
    run = GapRun()
    _after_ten(run)
    run.take(_gap(100, 200))
    assert run.take(_gap(300, 400, 2, "recorder overloaded")) == [
        FoundGap(100, 400, Loss(1, _DROPPED), count=1)
    ]
    assert run.rest(500) == [FoundGap(300, 500, Loss(2, "recorder overloaded"), count=1)]


def test_a_long_gap_is_always_a_line_of_its_own() -> None:
    run = GapRun()
    _after_ten(run)
    run.take(_gap(100, 200))
    long = _gap(300, 300 + _SECOND_NS, 24, "camera stalled")
    assert run.take(long) == [FoundGap(100, long.to_ns, Loss(1, _DROPPED), count=1), long]


@given(
    st.lists(
        st.tuples(
            st.integers(1, 30),
            st.sampled_from(["camera dropped frames", "recorder overloaded", "camera stalled"]),
        ),
        max_size=300,
    )
)
def test_no_gap_is_forgotten_and_every_line_covers_what_it_counts(
    script: list[tuple[int, GapCause]],
) -> None:
    run, now_ns = GapRun(), 0
    found, lines = [], []
    for lost, cause in script:
        gap = _gap(now_ns, now_ns + (lost + 1) * _FRAME_NS, lost, cause)
        now_ns = gap.to_ns
        found.append(gap)
        lines += run.take(gap)
        lines += run.due(now_ns)
        assert all(line.to_ns <= now_ns for line in lines)
    lines += run.rest(now_ns)
    for name in ("camera dropped frames", "recorder overloaded", "camera stalled"):
        of_it = [line for line in lines if line.loss.cause == name]
        given_of_it = [gap for gap in found if gap.loss.cause == name]
        assert sum(line.loss.frames for line in of_it) == sum(g.loss.frames for g in given_of_it)
        assert sum(line.count or 1 for line in of_it) == len(given_of_it)
    for gap in found:
        assert any(line.from_ns <= gap.from_ns and gap.to_ns <= line.to_ns for line in lines)
