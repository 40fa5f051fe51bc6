"""When a segment began and how long its frames last: from its journal, its tags or its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final

from capture_hw.segment_journal import Journal
from inference.bout import Moment

_MILLISECOND_NS: Final = 1_000_000
_SECOND_NS: Final = 1_000_000_000
_USUAL_FPS: Final = 25.0
_UTC_CLOCK: Final = "utc"


@dataclass(frozen=True, slots=True)
class SegmentStart:
    """The moment of a segment's first frame."""

    moment: Moment
    frame_ns: int
    """How long a frame is shown, by the nominal rate."""

    def moment_at(self, time_ms: int) -> Moment:
        """Return the moment of a frame, by its milliseconds since the first."""
        passed_ns = time_ms * _MILLISECOND_NS
        start = self.moment
        return Moment(
            utc_ns=start.utc_ns + passed_ns, clock=start.clock, clock_ns=start.clock_ns + passed_ns
        )


def segment_start(
    stem: str, journal: Journal | None, tags: Mapping[str, str], standard_time: timezone
) -> SegmentStart:
    """Return what is known best; `stem` is the segment's name, in standard time."""
    if journal is not None:
        header = journal.header
        moment = Moment(
            utc_ns=header.start_utc_ns, clock=header.boot_id, clock_ns=header.start_monotonic_ns
        )
        return SegmentStart(moment, round(_SECOND_NS / (header.fps or _USUAL_FPS)))
    frame_ns = round(_SECOND_NS / _USUAL_FPS)
    utc_ns = _integer(tags.get("START_UTC_NS"))
    if utc_ns is None:
        return SegmentStart(_by_utc(_named_utc_ns(stem, standard_time)), frame_ns)
    monotonic_ns, boot = _integer(tags.get("START_MONOTONIC_NS")), tags.get("BOOT_ID")
    if monotonic_ns is None or boot is None:
        return SegmentStart(_by_utc(utc_ns), frame_ns)
    return SegmentStart(Moment(utc_ns=utc_ns, clock=boot, clock_ns=monotonic_ns), frame_ns)


def _by_utc(utc_ns: int) -> Moment:
    return Moment(utc_ns=utc_ns, clock=_UTC_CLOCK, clock_ns=utc_ns)


def _named_utc_ns(stem: str, standard_time: timezone) -> int:
    named = datetime.strptime(stem[3:], "%Y%m%d_%H%M%S").replace(tzinfo=standard_time)
    return round(named.timestamp()) * _SECOND_NS


def _integer(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
