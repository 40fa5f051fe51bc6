"""Putting a growing segment on the disk once a second, beside the thread that writes it."""

import logging
import os
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from capture_hw.segment_hold import held_text, locks_soon
from capture_hw.segment_journal import JournalWriter
from disk.durable_file import sync_to_disk

_log = logging.getLogger(__name__)
_PERIOD_S: Final = 0.7
"""From the beginning of a sync to the next one's, because a slow disk must not make it longer.

Contract: a power cut costs at most 1 s; the rest of it is for the sync itself.
"""
_TRY_AGAIN_S: Final = 0.8


class DiskSync:
    """A thread of its own, because a slow disk must not hold up frames.

    It ends when the video has its final name, and holds its lock (`segment_hold`) until then.
    `fault` is the disk's complaint, one sentence. A video of which a sync has failed never gets its
    name here (`is_left`): the disk may have dropped what it refused, and say so only once, so that
    somebody has to read it back. Source: Linux, Documentation/filesystems/vfs.rst, Handling errors
    during writeback.
    """

    def __init__(self, part: Path, video: Path, journal: JournalWriter) -> None:
        self.fault: str | None = None
        self.is_left = False
        """Whether the thread has ended without giving the name that it was told to give."""
        self._has_name = False
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

    def hurry(self) -> None:
        """Have the name given now: somebody waits for it."""
        self._hurried.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end; say whether it came in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        with ExitStack() as opened:
            is_synced = self._is_synced(opened)
            self._journal.close()
            while is_synced and not (self._given_up.is_set() or self._is_published()):
                opened.close()  # a volume that refuses for good is unmounted by a person
                self._given_up.wait(_TRY_AGAIN_S)
            if not (is_synced or self._given_up.is_set()):
                self.is_left = True
                _log.warning("%s: left for a repair", self._part)

    def _is_synced(self, opened: ExitStack) -> bool:
        """Sync until the video is closed; say whether the disk took everything."""
        try:
            self._sync_until_closed(self._open(opened))
        except OSError as error:
            self._complain(error)
        else:
            return True
        self._closed.wait()
        with suppress(OSError):  # what came after the error is as well off as it can be
            sync_to_disk(self._part)
            self._journal.sync()
        return False

    def _open(self, opened: ExitStack) -> int:
        """Open the video for syncs and take its lock, which lasts until it is closed."""
        descriptor = os.open(self._part, os.O_RDONLY | os.O_CLOEXEC)
        opened.callback(os.close, descriptor)
        if not locks_soon(descriptor):
            _log.warning("%s", held_text(self._part))
        return descriptor

    def _sync_until_closed(self, descriptor: int) -> None:
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

    def _is_published(self) -> bool:
        """Try to give the name: a disk that refuses it now may give it later."""
        try:
            self._rename()
            sync_to_disk(self._video.parent)
        except OSError as error:
            if self._has_name and isinstance(error, FileNotFoundError):
                return True  # it was moved on meanwhile
            self._complain(error)
            return False
        return True

    def _rename(self) -> None:
        """Rename once; a rename may come through though the disk complains. Raises OSError."""
        if not self._has_name and (self._part.exists() or not self._video.exists()):
            self._part.replace(self._video)
        self._has_name = True

    def _complain(self, error: OSError) -> None:
        reason = os.strerror(error.errno or 0)
        if self.fault is None:
            _log.warning("%s: cannot be written: %s", self._video, reason)
        self.fault = f"{self._video}: cannot be written: {reason}"
