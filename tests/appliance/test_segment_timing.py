"""Which pauses, gaps and key frames of a segment are right."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from appliance.segment_check_screen import sentence
from appliance.segment_manifest import Gap
from appliance.segment_timing import gap_faults, key_frame_faults

_KEY_EVERY: Final = 25


def _gap(
    from_ms: int, to_ms: int, lost: int, cause: str = "camera stalled", count: int | None = None
) -> Gap:
    return Gap.model_validate(
        {
            "from_ms": from_ms,
            "to_ms": to_ms,
            "frames_lost": lost,
            "cause": cause,
            "count": count,
        }
    )


def _times(*stretches: range) -> NDArray[np.int64]:
    return np.array([time_ms for stretch in stretches for time_ms in stretch], np.int64)


def _late_keys(times_ms: NDArray[np.int64], *gaps: Gap) -> list[str]:
    keys = np.arange(0, len(times_ms), _KEY_EVERY)
    return [sentence(fault) for fault in key_frame_faults(times_ms, keys, gaps)]


def _told(times_ms: NDArray[np.int64], *gaps: Gap) -> list[str]:
    return [sentence(fault) for fault in gap_faults(times_ms, gaps)[0]]


_STALLED: Final = _times(range(0, 1920, 40), range(4880, 8000, 40))
"""The last frame before the pause and the first one behind it are no key frames."""


def test_time_that_a_gap_explains_is_no_time_without_a_key_frame() -> None:
    assert _late_keys(_STALLED, _gap(1880, 4880, 74)) == []


def test_time_that_no_gap_explains_is_time_without_a_key_frame() -> None:
    assert _late_keys(_STALLED) == [
        "no key frame for 3880 ms, at most 2000 are right (frame 48, 4880 ms)"
    ]
    assert len(_late_keys(_STALLED, _gap(7000, 7040, 1))) == 1


def test_a_key_frame_that_is_late_besides_the_gap_is_a_fault() -> None:
    keys = np.array([0])
    (fault,) = key_frame_faults(_STALLED, keys, [_gap(1880, 4880, 74)])
    assert sentence(fault) == (
        "no key frame for 2080 ms, at most 2000 are right (frame 52, 5040 ms)"
    )


_DROPPING: Final = _times(range(0, 2000, 40), range(2080, 2400, 80), range(2400, 4000, 40))


def test_the_sum_of_short_gaps_explains_the_pauses_within_it() -> None:
    faults, notes = gap_faults(_DROPPING, [_gap(1960, 2440, 5, count=5)])
    assert (faults, notes) == ([], [])


def test_the_sum_of_short_gaps_explains_no_long_pause() -> None:
    assert _told(_STALLED, _gap(1000, 4880, 5, "camera dropped frames", count=5)) == [
        "a pause of 3000 ms that no gap of the manifest explains (frame 47, 1880 ms)"
    ]


def test_a_last_sum_of_gaps_that_ends_just_behind_the_last_frame_is_looked_at() -> None:
    even = _times(range(0, 4000, 40))
    (told,) = _told(even, _gap(3800, 3961, 3, count=3))
    assert told == (
        "the manifest misses 3 frames up to 3961 ms (camera stalled), but there is no pause "
        "(3800 ms)"
    )
    dropping = _times(range(0, 3800, 40), range(3840, 4000, 80))
    assert _told(dropping, _gap(3760, int(dropping[-1]) + 1, 2, count=2)) == []


def test_a_manifest_with_numbers_beyond_all_reason_is_compared_all_the_same() -> None:
    assert len(_told(_STALLED, _gap(10**30, 10**31, 5), _gap(-(10**30), -(10**29), 5))) == 1
    assert _told(_STALLED, _gap(-(10**30), 10**30, 5)) == []


def test_a_camera_that_always_drops_is_compared_within_seconds() -> None:
    """Six hours of which every fourth frame is lost: a gap a second, and a pause every 160 ms."""
    frames = np.arange(0, 540_000)
    times_ms = frames[frames % 4 != 3].astype(np.int64) * 40
    gaps = [_gap(second * 1000, second * 1000 + 1000, 6, count=6) for second in range(21_599)]
    assert _late_keys(times_ms, *gaps) == []
    assert _told(times_ms, *gaps) == []
