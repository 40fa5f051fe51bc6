"""Looking after what a cage's recorder left behind, beside recording: repairs, and the spool."""

import logging
import os
import threading
import time
from collections import deque
from pathlib import Path
from typing import Final

from capture_hw.data_volume import mark_of
from capture_hw.error import CaptureError
from capture_hw.left_behind import (
    EarlierFrame,
    Leftover,
    leftover_in,
    newest_frame,
    remove_journals,
)
from capture_hw.segment_repair import RepairStopped, repair_segment
from capture_hw.spool import Spool
from capture_hw.storage_place import StoragePlace, free_bytes

_RETRY_S: Final = 60.0
_TURN_S: Final = 1.0
_log = logging.getLogger(__name__)


class EarlierRecording:
    """A thread that finds the last frame, then repairs; recording goes on beside it.

    `folder` is the cage's, on the volume with the mark `volume` if one is given. As long as that
    volume is away, the thread waits for it, and looks after the cage's folder in the `spool` only.
    What is finished there it moves to `folder`.
    """

    def __init__(
        self,
        folder: Path,
        cage: int,
        keep_free_bytes: int,
        *,
        volume: str | None = None,
        spool: Path | None = None,
    ) -> None:
        self._cage: Final = cage
        self._keep_free_bytes: Final = keep_free_bytes
        self._main: Final = _Folder(folder, volume)
        self._folders: Final = (self._main, _Folder(spool, None)) if spool else (self._main,)
        place = StoragePlace(folder, keep_free_bytes, volume)
        self._spool: Final = Spool(spool, cage, place) if spool else None
        self._own: Final[set[str]] = set()
        self._left: Final[deque[Path]] = deque()
        self._waiting: list[Path] = []
        self._repair_s = 0.0
        self._stop: Final = threading.Event()
        self._searched: Final = threading.Event()
        self._last: EarlierFrame | None = None
        self._thread: Final = threading.Thread(
            target=self._run, name=f"repair {cage:02d}", daemon=True
        )

    def start(self) -> None:
        """Begin; call it once."""
        self._thread.start()

    def add_own(self, stem: str) -> None:
        """Note that a segment is of this run, before any file of it is made."""
        if not self._has_listed():
            self._own.add(stem)

    def add_left(self, part: Path) -> None:
        """Have a segment of this run repaired that nobody writes any more."""
        self._left.append(part)

    @property
    def is_searched(self) -> bool:
        """Whether `last` is known."""
        return self._searched.is_set()

    def wait_searched(self, timeout_s: float) -> bool:
        """Wait until `last` is known; say whether it came in time."""
        return self._searched.wait(timeout_s)

    @property
    def last(self) -> EarlierFrame | None:
        """The last frame; None if there never was one, or before `is_searched`."""
        return self._last

    def stop(self) -> None:
        """End soon; a repair or a move that is not done begins again at the next start."""
        self._stop.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; say whether it came in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _has_listed(self) -> bool:
        return all(folder.leftover is not None for folder in self._folders)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._search()
            self._repair()
            if self._spool is not None and self._main.leftover is not None:
                self._spool.turn(self._stop.is_set)
            self._stop.wait(min(_TURN_S, _RETRY_S))

    def _search(self) -> None:
        """List each folder as soon as its volume is there, once."""
        if self._has_listed():
            return
        for folder in self._folders:
            if folder.leftover is None and folder.is_there():
                self._list(folder)
        if self._has_listed():
            self._own.clear()

    def _list(self, folder: "_Folder") -> None:
        try:
            leftover = leftover_in(folder.path, self._cage, lambda stem: stem in self._own)
        except OSError as error:
            folder.rest(error)
            return
        folder.leftover = leftover
        self._waiting += leftover.unfinished
        self._repair_s = 0.0
        if folder is self._main:
            self._note_last()
        remove_journals(leftover.journals)

    def _note_last(self) -> None:
        """Find the last frame of all folders; a spool that is away by then has no say."""
        try:
            for folder in self._folders[1:]:
                if folder.leftover is None and folder.is_there():
                    self._list(folder)
            found = [one.leftover for one in self._folders if one.leftover is not None]
            self._last = newest_frame(found)
        finally:
            self._searched.set()

    def _repair(self) -> None:
        """Try every segment that waits, once a minute."""
        if time.monotonic() < self._repair_s:
            return
        while self._left:
            self._waiting.append(self._left.popleft())
        self._waiting = [part for part in self._waiting if not self._is_repaired(part)]
        self._repair_s = time.monotonic() + _RETRY_S

    def _is_repaired(self, part: Path) -> bool:
        """Return whether nothing is left to do for this segment."""
        if self._stop.is_set():
            return False
        try:
            if free_bytes(part.parent) < part.stat().st_size + self._keep_free_bytes:
                _log.warning("%s: waits for room on the disk to be repaired", part)
                return False
            repair_segment(part, self._stop.is_set)
        except RepairStopped:
            return False
        except CaptureError as error:
            _log.warning("%s", error)
            return False
        except OSError as error:
            _log.warning("%s: cannot be looked at: %s", part, os.strerror(error.errno or 0))
            return False
        return True


class _Folder:
    """One of the cage's folders, and what was found in it."""

    def __init__(self, path: Path, volume: str | None) -> None:
        self.path: Final = path
        self.leftover: Leftover | None = None
        self._volume: Final = volume
        self._again_s = 0.0

    def is_there(self) -> bool:
        """Say whether the right volume is."""
        if time.monotonic() < self._again_s:
            return False
        try:
            mark = mark_of(self.path.parent)
        except OSError as error:
            self.rest(error)
            return False
        return mark is not None and self._volume in (None, mark)

    def rest(self, error: OSError) -> None:
        """Leave a folder alone for a while that cannot be listed."""
        _log.warning("%s: cannot be listed: %s", self.path, os.strerror(error.errno or 0))
        self._again_s = time.monotonic() + _RETRY_S
