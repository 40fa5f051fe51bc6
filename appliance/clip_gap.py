"""What of a recording is missing in a stretch of it, and its Zeitgeber time; pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from appliance.segment_manifest import Gap, LightPhase

_UNDECODABLE: Final = "undecodable"
_MS_AN_HOUR: Final = 3_600_000


def gaps_between(gaps: Sequence[Gap], first_ms: int, end_ms: int) -> tuple[str, ...]:
    """Return a sentence for each gap between two moments of a segment, in ms since `first_ms`."""
    return tuple(_told(gaps, first_ms, end_ms))


def zt_h_at(phases: Sequence[LightPhase] | None, time_ms: int) -> float | None:
    """Return the Zeitgeber time at a moment of a segment; None if its plan is not known."""
    before = [phase for phase in phases or () if phase.from_ms <= time_ms]
    if not before:
        return None
    return before[-1].zt_h + (time_ms - before[-1].from_ms) / _MS_AN_HOUR


def _told(gaps: Sequence[Gap], first_ms: int, end_ms: int) -> Iterator[str]:
    for gap in gaps:
        if gap.cause == _UNDECODABLE:
            if gap.from_ms < end_ms and gap.to_ms >= first_ms:
                from_ms, to_ms = max(gap.from_ms, first_ms), min(gap.to_ms, end_ms)
                yield f"{from_ms - first_ms} to {to_ms - first_ms} ms cannot be decoded"
        elif gap.from_ms < end_ms and gap.to_ms > first_ms:
            from_ms, to_ms = gap.from_ms - first_ms, gap.to_ms - first_ms
            yield f"{gap.frames_lost} frames lost from {from_ms} to {to_ms} ms ({gap.cause})"
