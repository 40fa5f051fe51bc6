"""Writing what a cage's camera gives: encoder, segments, looks at the disks."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from capture_hw.camera_state import CameraState
from capture_hw.capture_thread import (
    CameraGone,
    CameraOpened,
    Queued,
    QueuedFrame,
)
from capture_hw.encoding_stage import EncodingStage
from capture_hw.error import EncoderError, StorageError
from capture_hw.recorder_progress import RecorderProgress, RecorderState
from capture_hw.recording_rate import RecordingRate
from capture_hw.recording_task import RecordingTask, WriterEnd
from capture_hw.segment_chain import SegmentChain
from capture_hw.segment_file import SegmentPlan
from capture_hw.segment_journal import GapCause
from capture_hw.storage_room import StorageRoom
from capture_hw.write_trial import WriteTrial

_LOOK_AT_DISK_NS: Final = 1_000_000_000
_SEARCH_S: Final = 0.5
_PUBLISH_S: Final = 2.0
_log = logging.getLogger(__name__)


class RecordingWriter:
    """Takes entries of the capture queue. One thread at a time, which may hang in every call.

    What is no method is for the thread that watches it, and so is `give_up`.
    """

    def __init__(self, task: RecordingTask, names: SegmentPlan | None = None) -> None:
        """`names` is the plan for the segments if it is not the task's."""
        plan = task.plan
        self.folder = plan.folder
        """Into which it writes."""
        self._name: Final = task.name
        self._clock: Final = task.clock
        self._capture: Final = task.capture
        self._earlier: Final = task.earlier
        self._chain: Final = SegmentChain(names or plan, task.clock, task.earlier)
        self._stage: Final = EncodingStage(self._chain, task.choice)
        self._room: Final = StorageRoom(
            plan.folder, task.keep_free_bytes, volume=plan.volume, spool=plan.spool
        )
        self._rate = RecordingRate()
        self._camera = CameraState()
        self._refusal = ""
        """Why the disk takes nothing; empty if it does."""
        self._looked_ns = 0
        self._entry: Queued | None = None
        """What is being written."""
        self._is_given_up = False
        self.progress = self._progress(task.clock.monotonic_ns())
        """Where it stood when it last wrote or looked."""

    @property
    def is_encoding(self) -> bool:
        """Whether it is the encoder that it waits for, if it waits."""
        return self._stage.is_encoding

    def give_up(self) -> WriterEnd:
        """Let nothing more be written, for any thread; never waits.

        The writer's own thread is to `leave` when it comes back.
        """
        self._is_given_up = True
        return WriterEnd(
            self._chain.give_up(),
            self._room.rest,
            replace(self._camera),
            self._rate,
            self.progress,
            self._entry,
        )

    def begin(self) -> None:
        """Look at the disks; call it first."""
        self._look_at_disk()

    def begin_behind(
        self, end: WriterEnd, trials: Mapping[Path, WriteTrial], since_s: float
    ) -> None:
        """Begin where another writer ended, which had waited for a disk `since_s`.

        `trials` says which disks answer.
        """
        self._rate, self._camera = end.rate, end.camera
        self._room.go_on_behind(end.rest, trials, since_s)
        try:
            if self._camera.opened is not None:
                self._open_encoder(self._camera.opened)
        except EncoderError as error:
            self._chain.go_on_behind(end.chain)
            self._refuse_camera(error)
            return
        self._chain.go_on_behind(end.chain)
        self._look_at_disk()
        last, entry = end.chain.written.last, end.entry
        if isinstance(entry, QueuedFrame) and last is not None:
            entry = entry if entry.frame.captured_ns > last.captured_ns else None
        self.handle(entry)

    def handle(self, entry: Queued | None) -> None:
        """Write what came; a disk or an encoder that refuses is a state, not an end."""
        self._entry = entry
        try:
            try:
                self._take(entry)
            except StorageError as error:
                if self._is_given_up:
                    return
                self._refuse(error)
                self._try_elsewhere(entry)
        except EncoderError as error:
            self._refuse_camera(error)
        self._entry = None

    def look_after(self) -> None:
        """Note where it stands; once a second look at the disk."""
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._looked_ns >= _LOOK_AT_DISK_NS:
            self._looked_ns = now_ns
            self._look_at_disk()
            self._look_at_clock()
        self._note_earlier()
        self.progress = self._progress(now_ns)

    def finish(self) -> None:
        """Close the segment in order."""
        self.progress = self._progress(self._clock.monotonic_ns())
        self._earlier.wait_searched(_SEARCH_S)
        self._note_earlier()
        self._end_camera(None)
        self._chain.join(_PUBLISH_S)

    def leave(self) -> None:
        """Leave the segment for a repair, if there is one."""
        self._chain.leave()
        self._chain.join(_PUBLISH_S)

    def _refuse_camera(self, error: EncoderError) -> None:
        cause = self._stage.cause_of_failure
        self._chain.break_off(cause)
        self._lose_camera(str(error), cause)
        self._capture.reopen()

    def _take(self, entry: Queued | None) -> None:
        match entry:
            case QueuedFrame():
                self._write(entry)
            case CameraOpened():
                self._take_camera(entry)
            case CameraGone():
                self._camera.was_silent = entry.was_silent
                self._lose_camera(
                    entry.reason, "camera stalled" if entry.was_silent else "camera lost"
                )
            case None:
                pass

    def _write(self, entry: QueuedFrame) -> None:
        self._camera.heard_ns = self._clock.monotonic_ns()
        if self._refusal:
            return
        frames = self._chain.frames
        size = self._stage.write(entry.frame, entry.dropped)
        if self._chain.frames > frames:
            self._camera.lost = ""
            self._camera.was_silent = False
            self._rate.add(entry.frame.captured_ns, self._clock.monotonic_ns(), size)

    def _take_camera(self, opened: CameraOpened) -> None:
        _log.info("%s: camera open, %s", self._name, opened.format)
        if not self._camera.was_silent:
            self._camera.lost = ""
        self._camera.was_open = True
        self._camera.heard_ns = self._clock.monotonic_ns()
        self._end_camera("camera lost")
        self._open_encoder(opened)

    def _open_encoder(self, opened: CameraOpened) -> None:
        self._camera.opened = opened
        self._stage.open_camera(opened.format, counts_frames=opened.counts_frames)

    def _lose_camera(self, reason: str, cause: GapCause) -> None:
        if reason != self._camera.lost:
            _log.warning("%s: %s", self._name, reason)
        self._camera.lost = reason
        self._camera.was_open = True
        self._end_camera(cause)
        self._camera.opened = None

    def _end_camera(self, cause: GapCause | None) -> None:
        """Write what the encoder holds back, and close."""
        try:
            self._stage.flush()
        except (StorageError, EncoderError) as error:
            _log.warning("%s: %s", self._name, error)
            self._chain.break_off(cause or "recording stopped")
        self._close(cause)

    def _refuse(self, error: StorageError) -> None:
        """Close what there is, in order if the disk still takes it, and wait for room."""
        _log.warning("%s: %s", self._name, error)
        self._refusal = str(error)
        self._chain.break_off("storage refused")

    def _look_at_disk(self) -> None:
        if self._chain.fault and not self._refusal:
            self._note_refusal(self._chain.fault)
        try:
            folder = self._room.check(resuming=bool(self._refusal), refusal=self._refusal)
        except StorageError as error:
            self._note_refusal(str(error))
            return
        self.folder = folder
        self._chain.write_to(folder)
        if self._refusal:
            _log.info("%s: frames are written again, into %s", self._name, folder)
        self._refusal = ""

    def _try_elsewhere(self, entry: Queued | None) -> None:
        """Have the spool take what was refused, if it can; why the main folder cannot is known."""
        with suppress(StorageError):
            self.folder = self._room.check(resuming=True, refusal=self._refusal)
            self._chain.write_to(self.folder)
            self._refusal = ""
        try:
            if isinstance(entry, QueuedFrame):
                self._write(entry)
        except StorageError as error:
            self._refuse(error)

    def _note_refusal(self, refusal: str) -> None:
        if not self._refusal:
            _log.warning("%s: %s", self._name, refusal)
            self._close("storage refused")
        self._refusal = refusal

    def _look_at_clock(self) -> None:
        try:
            self._chain.look()
        except StorageError as error:
            self._refuse(error)

    def _note_earlier(self) -> None:
        last = self._earlier.unnoted
        try:
            if last is not None and self._chain.note_earlier(last):
                self._earlier.add_noted(last)
        except StorageError as error:
            self._refuse(error)

    def _close(self, cause: GapCause | None = None) -> None:
        try:
            self._chain.close(cause)
        except (StorageError, EncoderError) as error:
            _log.warning("%s: %s", self._name, error)
            self._chain.break_off(cause or "recording stopped")

    def _progress(self, now_ns: int) -> RecorderProgress:
        state, reason = self._state(now_ns)
        return RecorderProgress(
            state=state,
            reason=reason,
            segment=self._chain.stem,
            fps=self._rate.fps(now_ns),
            frames=self._chain.frames,
            gaps=self._chain.gaps,
            frames_lost=self._chain.frames_lost,
            late_ms=self._rate.late_ms(now_ns),
            bytes_per_s=self._rate.bytes_per_s(now_ns),
            complaint=self._chain.complaint or self._earlier.complaint,
        )

    def _state(self, now_ns: int) -> tuple[RecorderState, str]:
        if self._refusal:
            return "storage", self._refusal
        fault = self._camera.fault(self._name, now_ns)
        if fault is not None:
            return fault
        if self._chain.stem is None:
            return "opening", "waiting for the first key frame"
        return "recording", self._room.reason
