"""Whether the times of a segment's frames are what the contract and the manifest say; pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from appliance.segment_fault import Fault
from appliance.segment_manifest import Gap

KEY_FRAME_EVERY_MS: Final = 2000
"""Contract: a key frame at least every 2 s."""
STALLED_MS: Final = 2000
"""Contract: a pause of this length is noticed, and is a gap."""
_PAUSE_INTERVALS: Final = 1.5
"""Source: `capture_hw.gap_finder`, which counts from here on."""
_TOLD: Final = 5
"""Faults of one kind that are told one by one."""
_TIME_COUNTED: Final = frozenset(
    {
        "camera stalled",
        "camera lost",
        "encoder failed",
        "recorder restarted",
        "recording stopped",
        "storage refused",
        "file damaged",
    }
)
"""Their frames are counted by the time that passed; those of the other causes by numbers."""
_BEHIND_END_MS: Final = 1
"""Source: `capture_hw.gap_record`: a segment's last sum of gaps ends just behind its last frame."""
_ENDLESS_MS: Final = 1 << 60


@dataclass(frozen=True, slots=True)
class Pause:
    """Time without a frame: after `frame`, from its time to the next one's."""

    frame: int
    from_ms: int
    to_ms: int


def usual_ms(times_ms: NDArray[np.int64]) -> float:
    """Return the usual time between two frames; 0 if there are less than two."""
    return float(np.median(np.diff(times_ms))) if len(times_ms) > 1 else 0.0


def order_faults(times_ms: NDArray[np.int64]) -> list[Fault]:
    """Return where the time does not grow. `times_ms`: (frames,), from 0, in the file's order."""
    places = np.flatnonzero(np.diff(times_ms) <= 0) + 1
    return _told(
        [
            Fault(
                f"the time does not grow: {times_ms[place - 1]} ms, then {times_ms[place]} ms",
                int(place),
                int(times_ms[place]),
            )
            for place in places
        ],
        "places where the time does not grow",
    )


def key_frame_faults(
    times_ms: NDArray[np.int64], key_frames: NDArray[np.int64], gaps: Sequence[Gap] = ()
) -> list[Fault]:
    """Return where a player would have to wait for a key frame longer than the contract says.

    Time in which frames are missing by one of the `gaps` does not count.
    """
    if not len(times_ms):
        return []
    if not len(key_frames) or key_frames[0]:
        return [Fault("does not begin with a key frame", 0, 0)]
    numbers = np.arange(len(times_ms))
    newest = key_frames[np.searchsorted(key_frames, numbers, side="right") - 1]
    counted_ms = times_ms - _missing_ms(times_ms, gaps)
    since_ms = counted_ms - counted_ms[newest]
    late = since_ms > KEY_FRAME_EVERY_MS + usual_ms(times_ms)
    begins = np.flatnonzero(late & ~np.concatenate(([False], late[:-1])))
    return _told(
        [
            Fault(
                f"no key frame for {since_ms[first]} ms, at most {KEY_FRAME_EVERY_MS} are right",
                int(first),
                int(times_ms[first]),
            )
            for first in begins
        ],
        "stretches without a key frame",
    )


def pauses(times_ms: NDArray[np.int64]) -> list[Pause]:
    """Return where more time passes than between frames that follow each other."""
    intervals = np.diff(times_ms)
    places = np.flatnonzero(intervals > _PAUSE_INTERVALS * max(usual_ms(times_ms), 1.0))
    return [Pause(int(p), int(times_ms[p]), int(times_ms[p + 1])) for p in places]


def gap_faults(times_ms: NDArray[np.int64], gaps: Sequence[Gap]) -> tuple[list[Fault], list[str]]:
    """Compare pauses with a manifest's gaps; return faults, and notes on short pauses."""
    found = pauses(times_ms)
    explained = _explained(found, gaps)
    silent = [pause for pause, is_known in zip(found, explained, strict=True) if not is_known]
    long = [pause for pause in silent if pause.to_ms - pause.from_ms >= STALLED_MS]
    short = [pause.to_ms - pause.from_ms for pause in silent if pause not in long]
    faults = _told(
        [
            Fault(
                f"a pause of {pause.to_ms - pause.from_ms} ms that no gap of the manifest explains",
                pause.frame,
                pause.from_ms,
            )
            for pause in long
        ],
        "pauses that no gap explains",
    )
    faults += _told(list(_empty_gaps(found, gaps, int(times_ms[-1]))), "gaps without a pause")
    notes = []
    if short:
        what = "1 short pause" if len(short) == 1 else f"{len(short)} short pauses"
        notes.append(
            f"{what}, at most {max(short)} ms, for which the recorder counted no frame as lost"
        )
    return faults, notes


def _missing_ms(times_ms: NDArray[np.int64], gaps: Sequence[Gap]) -> NDArray[np.int64]:
    """Return for each frame how much of its time passed in pauses that a gap explains."""
    missing = np.zeros_like(times_ms)
    found, interval_ms = pauses(times_ms), round(usual_ms(times_ms))
    for pause, is_known in zip(found, _explained(found, gaps), strict=True):
        if is_known:
            missing[pause.frame + 1] = pause.to_ms - pause.from_ms - interval_ms
    return np.cumsum(missing)


def _explained(found: Sequence[Pause], gaps: Sequence[Gap]) -> NDArray[np.bool_]:
    """Return which pauses a gap explains; (pauses,). A sum of short gaps explains short pauses."""
    spans = _spans(found)
    is_long = spans[:, 1] - spans[:, 0] >= STALLED_MS
    by_single = _overlap(spans, _spans(gap for gap in gaps if gap.count is None))
    return by_single | (~is_long & _overlap(spans, _spans(gaps)))


def _empty_gaps(found: Sequence[Pause], gaps: Sequence[Gap], last_ms: int) -> Iterator[Fault]:
    inside = [
        gap
        for gap in gaps
        if 0 <= gap.from_ms < gap.to_ms <= last_ms + _BEHIND_END_MS
        and gap.cause in _TIME_COUNTED
        and gap.frames_lost
    ]
    for gap, has_pause in zip(inside, _overlap(_spans(inside), _spans(found)), strict=True):
        if not has_pause:
            yield Fault(
                f"the manifest misses {gap.frames_lost} frames up to {gap.to_ms} ms "
                f"({gap.cause}), but there is no pause",
                at_ms=gap.from_ms,
            )


def _spans(stretches: Iterable[Pause | Gap]) -> NDArray[np.int64]:
    """Return (stretches, 2): from, to; a manifest may say anything, so numbers are limited."""
    limited = [
        max(-_ENDLESS_MS, min(time_ms, _ENDLESS_MS))
        for one in stretches
        for time_ms in (one.from_ms, one.to_ms)
    ]
    return np.array(limited, np.int64).reshape(-1, 2)


def _overlap(spans: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return (spans,): which of the spans share time with any of the others."""
    if not len(others):
        return np.zeros(len(spans), np.bool_)
    others = others[np.argsort(others[:, 0])]
    latest = np.maximum.accumulate(others[:, 1])
    begun = np.searchsorted(others[:, 0], spans[:, 1])
    return (begun > 0) & (latest[begun - 1] > spans[:, 0])


def _told(faults: list[Fault], what: str) -> list[Fault]:
    """Return the first few, and one that counts the others."""
    if len(faults) <= _TOLD:
        return faults
    return [*faults[:_TOLD], Fault(f"{len(faults) - _TOLD} more {what}")]
