"""One segment being written: its video, its journal, its names."""

import logging
import os
from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import timezone
from pathlib import Path
from typing import Final

from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.copied_video import CopiedVideo
from capture_hw.disk_sync import DiskSync
from capture_hw.error import CaptureError, EncoderError, StorageError
from capture_hw.segment_clock import Clock, boot_id, next_boundary_ns, offset_text, read_anchor
from capture_hw.segment_journal import (
    GapCause,
    JournalWriter,
    SegmentAnchor,
    SegmentEnd,
    SegmentGap,
    SegmentHeader,
    journal_path,
)
from capture_hw.segment_place import free_video_path
from capture_hw.segment_tail import NOTHING_IN_IT_BYTES, last_frame_ms
from disk.durable_file import part_path

_CLOCK_MOVED_NS: Final = 1_000_000_000
"""What a time service corrects without a step stays below this."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SegmentPlan:
    """What is the same for all segments of a cage."""

    folder: Path
    """Of the cage; days are folders in it."""
    cage: int
    segment_s: int
    """Divides a day."""
    standard_time: timezone
    tags: dict[str, str]
    """For the journal; `animal` and `software` also go into the video."""
    camera: str = ""
    """What the camera is, for those that do not say it themselves."""
    spool: Path | None = None
    """Of the cage, on another volume: takes segments while `folder` refuses them."""
    volume: str | None = None
    """The mark that must lie beside `folder`; any, if not given."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """All folders with segments of the cage; no name is given twice."""
        return (self.folder, self.spool) if self.spool else (self.folder,)


class SegmentFile:
    """An open segment; `finish`, `break_off` or `leave` it. One thread at a time."""

    def __init__(
        self,
        plan: SegmentPlan,
        camera_format: CameraFormat,
        first: CapturedFrame,
        clock: Clock,
        *,
        at_boundary: bool,
        on_named: Callable[[str], None] = lambda _: None,
        folder: Path | None = None,
        given: Container[str] = (),
        encoder: str | None = None,
    ) -> None:
        """Create the files for a segment that begins with `first`, which is not written yet.

        `first` is a key frame in Annex B; `encoder` says what made it, None for the camera itself.

        `folder` is the plan's unless it is another one of the cage; the stems `given` are not given
        again. `on_named` is called with its stem before there is any file of it. Raises
        StorageError, EncoderError; nothing is left then.
        """
        self.start_ns: Final = first.captured_ns
        self._clock: Final = clock
        utc_ns = read_anchor(clock).utc_of_ns(first.captured_ns)
        boundary_utc_ns = next_boundary_ns(
            utc_ns, plan.segment_s, plan.standard_time, at_boundary=at_boundary
        )
        self.boundary_ns: Final = first.captured_ns + boundary_utc_ns - utc_ns
        """On the monotonic clock: the first key frame from here on begins the next segment."""
        self.folder: Final = folder or plan.folder
        self.path: Final = free_video_path(
            self.folder, plan.cage, utc_ns, plan.standard_time, plan.folders, given
        )
        on_named(self.stem)
        self.frames = 0
        self.last_ms = 0
        self._is_unread = False
        self.part: Final = part_path(self.path)
        self._start_utc_ns = utc_ns
        """By the newest anchor."""
        header = _header(plan, self.stem, camera_format, first, utc_ns, clock, encoder)
        self.header: Final = header
        self._journal: Final = _new_journal(journal_path(self.path), header)
        try:
            self._video: Final = CopiedVideo(
                self.part, _unit(first, self.path), camera_format.fps, _video_tags(header)
            )
        except CaptureError:
            self._journal.close()
            self._remove()
            raise
        self._sync: Final = DiskSync(self.part, self.path, self._journal)

    @property
    def stem(self) -> str:
        """The name without ending, by which people and programs call the segment."""
        return self.path.stem

    @property
    def is_left(self) -> bool:
        """Whether it keeps its unfinished name and wants a repair; known when it was joined."""
        return self._is_unread or self._sync.is_left

    @property
    def fault(self) -> str | None:
        """What the disk complains of, beside the writing."""
        return self._sync.fault

    def write(self, frame: CapturedFrame) -> int:
        """Append a frame and return the bytes; raises StorageError, EncoderError."""
        time_ms = max(self.time_ms(frame.captured_ns), self.last_ms + 1 if self.frames else 0)
        size = self._video.write(_unit(frame, self.path), time_ms, is_key=frame.is_key)
        self.frames += 1
        self.last_ms = time_ms
        return size

    def time_ms(self, monotonic_ns: int) -> int:
        """Return a moment in milliseconds since the first frame."""
        return round((monotonic_ns - self.start_ns) / 1_000_000)

    def add_gap(
        self, from_ms: int, to_ms: int, frames_lost: int, cause: GapCause, count: int | None = None
    ) -> None:
        """Write a gap, or the sum of `count` of them, into the journal; raises StorageError."""
        gap = SegmentGap(
            from_ms=from_ms, to_ms=to_ms, frames_lost=frames_lost, cause=cause, count=count
        )
        try:
            self._journal.add_gap(gap)
            if self._video.is_cut:
                self._journal.take_back_line()  # who goes on writes it too
                raise StorageError(f"{self.path}: cut off")
        except OSError as error:
            raise _refused(self._journal.path, error) from error

    def note_clock(self) -> None:
        """Write down where wall time is now, if it has moved by a second; raises StorageError."""
        anchor = read_anchor(self._clock)
        start_utc_ns = anchor.utc_of_ns(self.start_ns)
        if abs(start_utc_ns - self._start_utc_ns) <= _CLOCK_MOVED_NS:
            return
        self._start_utc_ns = start_utc_ns
        at_ms = self.time_ms(anchor.monotonic_ns)
        try:
            self._journal.add_anchor(SegmentAnchor(at_ms=at_ms, utc_ns=anchor.utc_ns))
        except OSError as error:
            raise _refused(self._journal.path, error) from error

    def finish(self, publish_after_s: float = 0.0) -> None:
        """Close the segment in order; a moment later it has its final name (`join`, `is_left`).

        Raises StorageError, EncoderError; the segment then wants to be broken off.
        """
        if not self.frames:
            self._discard()
            return
        self._video.finish()
        try:
            self._journal.add_end(SegmentEnd(frames=self.frames, first_ms=0, last_ms=self.last_ms))
        except OSError as error:
            raise _refused(self._journal.path, error) from error
        self._sync.publish(publish_after_s)

    def break_off(self) -> int | None:
        """Close what the disk has taken so far under its final name.

        Returns the time of the last frame that is whole in the file, None if there is none. A file
        that cannot be read now keeps its unfinished name, and counts as whole.
        """
        self._video.abandon()
        try:
            last_ms = last_frame_ms(self.part) if self.frames else None
            is_empty = not self.frames or self.part.stat().st_size <= NOTHING_IN_IT_BYTES
        except (StorageError, OSError) as error:
            _log.error("%s: left for a repair: %s", self.path, error)
            return self._leave_for_repair()
        if last_ms is not None:
            self._sync.publish()
        elif is_empty:
            self._discard()
        else:
            return self._leave_for_repair()
        return last_ms

    def leave(self) -> None:
        """Close the files under the names of an unfinished segment, as if the process died."""
        self._video.abandon()
        self._sync.give_up()

    def cut_off(self) -> int | None:
        """Let nothing more into the files, for any thread; the other one is to `leave` then.

        Returns the time of the last frame in the video, None if it has none.
        """
        return self._video.cut_off()

    def hurry(self) -> None:
        """Have a closed segment named now: somebody waits for it."""
        self._sync.hurry()

    def join(self, timeout_s: float) -> bool:
        """Wait until the disk is done with a closed segment; say whether it came in time."""
        return self._sync.join(timeout_s)

    def _leave_for_repair(self) -> int:
        self._sync.give_up()
        self._is_unread = True
        return self.last_ms

    def _discard(self) -> None:
        self._video.abandon()
        self._sync.give_up()
        self._remove()

    def _remove(self) -> None:
        try:
            self.part.unlink(missing_ok=True)
            journal_path(self.path).unlink(missing_ok=True)
        except OSError as error:  # the next start of the recorder removes them
            _log.warning("%s: an empty segment cannot be removed: %s", self.path, error.strerror)


def _new_journal(path: Path, header: SegmentHeader) -> JournalWriter:
    try:
        return JournalWriter(path, header)
    except OSError as error:
        raise _refused(path, error) from error


def _unit(frame: CapturedFrame, path: Path) -> bytes:
    if isinstance(frame.content, bytes):
        return frame.content
    raise EncoderError(f"{path}: the camera changed what it delivers")


def _header(
    plan: SegmentPlan,
    stem: str,
    camera_format: CameraFormat,
    first: CapturedFrame,
    utc_ns: int,
    clock: Clock,
    encoder: str | None,
) -> SegmentHeader:
    return SegmentHeader(
        stem=stem,
        tags=plan.tags,
        start_utc_ns=utc_ns,
        start_monotonic_ns=first.captured_ns,
        boot_id=boot_id(),
        utc_offset=offset_text(plan.standard_time),
        clock_synchronized=clock.is_synchronized(),
        width=camera_format.width,
        height=camera_format.height,
        fps=camera_format.fps,
        copied=camera_format.codec == "h264",
        camera=camera_format.source or plan.camera or None,
        encoder=encoder,
    )


def _video_tags(header: SegmentHeader) -> dict[str, str]:
    return {
        "CAGE": header.stem[:2],
        "ANIMAL": header.tags.get("animal", ""),
        "SOFTWARE": header.tags.get("software", ""),
        "START_UTC_NS": str(header.start_utc_ns),
        "START_MONOTONIC_NS": str(header.start_monotonic_ns),
        "BOOT_ID": header.boot_id,
    }


def _refused(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path}: cannot be written: {os.strerror(error.errno or 0)}")
