"""A segment that goes on past its end because its camera makes no key frame."""

import logging
from typing import Final

from capture_hw.segment_file import SegmentFile

_OVERDUE_NS: Final = 10_000_000_000
"""A copied camera without key frames: its segment goes on, and people are told."""
_log = logging.getLogger(__name__)


class OverdueSegment:
    """Writes into the log, once, that a segment is overdue."""

    def __init__(self, name: str) -> None:
        """`name` is the cage's in the log."""
        self._name: Final = name
        self._told = ""

    def tell(self, segment: SegmentFile | None, offered_ns: int) -> None:
        """Write the line if it is due; call it now and then."""
        text = overdue_text(segment, offered_ns)
        if text and text != self._told:
            _log.warning("%s: %s", self._name, text)
        self._told = text


def overdue_text(segment: SegmentFile | None, offered_ns: int) -> str:
    """Return one sentence if a segment is overdue, else an empty one.

    `offered_ns` is when the newest frame was captured.
    """
    if segment is None or offered_ns < segment.boundary_ns + _OVERDUE_NS:
        return ""
    return f"{segment.stem}: goes on past its end, the camera makes no key frame"
