"""Stacks: which pictures are judged together and who gets the label."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.preprocessing import Preprocessing
from inference.stack import BandFrame, Stack, stacks_of

SPEC = Preprocessing()


def frames_at(times_ms: Sequence[int], lost: frozenset[int] = frozenset()) -> list[BandFrame]:
    """Return frames whose one-pixel band holds their number (modulo 256)."""
    return [
        BandFrame(n, time_ms, None if n in lost else np.full((1, 1), n % 256, np.uint8))
        for n, time_ms in enumerate(times_ms)
    ]


def cut(times_ms: Sequence[int], lost: frozenset[int] = frozenset()) -> list[Stack]:
    return list(stacks_of(frames_at(times_ms, lost), SPEC))


def shown(stack: Stack) -> list[int]:
    assert stack.bands is not None
    return [int(level) for level in stack.bands[:, 0, 0]]


def members(stack: Stack) -> list[int]:
    return [frame.index for frame in stack.members]


def test_at_25_per_second_stacks_are_11_consecutive_frames() -> None:
    first, second = cut(range(0, 22 * 40, 40))
    assert (shown(first), members(first)) == (list(range(11)), list(range(11)))
    assert (shown(second), members(second)) == (list(range(11, 22)), list(range(11, 22)))


@pytest.mark.parametrize("left", range(1, 11))
def test_the_frames_left_at_the_end_are_judged_with_those_before_them(left: int) -> None:
    *_, last = cut(range(0, (22 + left) * 40, 40))
    assert shown(last) == list(range(11 + left, 22 + left))
    assert members(last) == list(range(22, 22 + left))


def test_a_video_shorter_than_a_stack_repeats_its_last_frame() -> None:
    (only,) = cut([0, 40, 80])
    assert shown(only) == [0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2]
    assert members(only) == [0, 1, 2]


def test_a_single_frame_and_no_frame_at_all() -> None:
    (only,) = cut([0])
    assert shown(only) == [0] * 11
    assert cut([]) == []


def test_jitter_of_a_25_per_second_camera_neither_skips_nor_repeats() -> None:
    random = np.random.default_rng(1)
    times = [40 * n + int(random.integers(-15, 16)) for n in range(110)]
    assert [shown(stack) for stack in cut(times)] == [
        list(range(11 * s, 11 * s + 11)) for s in range(10)
    ]


def test_a_pause_of_a_25_per_second_camera_does_not_shift_the_stacks() -> None:
    times = [40 * n + (3_600_000 if n >= 60 else 0) for n in range(66)]
    assert [members(stack) for stack in cut(times)] == [
        list(range(11 * s, 11 * s + 11)) for s in range(6)
    ]


def test_thirty_frames_a_second_are_sampled_at_25() -> None:
    first, *_ = cut([round(n * 1000 / 30) for n in range(60)])
    # At 0, 40, 80 ... 400 ms the last of the frames at 0, 33, 67, 100 ... ms is on screen.
    assert shown(first) == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 12]
    assert members(first) == list(range(14))  # frame 13 at 433 ms still belongs to 0..440 ms


def test_ten_frames_a_second_are_repeated() -> None:
    first, *_ = cut([n * 100 for n in range(30)])
    assert shown(first) == [0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4]
    assert members(first) == [0, 1, 2, 3, 4]


def test_fifty_frames_a_second_show_every_second_one() -> None:
    first, *_ = cut([n * 20 for n in range(100)])
    assert shown(first) == list(range(0, 22, 2))
    assert members(first) == list(range(22))


def test_one_frame_in_two_seconds_still_gets_a_label() -> None:
    assert [members(stack) for stack in cut([0, 2000, 4000])] == [[0], [1], [2]]


def test_an_undecodable_frame_shows_the_picture_before_it() -> None:
    first, second = cut(range(0, 22 * 40, 40), frozenset({3, 4, 11}))
    assert shown(first) == [0, 1, 2, 2, 2, 5, 6, 7, 8, 9, 10]
    assert shown(second)[:2] == [10, 12]


def test_undecodable_frames_at_the_start_show_the_first_picture_there_is() -> None:
    (first,) = cut(range(0, 11 * 40, 40), frozenset({0, 1}))
    assert shown(first) == [2, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10]


def test_a_stack_without_any_picture_has_no_bands() -> None:
    (only,) = cut(range(0, 11 * 40, 40), frozenset(range(11)))
    assert only.bands is None
    assert members(only) == list(range(11))


@given(
    st.lists(st.integers(-50, 3000), min_size=0, max_size=200),
    st.sets(st.integers(0, 199)),
)
def test_every_frame_belongs_to_exactly_one_stack_of_11_pictures(
    steps_ms: list[int], lost: set[int]
) -> None:
    times = np.cumsum(steps_ms, dtype=int).tolist()
    stacks = cut(times, frozenset(lost))
    assert [index for stack in stacks for index in members(stack)] == list(range(len(times)))
    assert all(stack.bands is None or len(stack.bands) == 11 for stack in stacks)
