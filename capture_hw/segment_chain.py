"""A cage's segments, one after the other, with every gap between two frames written down."""

import logging
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Final

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.chain_end import ChainEnd
from capture_hw.closing_segment import ClosingSegments
from capture_hw.earlier_gap import EarlierGap
from capture_hw.earlier_recording import EarlierRecording
from capture_hw.error import EncoderError, StorageError
from capture_hw.gap_finder import GapFinder, Loss
from capture_hw.gap_record import GapRecord
from capture_hw.gap_run import FoundGap
from capture_hw.left_behind import EarlierFrame
from capture_hw.overdue_segment import OverdueSegment, overdue_text
from capture_hw.segment_clock import Clock
from capture_hw.segment_file import SegmentFile, SegmentPlan
from capture_hw.segment_journal import GapCause
from capture_hw.written_frame import WrittenFrames

_STEMS: Final = 16
"""Given lately, so possibly on a volume that is away."""
_SLOTS: Final = 10
_SLOT_S: Final = 0.5
"""All cages of a rack roll over at the same moment; what the disk has to do then is spread.

Source: measured, after six hours: sync and rename take 14 ms, cut and new file 6 ms of processor.
"""
_log = logging.getLogger(__name__)


class SegmentChain:
    """Takes the frames of one cage in order. One thread at a time."""

    def __init__(
        self, plan: SegmentPlan, clock: Clock, earlier: EarlierRecording | None = None
    ) -> None:
        """`earlier` is told of each segment, and repairs what cannot be closed in order."""
        self.encoder: str | None = None
        """What encodes the frames that are written; another one begins a segment. None: nothing."""
        self._plan: Final = plan
        self._folder = plan.folder
        self._clock: Final = clock
        self._earlier: Final = earlier
        self._given: Final[deque[str]] = deque(maxlen=_STEMS)
        self._gaps = GapRecord(f"cage {plan.cage:02d}", clock.monotonic_ns)
        self._format: CameraFormat | None = None
        self._finder: GapFinder | None = None
        self._segment: SegmentFile | None = None
        self._closing: Final = ClosingSegments(earlier)
        self._written = WrittenFrames()
        self._offered_ns = 0
        """When the newest frame was captured, written or not."""
        self._has_asked = False
        """Whether the key frame was asked for with which the next segment begins."""
        self._overdue: Final = OverdueSegment(f"cage {plan.cage:02d}")
        self._broken: GapCause | None = None
        self._earlier_gap = EarlierGap(self._gaps)
        self._is_given_up = False

    @property
    def frames(self) -> int:
        """Frames that are in files."""
        return self._written.count

    @property
    def gaps(self) -> int:
        """Gaps since the chain began."""
        return self._gaps.gaps

    @property
    def frames_lost(self) -> int:
        """Frames that are missing in them."""
        return self._gaps.frames_lost

    @property
    def stem(self) -> str | None:
        """The segment that is being written."""
        return self._segment.stem if self._segment else None

    @property
    def fault(self) -> str | None:
        """What the disk complains of, beside the writing."""
        return self._segment.fault if self._segment else None

    def asks_for_key(self, captured_ns: int) -> bool:
        """Return whether the next frame shall be a key frame, which begins a segment.

        Says so for one frame of each begin: what was asked for may take its time to come.
        """
        segment = self._segment
        is_due = (
            segment is None or segment.folder != self._folder or captured_ns >= segment.boundary_ns
        )
        if self._has_asked or not is_due:
            return False
        self._has_asked = True
        return True

    @property
    def complaint(self) -> str:
        """What is wrong though frames are written, one sentence; empty if nothing."""
        return overdue_text(self._segment, self._offered_ns) or self._closing.fault

    def write_to(self, folder: Path) -> None:
        """Write into another folder from the next key frame on."""
        if folder != self._folder:
            self._folder = folder
            self._has_asked = False

    def give_up(self) -> ChainEnd:
        """End, for any thread, while this chain's own one waits for a disk that hangs.

        That one gets a StorageError when it comes back, and is to `leave`. What was on the way into
        the file counts as lost.
        """
        self._is_given_up = True
        if self._segment is not None:
            self._take_back(self._segment, self._segment.cut_off())
        broken = self._broken or "storage refused"
        return ChainEnd(
            self._written, self._gaps, self._earlier_gap, self._finder, broken, self._given
        )

    def go_on_behind(self, end: ChainEnd) -> None:
        """Go on where another chain ended, whose camera is open here too, if it is still open."""
        self._written, self._gaps, self._earlier_gap = end.written, end.gaps, end.earlier_gap
        self._finder = self._finder and end.finder
        self._broken = end.broken
        self._given.extend(end.given)

    def open_camera(self, camera_format: CameraFormat, *, counts_frames: bool) -> None:
        """Note that other frames follow; the segment before must be closed."""
        self._format = camera_format
        self._finder = GapFinder(camera_format, counts_frames=counts_frames)
        self._written.counts_on = False

    def write(self, frame: CapturedFrame, dropped: int) -> int:
        """Write a frame into the segment it belongs to; return the bytes written.

        A segment begins with a key frame; a frame before that is counted as lost. Raises
        StorageError or EncoderError: the segment then wants to be broken off.
        """
        self._refuse_if_given_up()
        self._offered_ns = frame.captured_ns
        at_boundary = self._is_at_boundary(frame)
        if at_boundary:
            self._finish(publish_after_s=self._plan.cage % _SLOTS * _SLOT_S)
        elif self._changes_with(frame):
            self._finish()
        if self._segment is None and not frame.is_key:
            return 0
        loss = self._loss_before(frame, dropped)
        is_new = self._segment is None
        segment = self._segment or self._begin(frame, at_boundary=at_boundary)
        if loss is not None:
            self._gaps.note(segment, FoundGap(self._last_ns(), frame.captured_ns, loss))
        self._gaps.settle(segment, frame.captured_ns, is_first=is_new)
        size = segment.write(frame)
        self._broken = None
        self._written.add(frame)
        return size

    def close(self, cause: GapCause | None = None) -> None:
        """Close the segment in order, if there is one; `cause` says why frames will be missing.

        Raises StorageError or EncoderError.
        """
        self._has_asked = False
        self._refuse_if_given_up()
        if cause is not None and self._broken is None:
            self._broken = cause
        if self._segment is None:
            return
        self._gaps.end(self._segment, self._last_ns())
        self._finish()

    def break_off(self, cause: GapCause) -> None:
        """Close a segment that cannot go on; what is not in its file counts as lost."""
        self._has_asked = False
        if self._broken is None:
            self._broken = cause
        if self._segment is None or self._is_given_up:
            return
        segment, self._segment = self._segment, None
        with suppress(StorageError):  # the disk refuses already, which is why we are here
            self._gaps.end(segment, self._last_ns())
        self._take_back(segment, segment.break_off())
        self._closing.add(segment)

    def look(self) -> None:
        """Look after log and wall time; call it about once a second. Raises StorageError."""
        self._gaps.look()
        self._closing.look()
        self._overdue.tell(self._segment, self._offered_ns)
        if self._segment is not None:
            self._segment.note_clock()

    def leave(self) -> None:
        """Leave the segment as a killed process would; a repair looks at it, now or later."""
        if self._segment is None:
            return
        self._segment.leave()
        if self._is_given_up and self._earlier is not None:
            self._earlier.add_left(self._segment.part)

    def join(self, timeout_s: float) -> bool:
        """Wait until the disk is done with all closed segments; say whether it came in time."""
        return self._closing.join(timeout_s)

    def note_earlier(self, last: EarlierFrame) -> bool:
        """Write down the gap between an earlier run and this one's first frame, or correct it.

        Returns False as long as there is no segment to write it into. Raises StorageError.
        """
        if self._finder is None:
            return False
        return self._earlier_gap.note(last, self._finder, self._segment)

    def _finish(self, publish_after_s: float = 0.0) -> None:
        assert self._segment is not None
        self._has_asked = False
        self._segment.finish(publish_after_s)
        _log.info("cage %02d: %s closed", self._plan.cage, self._segment.stem)
        self._closing.add(self._segment)
        self._segment = None

    def _take_back(self, segment: SegmentFile, last_ms: int | None) -> None:
        """Forget what is not in a file that ends at `last_ms`; None: that holds no frame."""
        if last_ms is None:
            self._gaps.discard(segment)
        self._written.take_back(segment, last_ms)

    def _refuse_if_given_up(self) -> None:
        if self._is_given_up:
            raise StorageError(f"cage {self._plan.cage:02d}: the disk answered too late")

    def _last_ns(self) -> int:
        return self._written.last.captured_ns if self._written.last else self._offered_ns

    def _is_at_boundary(self, frame: CapturedFrame) -> bool:
        segment = self._segment
        return segment is not None and frame.is_key and frame.captured_ns >= segment.boundary_ns

    def _changes_with(self, frame: CapturedFrame) -> bool:
        """Return whether the next segment goes elsewhere or is made otherwise, and can begin."""
        segment = self._segment
        return (
            segment is not None
            and frame.is_key
            and (segment.folder != self._folder or segment.header.encoder != self.encoder)
        )

    def _begin(self, frame: CapturedFrame, *, at_boundary: bool) -> SegmentFile:
        if self._format is None:
            raise EncoderError(f"cage {self._plan.cage:02d}: a frame of an unknown format")
        segment = SegmentFile(
            self._plan,
            self._format,
            frame,
            self._clock,
            at_boundary=at_boundary,
            on_named=self._note_name,
            encoder=self.encoder,
            folder=self._folder,
            given=self._given,
        )
        self._segment = segment
        self._refuse_if_given_up()
        self._written.begin_segment()
        _log.info("cage %02d: %s begins", self._plan.cage, segment.stem)
        self._has_asked = False
        self._earlier_gap.begin(segment)
        self._gaps.begin()
        return segment

    def _note_name(self, stem: str) -> None:
        self._given.append(stem)
        if self._earlier is not None:
            self._earlier.add_own(stem)

    def _loss_before(self, frame: CapturedFrame, dropped: int) -> Loss | None:
        last = self._written.last
        if last is None or self._finder is None:
            return None
        if self._broken is None:
            return self._finder.between(last, frame, dropped)
        if self._written.counts_on:
            found = self._finder.between(last, frame, dropped)
            missing = found.frames if found else 0
        else:
            missing = self._finder.missing_in(frame.captured_ns - last.captured_ns)
        return Loss(max(0, missing - self._gaps.frames_noted_after(last.captured_ns)), self._broken)
