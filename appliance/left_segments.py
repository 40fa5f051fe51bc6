"""Segments that could not be finished now: why, and when to try again."""

import time
from dataclasses import dataclass
from threading import Lock
from typing import Final

from appliance.segment_search import Segment
from disk.durable_file import part_path

_FIRST_RETRY_S: Final = 2.0
_LONGEST_RETRY_S: Final = 600.0
_HELD_S: Final = 120.0
"""How long a newer segment's events wait for the repair of an abandoned one."""


@dataclass(frozen=True, slots=True)
class _Left:
    reason: str
    tries: int
    again_s: float
    abandoned_s: float | None
    """When its recorder was found to be gone; None if it could not be read."""


class LeftSegments:
    """The segments of one cage that stand aside. Any thread may call; times are monotonic."""

    def __init__(self) -> None:
        self._left: dict[str, _Left] = {}
        self._lock = Lock()

    def __contains__(self, segment: Segment) -> bool:
        return segment.stem in self._left

    def add_abandoned(self, segment: Segment) -> str:
        """Note that nobody writes a segment any more; return the sentence that says so."""
        now_s = time.monotonic()
        reason = f"{part_path(segment.video)}: has no writer and waits for its repair"
        with self._lock:
            self._left[segment.stem] = _Left(reason, 0, again_s=now_s, abandoned_s=now_s)
        return reason

    def add_failed(self, segment: Segment, error: Exception) -> str | None:
        """Note why a segment failed; return the reason in one sentence if it is a new one."""
        reason = _sentence(segment, error)
        with self._lock:
            before = self._left.get(segment.stem)
            tries = 1 if before is None else before.tries + 1
            wait_s = min(_FIRST_RETRY_S * 2 ** min(tries - 1, 20), _LONGEST_RETRY_S)
            self._left[segment.stem] = _Left(reason, tries, time.monotonic() + wait_s, None)
        return None if before is not None and before.reason == reason else reason

    def discard(self, segment: Segment) -> None:
        """Forget a segment that is done or gone."""
        with self._lock:
            self._left.pop(segment.stem, None)

    def keep_only(self, stems: set[str]) -> None:
        """Forget all segments that are not on the disk without labels any more."""
        with self._lock:
            self._left = {stem: left for stem, left in self._left.items() if stem in stems}

    def is_due(self, segment: Segment) -> bool:
        """Say whether a segment that stands aside may be tried again."""
        left = self._left.get(segment.stem)
        return left is not None and time.monotonic() >= left.again_s

    def may_be_repaired_before(self, segment: Segment) -> bool:
        """Say whether an abandoned segment before this one may still be repaired in time."""
        now_s = time.monotonic()
        with self._lock:
            return any(
                left.abandoned_s is not None
                and stem < segment.stem
                and now_s - left.abandoned_s < _HELD_S
                for stem, left in self._left.items()
            )

    def fault(self) -> str:
        """Return the newest reason, and how many more there are; empty if there is none."""
        with self._lock:
            reasons = [left.reason for left in self._left.values()]
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        return f"{reasons[-1]}{more}" if reasons else ""


def _sentence(segment: Segment, error: Exception) -> str:
    """Return one sentence that names the segment or one of its files."""
    if isinstance(error, OSError):
        return f"{error.filename or segment.video}: {error.strerror or error}"
    reason = str(error)
    names_it = str(segment.video.with_suffix("")) in reason
    return reason if names_it else f"{segment.video}: {reason}"
