"""Bouts: what runs of labels become, however the stream of rows is cut."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from inference.bout import (
    BehaviorChange,
    Bout,
    BoutTracker,
    Finding,
    LabelledFrame,
    Moment,
    OpenBout,
)

MS = 1_000_000
START_UTC_NS = 1_795_000_000_000_000_000
EAT, REST, NONE = 1, 6, 8


def frame(
    number: int,
    code: int,
    time_ms: int,
    *,
    segment: str = "a",
    confidence: float = 0.5,
    after_gap: bool = False,
    clock: str = "boot",
    utc_shift_ms: int = 0,
) -> LabelledFrame:
    moment = Moment(
        utc_ns=START_UTC_NS + (time_ms + utc_shift_ms) * MS, clock=clock, clock_ns=time_ms * MS
    )
    return LabelledFrame(segment, number, code, confidence, moment, 40 * MS, after_gap)


def track(frames: Sequence[LabelledFrame]) -> list[Finding]:
    tracker = BoutTracker()
    findings = [finding for each in frames for finding in tracker.add(each)]
    return findings + tracker.close()


def bouts(findings: Sequence[Finding]) -> list[tuple[int, int, int, int, float]]:
    """Return code, first and last frame, duration in ms and end in ms since the start."""
    return [
        (
            bout.code,
            bout.first.frame,
            bout.last.frame,
            bout.duration_ns // MS,
            (bout.end_utc_ns - START_UTC_NS) / MS,
        )
        for bout in findings
        if isinstance(bout, Bout)
    ]


def changes(findings: Sequence[Finding]) -> list[tuple[int, int]]:
    return [(c.code, c.first.frame) for c in findings if isinstance(c, BehaviorChange)]


def test_a_bout_ends_when_the_next_behavior_begins() -> None:
    found = track([frame(n, EAT if n < 11 else REST, 40 * n) for n in range(22)])
    assert bouts(found) == [(EAT, 0, 10, 440, 440.0), (REST, 11, 21, 440, 880.0)]
    assert changes(found) == [(EAT, 0), (REST, 11), (NONE, 21)]


def test_the_mean_confidence_is_of_all_frames_and_the_change_has_that_of_the_first() -> None:
    found = track([frame(0, EAT, 0, confidence=0.25), frame(1, EAT, 40, confidence=0.75)])
    (bout,) = (finding for finding in found if isinstance(finding, Bout))
    (first, _) = (finding for finding in found if isinstance(finding, BehaviorChange))
    assert (bout.mean_confidence, first.confidence) == (0.5, 0.25)


def test_more_than_a_second_between_frames_ends_a_bout_at_the_end_of_its_last_frame() -> None:
    found = track([frame(0, EAT, 0), frame(1, EAT, 40), frame(2, EAT, 1041), frame(3, EAT, 1081)])
    assert bouts(found) == [(EAT, 0, 1, 80, 80.0), (EAT, 2, 3, 80, 1121.0)]
    whole = track([frame(0, EAT, 0), frame(1, EAT, 1000)])
    assert bouts(whole) == [(EAT, 0, 1, 1040, 1040.0)]


def test_a_recorded_gap_ends_a_bout_however_short() -> None:
    found = track([frame(0, EAT, 0), frame(1, EAT, 40), frame(2, EAT, 120, after_gap=True)])
    assert bouts(found) == [(EAT, 0, 1, 80, 80.0), (EAT, 2, 2, 40, 160.0)]
    assert changes(found) == [(EAT, 0), (EAT, 2), (NONE, 2)]


def test_a_bout_goes_on_in_the_next_segment() -> None:
    found = track([frame(99, EAT, 3960), frame(0, EAT, 4000, segment="b"), frame(1, REST, 4040)])
    (bout, _) = (finding for finding in found if isinstance(finding, Bout))
    assert (bout.first.segment, bout.first.frame) == ("a", 99)
    assert (bout.last.segment, bout.last.frame) == ("b", 0)
    assert bout.duration_ns == 80 * MS


def test_a_clock_that_is_set_between_two_segments_neither_ends_nor_stretches_a_bout() -> None:
    for shift_ms in (-3_600_000, 3_600_000):
        found = track(
            [frame(0, EAT, 0), frame(1, EAT, 40, utc_shift_ms=shift_ms), frame(2, REST, 80)]
        )
        assert [bout[:4] for bout in bouts(found)] == [(EAT, 0, 1, 80), (REST, 2, 2, 40)]


def test_after_a_reboot_the_clock_of_people_decides() -> None:
    near = track([frame(0, EAT, 50_000), frame(1, EAT, 50_040, clock="next boot")])
    far = track([frame(0, EAT, 50_000), frame(1, EAT, 52_000, clock="next boot")])
    assert (len(bouts(near)), len(bouts(far))) == (1, 2)


def test_frames_that_cannot_be_judged_end_a_bout_and_are_news_when_they_last() -> None:
    brief = [EAT] * 11 + [NONE] * 11 + [EAT] * 11
    found = track([frame(n, code, 40 * n) for n, code in enumerate(brief)])
    assert [bout[:4] for bout in bouts(found)] == [(EAT, 0, 10, 440), (EAT, 22, 32, 440)]
    assert changes(found) == [(EAT, 0), (EAT, 22), (NONE, 32)]
    lasting = [EAT] * 11 + [NONE] * 27
    found = track([frame(n, code, 40 * n) for n, code in enumerate(lasting)])
    assert changes(found) == [(EAT, 0), (NONE, 11)]


rows = st.lists(
    st.tuples(
        st.sampled_from([EAT, REST, NONE]),
        st.sampled_from([1, 40, 40, 40, 1000, 1001, 5000]),
        st.sampled_from([0.1, 0.3333, 0.9]),
        st.booleans(),
    ),
    max_size=60,
)


def stream(steps: list[tuple[int, int, float, bool]]) -> list[LabelledFrame]:
    time_ms, frames = 0, []
    for number, (code, step_ms, confidence, gap) in enumerate(steps):
        time_ms += step_ms
        frames.append(
            frame(number, code, time_ms, confidence=confidence, after_gap=gap and step_ms > 40)
        )
    return frames


@given(rows, st.lists(st.integers(0, 60)))
def test_restarts_anywhere_give_the_same_findings(
    steps: list[tuple[int, int, float, bool]], cuts: list[int]
) -> None:
    frames = stream(steps)
    places = [0, *sorted(min(cut, len(frames)) for cut in cuts), len(frames)]
    found: list[Finding] = []
    stored: str | None = None
    for first, last in pairwise(places):
        tracker = BoutTracker(OpenBout.model_validate_json(stored) if stored else None)
        for each in frames[first:last]:
            found += tracker.add(each)
        stored = tracker.state.model_dump_json() if tracker.state else None
    found += BoutTracker(OpenBout.model_validate_json(stored) if stored else None).close()
    assert found == track(frames)


@given(rows)
def test_durations_add_up_to_the_labelled_time(
    steps: list[tuple[int, int, float, bool]],
) -> None:
    frames = stream(steps)
    labelled_ns = 0
    for this, following in pairwise([*frames, None]):
        assert this is not None
        step_ns = following.moment.clock_ns - this.moment.clock_ns if following else 1 << 60
        ends = following is None or following.after_gap or step_ns > 1000 * MS
        labelled_ns += 0 if this.code == NONE else 40 * MS if ends else step_ns
    found = [finding for finding in track(frames) if isinstance(finding, Bout)]
    assert sum(bout.duration_ns for bout in found) == labelled_ns
    assert all(a.last.moment.clock_ns < b.first.moment.clock_ns for a, b in pairwise(found))
