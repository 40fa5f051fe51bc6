"""What a chain of segments leaves to the one that takes its place."""

from collections.abc import Sequence
from dataclasses import dataclass

from capture_hw.earlier_gap import EarlierGap
from capture_hw.gap_finder import GapFinder
from capture_hw.gap_record import GapRecord
from capture_hw.segment_journal import GapCause
from capture_hw.written_frame import WrittenFrames


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """The end of a chain whose disk hangs; the objects in it belong to the successor."""

    written: WrittenFrames
    """Without what was on the way into the file."""
    gaps: GapRecord
    earlier_gap: EarlierGap
    finder: GapFinder | None
    broken: GapCause
    """Why frames will be missing."""
    given: Sequence[str]
    """The stems that were given lately."""
