"""Putting a growing segment on the disk once a second, beside the thread that writes it."""

import logging
import os
import threading
import time
from pathlib import Path
from typing import Final

from capture_hw.segment_journal import JournalWriter
from disk.durable_file import publish, sync_to_disk

_log = logging.getLogger(__name__)
_PERIOD_S: Final = 0.7
"""From the beginning of a sync to the next one's, because a slow disk must not make it longer.

Contract: a power cut costs at most 1 s; the rest of it is for the sync itself.
"""
_TRY_AGAIN_S: Final = 0.8


class DiskSync:
    """A thread of its own, because a slow disk must not hold up frames.

    It ends when the video has its final name. `fault` is the disk's complaint, one sentence.
    """

    def __init__(self, part: Path, video: Path, journal: JournalWriter) -> None:
        self.fault: str | None = None
        self._part: Final = part
        self._video: Final = video
        self._journal: Final = journal
        self._closed: Final = threading.Event()
        self._given_up: Final = threading.Event()
        self._hurried: Final = threading.Event()
        self._publish_after_s = 0.0
        self._thread: Final = threading.Thread(
            target=self._run, name=f"sync {video.name}", daemon=True
        )
        self._thread.start()

    def publish(self, after_s: float = 0.0) -> None:
        """Give the video its final name in a moment; it is closed and has its journal's end.

        The moment is at least `after_s` away, unless somebody waits for it.
        """
        self._publish_after_s = after_s
        self._closed.set()

    def give_up(self) -> None:
        """End without giving the video a name."""
        self._given_up.set()
        self._hurried.set()
        self._closed.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end; say whether it came in time."""
        if timeout_s > 0:
            self._hurried.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._sync_until_closed()
        except OSError as error:
            self._complain(error)
            self._closed.wait()
        self._journal.close()  # before: a volume that refuses for good is unmounted by a person
        while not (self._given_up.is_set() or self._is_published()):
            self._given_up.wait(_TRY_AGAIN_S)

    def _sync_until_closed(self) -> None:
        descriptor = os.open(self._part, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._journal.sync()
            for folder in (self._part.parent, *self._part.parent.parents[:2]):
                sync_to_disk(folder)  # a power cut must not take the new folders' names
            while not self._closed.is_set():
                began_s = time.monotonic()
                os.fdatasync(descriptor)
                self._journal.sync()
                self._closed.wait(max(0.0, began_s + _PERIOD_S - time.monotonic()))
            if not self._given_up.is_set() and self._publish_after_s:
                # The name has time, the last frames have not.
                os.fdatasync(descriptor)
                self._journal.sync()
            self._hurried.wait(self._publish_after_s)
            if not self._given_up.is_set():
                os.fsync(descriptor)
                self._journal.sync()
        finally:
            os.close(descriptor)

    def _is_published(self) -> bool:
        """Try to give the name: a disk that refuses it now may give it later."""
        try:
            publish(self._part, self._video)
        except OSError as error:
            self._complain(error)
            return False
        return True

    def _complain(self, error: OSError) -> None:
        reason = os.strerror(error.errno or 0)
        if self.fault is None:
            _log.warning("%s: cannot be written: %s", self._video, reason)
        self.fault = f"{self._video}: cannot be written: {reason}"
