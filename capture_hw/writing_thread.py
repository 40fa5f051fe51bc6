"""The thread in which a cage is written, given up when its disk hangs."""

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from capture_hw.recorder_progress import RecorderProgress
from capture_hw.recording_task import RecordingTask, WriterEnd
from capture_hw.recording_writer import RecordingWriter
from capture_hw.segment_file import SegmentPlan
from capture_hw.write_trial import WriteTrial

_TAKE_S: Final = 0.2
_DRAIN_S: Final = 1.0


class WritingThread:
    """Writes from `start` on. Its owner watches `step` and waits for no disk."""

    def __init__(
        self,
        task: RecordingTask,
        behind: WriterEnd | None = None,
        trials: Mapping[Path, WriteTrial] | None = None,
        since_s: float = 0.0,
    ) -> None:
        """Go on `behind` another writer if given, whose disk has hung `since_s`.

        `trials` then says which disks answer.
        """
        self.step = 0
        """Grows several times a second as long as nothing hangs."""
        self._task: Final = task
        self._behind: Final = behind
        self._trials: Final = dict(trials or {})
        self._since_s: Final = since_s
        self._writer: Final = RecordingWriter(task, None if behind is None else _elsewhere(task))
        if behind is not None:
            self._writer.progress = behind.progress
        self._given_up: Final = threading.Event()
        self._finishing: Final = threading.Event()
        self._leaving: Final = threading.Event()
        self._fault: Exception | None = None
        self._thread: Final = threading.Thread(
            target=self._run, name=f"writer {task.name}", daemon=True
        )

    @property
    def progress(self) -> RecorderProgress:
        """Where it stood when it last wrote or looked."""
        return self._writer.progress

    @property
    def folder(self) -> Path:
        """Into which it writes."""
        return self._writer.folder

    @property
    def is_encoding(self) -> bool:
        """Whether it is the encoder that it waits for, if it waits."""
        return self._writer.is_encoding

    def start(self) -> None:
        """Begin; call it once."""
        self._thread.start()

    def finish(self) -> None:
        """Write what the camera has delivered, close the segment in order, and end."""
        self._finishing.set()

    def leave(self) -> None:
        """End soon; a segment that is open is left for the next recorder to repair."""
        self._leaving.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; say whether it came in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def raise_fault(self) -> None:
        """Raise what ended the thread, if that was a bug."""
        if self._fault is not None:
            raise self._fault

    def successor(self, trials: Mapping[Path, WriteTrial], since_s: float) -> "WritingThread":
        """Give this thread up, which has waited for a disk `since_s`; return who goes on.

        It does nothing more when it comes back but to leave its segment for a repair.
        """
        self._given_up.set()
        return WritingThread(self._task, self._writer.give_up(), trials, since_s)

    def _run(self) -> None:
        is_closed = False
        try:
            self._begin()
            while not (self._finishing.is_set() or self._is_over()):
                self._writer.handle(self._task.capture.take(_TAKE_S))
                if not self._is_over():
                    self._writer.look_after()
                self.step += 1
            if not self._is_over():
                self._drain()
                self._writer.finish()
                is_closed = True
        except Exception as error:  # noqa: BLE001 - a thread's outermost loop; the owner raises it
            self._fault = error
        finally:
            if not is_closed:
                self._writer.leave()

    def _begin(self) -> None:
        if self._behind is None:
            self._writer.begin()
        else:
            self._writer.begin_behind(self._behind, self._trials, self._since_s)

    def _drain(self) -> None:
        """Write what the camera has delivered already."""
        end_s = time.monotonic() + _DRAIN_S
        while time.monotonic() < end_s and not self._is_over():
            entry = self._task.capture.take(0)
            if entry is None:
                return
            self._writer.handle(entry)
            self.step += 1

    def _is_over(self) -> bool:
        return self._given_up.is_set() or self._leaving.is_set()


def _elsewhere(task: RecordingTask) -> SegmentPlan:
    """Return the plan with which nobody looks for names on a main volume that hangs."""
    return replace(task.plan, folder=task.plan.spool or task.plan.folder, spool=None)
