"""Recording one cage: from its camera to segments on the disk, for weeks."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from capture_hw.camera import Camera
from capture_hw.capture_thread import CaptureThread
from capture_hw.earlier_recording import EarlierRecording
from capture_hw.encoder_choice import EncoderChoice
from capture_hw.encoder_config import EncoderConfig
from capture_hw.hang_watch import HangWatch
from capture_hw.recorder_progress import RecorderProgress, RecorderState
from capture_hw.recording_task import RecordingTask
from capture_hw.segment_clock import Clock
from capture_hw.segment_file import SegmentPlan
from capture_hw.storage_place import StoragePlace
from capture_hw.writing_thread import WritingThread

__all__ = ["Recorder", "RecorderProgress", "RecorderState"]
_LOOK_S: Final = 0.1
_CAMERA_S: Final = 1.0
_STOP_S: Final = 4.4
"""From the order to stop; the rest of 5 s is for what earlier runs left."""
_JOIN_S: Final = 0.5
_SAY_S: Final = 2.0
"""Until then the spool may take over, and nobody need be told that the recording stands still."""
_ENCODER_S: Final = 5.0
"""An encoder that is silent for longer hangs: nobody hears of this process then, and it ends."""
_log = logging.getLogger(__name__)


class Recorder:
    """Records until told to stop; `run` it once, in one thread, which never touches a disk."""

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
        self._plan: Final = plan
        self._keep_free_bytes: Final = keep_free_bytes
        self._clock: Final = clock
        self._report: Final = report
        self._open_camera: Final = open_camera
        self._choice: Final = EncoderChoice(encoder or EncoderConfig(), self._name)
        self._earlier: Final = EarlierRecording(
            plan.folder, plan.cage, keep_free_bytes, volume=plan.volume, spool=plan.spool
        )
        places = [StoragePlace(plan.folder, keep_free_bytes, plan.volume)]
        if plan.spool is not None:
            places.append(StoragePlace(plan.spool, keep_free_bytes, None))
        self._most_given_up: Final = len(places)
        self._watch: Final = HangWatch(places)
        self._given_up: list[WritingThread] = []
        self._is_told = False

    def run(self, stop: threading.Event) -> None:
        """Record until `stop` is set, then finish the segment; returns within 5 s of it.

        A disk that hangs cannot hold this up. Its threads are left to the end of the process, which
        the kernel may put off until the disk answers.
        """
        capture = CaptureThread(self._open_camera, self._name)
        writer = WritingThread(self._task(capture))
        self._earlier.start()
        writer.start()
        until_s: float | None = None
        try:
            while not stop.wait(_LOOK_S):
                writer = self._looked_after(writer)
            until_s = time.monotonic() + _STOP_S
            capture.stop()
            capture.join(_CAMERA_S)  # what the camera is just giving is taken too
            writer.finish()
            self._await_end(writer, until_s)
        finally:
            capture.stop()
            writer.leave()
            until_s = until_s or time.monotonic() + _STOP_S
            for one in (writer, *self._given_up):
                one.join(max(0.0, until_s - time.monotonic()))
            capture.join(max(0.0, until_s - time.monotonic()))
            self._earlier.stop()
            self._earlier.join(_JOIN_S)

    def _task(self, capture: CaptureThread) -> RecordingTask:
        return RecordingTask(
            self._plan,
            self._keep_free_bytes,
            self._clock,
            capture,
            self._earlier,
            self._choice,
            self._name,
        )

    def _looked_after(self, writer: WritingThread) -> WritingThread:
        """Report; return the writer, or another one if its disk hangs and there is a second one."""
        for one in (writer, *self._given_up):
            one.raise_fault()
        self._watch.look(writer.step)
        self._given_up = [one for one in self._given_up if not one.join(0)]
        self._tell(writer)
        if self._hangs(writer) and self._may_go_elsewhere():
            self._given_up.append(writer)
            writer = writer.successor(self._watch.trials, self._watch.began_s)
            writer.start()
            self._watch.begin()
        if not (writer.is_encoding and self._watch.seen_s > _ENCODER_S):
            self._report(self._progress(writer))
        return writer

    def _hangs(self, writer: WritingThread) -> bool:
        return self._watch.hangs and not writer.is_encoding

    def _tell(self, writer: WritingThread) -> None:
        """Say once that a disk hangs, and once that it does not any more."""
        hangs = self._hangs(writer)
        if hangs and not self._is_told:
            _log.warning("%s: %s", self._name, self._watch.silence(writer.folder))
        if self._is_told and not hangs:
            _log.info("%s: is written again", self._name)
        self._is_told = hangs

    def _may_go_elsewhere(self) -> bool:
        return self._watch.may_go_elsewhere and len(self._given_up) < self._most_given_up

    def _await_end(self, writer: WritingThread, until_s: float) -> None:
        """Report until the writer has closed its segment, or has no time left."""
        while not writer.join(_LOOK_S) and time.monotonic() < until_s:
            self._watch.look(writer.step)
            self._report(self._progress(writer))
        writer.raise_fault()
        self._report(writer.progress)
        if not writer.join(0):
            _log.warning("%s: ends, the segment is left for a repair", self._name)

    def _progress(self, writer: WritingThread) -> RecorderProgress:
        progress = writer.progress
        if not self._hangs(writer) or self._watch.seen_s < _SAY_S:
            return progress
        silence = self._watch.silence(writer.folder)
        return replace(progress, state="storage", reason=silence, fps=0.0, bytes_per_s=0.0)
