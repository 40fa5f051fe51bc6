"""A cage's segments, one after the other, with every gap between two frames written down."""

import logging
from collections import deque
from typing import Final

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.earlier_recording import EarlierFrame, EarlierRecording
from capture_hw.error import EncoderError
from capture_hw.gap_finder import GapFinder, Loss
from capture_hw.gap_log import GapLog
from capture_hw.segment_clock import Clock
from capture_hw.segment_file import SegmentFile, SegmentPlan
from capture_hw.segment_journal import GapCause, SegmentHeader

_REMEMBERED: Final = 8
"""Frames that may have been handed to a file without being in it when the disk refuses."""
_log = logging.getLogger(__name__)


class SegmentChain:
    """Takes the frames of one cage in order. One thread at a time."""

    def __init__(
        self, plan: SegmentPlan, clock: Clock, earlier: EarlierRecording | None = None
    ) -> None:
        """`earlier` is told of each segment, and repairs what cannot be closed in order."""
        self.frames = 0
        self.gaps = 0
        self.frames_lost = 0
        self._plan: Final = plan
        self._clock: Final = clock
        self._earlier: Final = earlier
        self._gap_log: Final = GapLog(f"cage {plan.cage:02d}")
        self._format: CameraFormat | None = None
        self._finder: GapFinder | None = None
        self._segment: SegmentFile | None = None
        self._closing: list[SegmentFile] = []
        self._written: Final[deque[CapturedFrame]] = deque(maxlen=_REMEMBERED)
        self._before: CapturedFrame | None = None
        """The last frame before the segment that is being written."""
        self._before_counts_on = False
        self._counts_on = False
        self._broken: GapCause | None = None
        self._first: SegmentHeader | None = None

    @property
    def stem(self) -> str | None:
        """The segment that is being written."""
        return self._segment.stem if self._segment else None

    @property
    def fault(self) -> str | None:
        """What the disk complains of, beside the writing."""
        return self._segment.fault if self._segment else None

    def open_camera(self, camera_format: CameraFormat, *, counts_frames: bool) -> None:
        """Note that other frames follow; the segment before must be closed."""
        self._format = camera_format
        self._finder = GapFinder(camera_format, counts_frames=counts_frames)
        self._counts_on = False

    def write(self, frame: CapturedFrame, dropped: int) -> int:
        """Write a frame into the segment it belongs to; return the bytes written.

        A segment begins with a key frame; a frame before that is counted as lost. Raises
        StorageError or EncoderError: the segment then wants to be broken off.
        """
        at_boundary = self._closes_with(frame)
        if at_boundary:
            self.close()
        if self._segment is None and not frame.is_key:
            return 0
        loss = self._loss_before(frame, dropped)
        segment = self._segment or self._begin(frame, at_boundary=at_boundary)
        if loss is not None:
            self._note(segment, self._written[-1].captured_ns, frame.captured_ns, loss)
        size = segment.write(frame)
        self._broken = None
        self._written.append(frame)
        self._counts_on = True
        self.frames += 1
        return size

    def close(self, cause: GapCause | None = None) -> None:
        """Close the segment in order, if there is one; `cause` says why frames will be missing.

        Raises StorageError or EncoderError.
        """
        if cause is not None and self._broken is None:
            self._broken = cause
        if self._segment is None:
            return
        self._segment.finish()
        _log.info("cage %02d: %s closed", self._plan.cage, self._segment.stem)
        self._closing = [*(one for one in self._closing if not one.join(0)), self._segment]
        self._segment = None

    def break_off(self, cause: GapCause) -> None:
        """Close a segment that cannot go on; what is not in its file counts as lost."""
        if self._broken is None:
            self._broken = cause
        segment, self._segment = self._segment, None
        if segment is None:
            return
        last_ms = segment.break_off()
        if last_ms is None:
            self._forget(segment)
        while self._written and not _holds(segment, last_ms, self._written[-1]):
            self._written.pop()
            self.frames -= 1
        if last_ms is not None and not self._written:
            self._written.append(_frame_at(segment, last_ms))
            self._counts_on = False
        if segment.is_left and self._earlier is not None:
            self._earlier.add_left(segment.part)
        self._closing.append(segment)

    def look(self) -> None:
        """Look after log and wall time; call it about once a second. Raises StorageError."""
        self._gap_log.look(self._clock.monotonic_ns())
        if self._segment is not None:
            self._segment.note_clock()

    def leave(self) -> None:
        """Leave the segment as a killed process would; the next recorder repairs it."""
        if self._segment is not None:
            self._segment.leave()

    def join(self, timeout_s: float) -> bool:
        """Wait until closed segments have their names; say whether all have."""
        return sum(segment.join(timeout_s) for segment in self._closing) == len(self._closing)

    def note_earlier(self, last: EarlierFrame) -> bool:
        """Write down the gap between an earlier run and this one's first frame.

        Returns False as long as there is no segment to write it into. Raises StorageError.
        """
        if self._first is None or self._segment is None:
            return False
        first = self._first
        pause_ns = first.start_utc_ns - last.utc_ns
        if last.boot_id == first.boot_id:
            pause_ns = first.start_monotonic_ns - last.monotonic_ns
        pause_ns = max(0, pause_ns)
        assert self._finder is not None
        loss = Loss(self._finder.missing_in(pause_ns), last.cause)
        end_ns = first.start_monotonic_ns
        self._note(self._segment, end_ns - pause_ns, end_ns, loss)
        return True

    def _closes_with(self, frame: CapturedFrame) -> bool:
        segment = self._segment
        return segment is not None and frame.is_key and frame.captured_ns >= segment.boundary_ns

    def _begin(self, frame: CapturedFrame, *, at_boundary: bool) -> SegmentFile:
        if self._format is None:
            raise EncoderError(f"cage {self._plan.cage:02d}: a frame of an unknown format")
        segment = SegmentFile(
            self._plan,
            self._format,
            frame,
            self._clock,
            at_boundary=at_boundary,
            on_named=self._earlier.add_own if self._earlier is not None else lambda _: None,
        )
        self._before = self._written[-1] if self._written else None
        self._before_counts_on = self._counts_on
        _log.info("cage %02d: %s begins", self._plan.cage, segment.stem)
        self._segment = segment
        self._first = self._first or segment.header
        return segment

    def _forget(self, segment: SegmentFile) -> None:
        """Go back to the last frame before a segment of which nothing is left."""
        self.frames -= segment.frames
        self._written.clear()
        if self._before is not None:
            self._written.append(self._before)
        self._counts_on = self._before_counts_on

    def _loss_before(self, frame: CapturedFrame, dropped: int) -> Loss | None:
        if not self._written or self._finder is None:
            return None
        last = self._written[-1]
        if self._broken is None:
            return self._finder.between(last, frame, dropped)
        if self._counts_on:
            found = self._finder.between(last, frame, dropped)
            return Loss(found.frames if found else 0, self._broken)
        pause_ns = frame.captured_ns - last.captured_ns
        return Loss(self._finder.missing_in(pause_ns), self._broken)

    def _note(self, segment: SegmentFile, from_ns: int, to_ns: int, loss: Loss) -> None:
        from_ms, to_ms = segment.time_ms(from_ns), segment.time_ms(to_ns)
        segment.add_gap(from_ms, to_ms, loss.frames, loss.cause)
        self.gaps += 1
        self.frames_lost += loss.frames
        self._gap_log.note(segment.stem, from_ms, to_ms, loss, self._clock.monotonic_ns())


def _frame_at(segment: SegmentFile, time_ms: int) -> CapturedFrame:
    """Return a frame of which only the time is known any more."""
    captured_ns = segment.start_ns + time_ms * 1_000_000
    return CapturedFrame(captured_ns, sequence=0, content=b"", is_key=False)


def _holds(segment: SegmentFile, last_ms: int | None, frame: CapturedFrame) -> bool:
    """Return whether a frame is in a file that ends at `last_ms`, or in an earlier one."""
    time_ms = segment.time_ms(frame.captured_ns)
    return time_ms < 0 or (last_ms is not None and time_ms <= last_ms)
