"""Emptying a cage's part of the spool, beside recording, as soon as the main volume takes it."""

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from capture_hw.complaint_log import ComplaintLog
from capture_hw.data_volume import MARKER
from capture_hw.error import StorageError
from capture_hw.segment_place import finished_videos
from capture_hw.spool_move import MoveStopped, move_segment, moves_begun, segment_bytes
from capture_hw.storage_place import StoragePlace

_TURN_S: Final = 2.0
_RETRY_S: Final = 60.0
"""After an error."""
_log = logging.getLogger(__name__)


class Spool:
    """The finished segments of a cage that lie in the spool. One thread at a time."""

    def __init__(self, folder: Path, cage: int, main: StoragePlace) -> None:
        """`folder` is the cage's in the spool; `main` belongs to this object alone."""
        self._folder: Final = folder
        self._cage: Final = cage
        self._main: Final = main
        self._is_tidied = False
        self._moved: Final[set[str]] = set()
        """Stems that lie on the main volume, in case a spool that cannot be written keeps them."""
        self._failed: Final[set[str]] = set()
        """Stems that could not be moved; they come last, so that they do not hold up the others."""
        self._complaints: Final = ComplaintLog(_log)
        self._next_s = 0.0

    def turn(self, is_stopped: Callable[[], bool]) -> None:
        """Move what can be moved now; does nothing most of the times it is called.

        A segment of the spool waits there while the main volume is away, refuses data, or would be
        left with little more room than it needs to begin a recording.
        """
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + _TURN_S
        try:
            self._move_all(is_stopped)
        except MoveStopped:
            return
        except OSError as error:
            self._next_s = time.monotonic() + _RETRY_S
            reason = os.strerror(error.errno or 0)
            self._complaints.warn(self._folder, f"{self._folder}: cannot be emptied: {reason}")
        else:
            self._complaints.forget(self._folder)

    def _move_all(self, is_stopped: Callable[[], bool]) -> None:
        waiting = [video for video in self._finished() if video.stem not in self._moved]
        waiting.sort(key=lambda video: (video.stem in self._failed, video))
        if not waiting or not self._may_begin(0):
            return
        with _rack_turn(self._folder.parent / MARKER) as is_ours:
            if not is_ours:
                return
            self._tidy()
            for video in waiting:
                if is_stopped() or not self._may_begin(segment_bytes(video)):
                    return
                self._move(video, is_stopped)

    def _finished(self) -> list[Path]:
        try:
            return finished_videos(self._folder, self._cage)
        except FileNotFoundError:
            return []  # a day was emptied meanwhile

    def _may_begin(self, size: int) -> bool:
        try:
            self._main.check(beginning=True, besides_bytes=size)
        except StorageError:
            return False  # the recorder says so already
        return True

    def _tidy(self) -> None:
        """Remove what a killed move left: the spool still has the whole of it."""
        if not self._is_tidied:
            for begun in moves_begun(self._main.folder, self._cage):
                begun.unlink(missing_ok=True)
            self._is_tidied = True

    def _move(self, video: Path, is_stopped: Callable[[], bool]) -> None:
        try:
            move_segment(video, self._main.folder, is_stopped)
        except StorageError as error:
            self._complaints.warn(video, str(error))
            self._failed.add(video.stem)
            self._main.distrust(str(error))
            self._next_s = time.monotonic() + _RETRY_S
        else:
            self._moved.add(video.stem)
            self._complaints.forget(video)


@contextmanager
def _rack_turn(marker: Path) -> Iterator[bool]:
    """Say whether no other cage of the rack empties its spool now, and keep it so."""
    descriptor = os.open(marker, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)
