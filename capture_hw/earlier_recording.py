"""Looking after what a cage's recorder left behind, beside recording: repairs, and the spool."""

import logging
import os
import threading
import time
from collections import deque
from pathlib import Path
from typing import Final

from capture_hw.complaint_log import ComplaintLog
from capture_hw.data_volume import mark_of
from capture_hw.error import CaptureError
from capture_hw.left_behind import (
    EarlierFrame,
    Leftover,
    last_frames,
    leftover_in,
    newest_of,
    remove_journals,
    sync_leftovers,
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
    What is finished there it moves to `folder`, as soon as the gap before this run's first frame is
    final: the journal that it belongs into may lie in the spool.
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
        self._complaints: Final = ComplaintLog(_log)
        self._keep_free_bytes: Final = keep_free_bytes
        self._main: Final = _Folder(folder, volume)
        self._folders: Final = (self._main, _Folder(spool, None)) if spool else (self._main,)
        place = StoragePlace(folder, keep_free_bytes, volume)
        self._spool: Final = Spool(spool, cage, place) if spool else None
        self._own: Final[set[str]] = set()
        self._has_begun = False
        """Whether there may be a segment of this run."""
        self._left: Final[deque[Path]] = deque()
        self._waiting: list[Path] = []
        self._repair_s = 0.0
        self._stop: Final = threading.Event()
        self._searched: Final = threading.Event()
        self._frames: Final[list[EarlierFrame]] = []
        """The last one of each segment that earlier runs left in the folders listed so far."""
        self._last: EarlierFrame | None = None
        self._noted: EarlierFrame | None = None
        self._thread: Final = threading.Thread(
            target=self._run, name=f"repair {cage:02d}", daemon=True
        )

    def start(self) -> None:
        """Begin; call it once."""
        self._thread.start()

    def add_own(self, stem: str) -> None:
        """Note that a segment is of this run, before any file of it is made."""
        self._has_begun = True
        if not self._has_listed():
            self._own.add(stem)

    def add_left(self, part: Path) -> None:
        """Have a segment of this run repaired that nobody writes any more."""
        self._left.append(part)

    def wait_searched(self, timeout_s: float) -> bool:
        """Wait until the folders that can be read were searched; say whether it came in time."""
        return self._searched.wait(timeout_s)

    @property
    def unnoted(self) -> EarlierFrame | None:
        """The last frame, if the gap behind it is not `add_noted` yet.

        A volume that comes later may show a later one; then there is something to correct.
        """
        last = self._last
        return None if last == self._noted else last

    def add_noted(self, last: EarlierFrame) -> None:
        """Note that the gap behind the last frame is in a journal."""
        self._noted = last

    @property
    def complaint(self) -> str:
        """Why nothing is repaired or moved any more, one sentence; empty if it is.

        No reason to end a recorder: a file that cannot be dealt with would end the next one too.
        """
        if self._thread.ident is None or self._thread.is_alive() or self._stop.is_set():
            return ""
        return (
            f"cage {self._cage:02d}: nothing is repaired or moved from the spool any more, "
            "see the recorder's log"
        )

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
            if self._spool is not None and self._may_move():
                self._spool.turn(self._stop.is_set)
            self._stop.wait(min(_TURN_S, _RETRY_S))

    def _may_move(self) -> bool:
        is_settled = self.unnoted is None or not self._has_begun
        return self._main.leftover is not None and is_settled

    def _search(self) -> None:
        """List each folder as soon as its volume is there, once, and find the last frame."""
        if self._has_listed():
            return
        new = [folder for folder in self._folders if folder.leftover is None and folder.is_there()]
        found = [left for left in map(self._listed, new) if left is not None]
        for leftover in found:
            self._frames.extend(last_frames(leftover))
            remove_journals(leftover.journals)
        self._last = newest_of(self._frames)
        self._searched.set()
        if self._has_listed():
            self._own.clear()

    def _listed(self, folder: "_Folder") -> Leftover | None:
        """List a folder; what a killed recorder left in it is synced at once."""
        try:
            leftover = leftover_in(folder.path, self._cage, lambda stem: stem in self._own)
        except OSError as error:
            folder.rest(error)
            return None
        sync_leftovers(leftover.unfinished)
        folder.leftover = leftover
        self._waiting += leftover.unfinished
        self._repair_s = 0.0
        return leftover

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
            if self._is_removed(part):
                return True
            if free_bytes(part.parent) < part.stat().st_size + self._keep_free_bytes:
                self._complaints.warn(part, f"{part}: waits for room on the disk to be repaired")
                return False
            repair_segment(part, self._stop.is_set)
        except RepairStopped:
            return False
        except CaptureError as error:
            self._complaints.warn(part, str(error))
            return False
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            self._complaints.warn(part, f"{part}: cannot be looked at: {reason}")
            return False
        self._complaints.forget(part)
        return True

    def _is_removed(self, part: Path) -> bool:
        """Return whether a person took a segment away, and not its volume; raises OSError."""
        if part.exists():
            return False
        homes = [folder for folder in self._folders if part.is_relative_to(folder.path)]
        return any(folder.is_there() for folder in homes) and not part.exists()


class _Folder:
    """One of the cage's folders, and what was found in it."""

    def __init__(self, path: Path, volume: str | None) -> None:
        self.path: Final = path
        self.leftover: Leftover | None = None
        self._volume: Final = volume
        self._complaints: Final = ComplaintLog(_log)
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
        reason = os.strerror(error.errno or 0)
        self._complaints.warn(self.path, f"{self.path}: cannot be listed: {reason}")
        self._again_s = time.monotonic() + _RETRY_S
