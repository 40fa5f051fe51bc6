"""Recording one cage: from its camera to segments on the disk, for weeks."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from capture_hw.camera import Camera
from capture_hw.capture_thread import (
    CameraGone,
    CameraOpened,
    CaptureThread,
    Queued,
    QueuedFrame,
)
from capture_hw.earlier_recording import EarlierRecording
from capture_hw.encoder_choice import EncoderChoice
from capture_hw.encoder_config import EncoderConfig
from capture_hw.encoding_stage import EncodingStage
from capture_hw.error import EncoderError, StorageError
from capture_hw.gap_finder import STALLED_NS
from capture_hw.recording_rate import RecordingRate
from capture_hw.segment_chain import SegmentChain
from capture_hw.segment_clock import Clock
from capture_hw.segment_file import SegmentPlan
from capture_hw.segment_journal import GapCause
from capture_hw.storage_room import StorageRoom

RecorderState: TypeAlias = Literal["opening", "recording", "stalled", "lost", "storage"]
_TAKE_S: Final = 0.2
_LOOK_AT_DISK_NS: Final = 1_000_000_000
_DRAIN_NS: Final = 1_000_000_000
_SEARCH_S: Final = 0.5
_PUBLISH_S: Final = 2.0
_JOIN_S: Final = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RecorderProgress:
    """Where a recorder stands; counts are since it began."""

    state: RecorderState
    reason: str
    segment: str | None
    fps: float
    frames: int
    gaps: int
    frames_lost: int
    late_ms: float
    bytes_per_s: float
    complaint: str = ""
    """What is wrong though all frames are written, one sentence."""


class Recorder:
    """Records until told to stop; `run` it once, in one thread."""

    def __init__(
        self,
        plan: SegmentPlan,
        keep_free_bytes: int,
        open_camera: Callable[[], Camera],
        clock: Clock,
        report: Callable[[RecorderProgress], None],
        encoder: EncoderConfig | None = None,
    ) -> None:
        """`open_camera` raises DeviceLost; `report` is called several times a second by `run`."""
        self._name: Final = f"cage {plan.cage:02d}"
        self._clock: Final = clock
        self._report: Final = report
        self._open_camera: Final = open_camera
        self._earlier: Final = EarlierRecording(
            plan.folder, plan.cage, keep_free_bytes, volume=plan.volume, spool=plan.spool
        )
        self._chain: Final = SegmentChain(plan, clock, self._earlier)
        choice = EncoderChoice(encoder or EncoderConfig(), self._name)
        self._stage: Final = EncodingStage(self._chain, choice)
        self._room: Final = StorageRoom(
            plan.folder, keep_free_bytes, volume=plan.volume, spool=plan.spool
        )
        self._rate: Final = RecordingRate()
        self._earlier_noted = False
        self._refusal = ""
        """Why the disk takes nothing; empty if it does."""
        self._lost = "the camera is not open yet"
        """Why there is no camera; empty if there is one."""
        self._was_open = False
        self._was_silent = False
        """Whether the camera was closed because nothing came; then opening it says little."""
        self._heard_ns = 0
        self._looked_ns = 0

    def run(self, stop: threading.Event) -> None:
        """Record until `stop` is set, then finish the segment; returns within 5 s of it."""
        capture = CaptureThread(self._open_camera, self._name)
        self._look_at_disk()
        self._earlier.start()
        is_closed = False
        try:
            while not stop.is_set():
                self._handle(capture.take(_TAKE_S), capture)
                self._look_after()
            self._report(self._progress(self._clock.monotonic_ns()))
            capture.stop()
            capture.join(_JOIN_S)  # what the camera is just giving is taken too
            self._drain(capture)
            self._report(self._progress(self._clock.monotonic_ns()))
            self._earlier.wait_searched(_SEARCH_S)
            self._note_earlier()
            self._end_camera(None)
            is_closed = True
        finally:
            if not is_closed:
                self._chain.leave()
            capture.stop()
            self._earlier.stop()
            self._chain.join(_PUBLISH_S)
            capture.join(_JOIN_S)
            self._earlier.join(_JOIN_S)

    def _handle(self, entry: Queued | None, capture: CaptureThread) -> None:
        """Write what came; a disk or an encoder that refuses is a state, not an end."""
        try:
            try:
                self._take(entry)
            except StorageError as error:
                self._refuse(error)
                self._try_elsewhere(entry)
        except EncoderError as error:
            self._chain.break_off("camera lost")
            self._lose_camera(str(error), "camera lost")
            capture.reopen()

    def _take(self, entry: Queued | None) -> None:
        match entry:
            case QueuedFrame():
                self._write(entry)
            case CameraOpened():
                self._take_camera(entry)
            case CameraGone():
                self._was_silent = entry.was_silent
                self._lose_camera(
                    entry.reason, "camera stalled" if entry.was_silent else "camera lost"
                )
            case None:
                pass

    def _write(self, entry: QueuedFrame) -> None:
        self._heard_ns = self._clock.monotonic_ns()
        if self._refusal:
            return
        frames = self._chain.frames
        size = self._stage.write(entry.frame, entry.dropped)
        if self._chain.frames > frames:
            self._lost = ""
            self._was_silent = False
            self._rate.add(entry.frame.captured_ns, self._clock.monotonic_ns(), size)

    def _take_camera(self, opened: CameraOpened) -> None:
        _log.info("%s: camera open, %s", self._name, opened.format)
        if not self._was_silent:
            self._lost = ""
        self._was_open = True
        self._heard_ns = self._clock.monotonic_ns()
        self._end_camera("camera lost")
        self._stage.open_camera(opened.format, counts_frames=opened.counts_frames)

    def _lose_camera(self, reason: str, cause: GapCause) -> None:
        if reason != self._lost:
            _log.warning("%s: %s", self._name, reason)
        self._lost = reason
        self._was_open = True
        self._end_camera(cause)

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

    def _look_after(self) -> None:
        """Report; once a second look at the disk."""
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._looked_ns >= _LOOK_AT_DISK_NS:
            self._looked_ns = now_ns
            self._look_at_disk()
            self._look_at_clock()
        self._note_earlier()
        self._report(self._progress(now_ns))

    def _look_at_disk(self) -> None:
        if self._chain.fault and not self._refusal:
            self._note_refusal(self._chain.fault)
        try:
            folder = self._room.check(resuming=bool(self._refusal), refusal=self._refusal)
        except StorageError as error:
            self._note_refusal(str(error))
            return
        self._chain.write_to(folder)
        if self._refusal:
            _log.info("%s: frames are written again, into %s", self._name, folder)
        self._refusal = ""

    def _try_elsewhere(self, entry: Queued | None) -> None:
        """Have the spool take what was refused, if it can; why the main folder cannot is known."""
        with suppress(StorageError):
            self._chain.write_to(self._room.check(resuming=True, refusal=self._refusal))
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
        if self._earlier_noted or not self._earlier.is_searched:
            return
        last = self._earlier.last
        try:
            self._earlier_noted = last is None or self._chain.note_earlier(last)
        except StorageError as error:
            self._refuse(error)

    def _drain(self, capture: CaptureThread) -> None:
        """Write what the camera has delivered already."""
        end_ns = self._clock.monotonic_ns() + _DRAIN_NS
        while self._clock.monotonic_ns() < end_ns:
            entry = capture.take(0)
            if entry is None:
                return
            self._handle(entry, capture)

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
            complaint=self._chain.complaint,
        )

    def _state(self, now_ns: int) -> tuple[RecorderState, str]:
        if self._refusal:
            return "storage", self._refusal
        if self._lost:
            return ("lost" if self._was_open else "opening"), self._lost
        silent_ns = now_ns - self._heard_ns
        if silent_ns >= STALLED_NS:
            return "stalled", f"{self._name}: no frame for {silent_ns / 1e9:.1f} s"
        if self._chain.stem is None:
            return "opening", "waiting for the first key frame"
        return "recording", self._room.reason
