"""What earlier runs of a cage's recorder left behind: segments to repair, and the last frame."""

import logging
import os
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from capture_hw.data_volume import is_marked
from capture_hw.error import CaptureError
from capture_hw.segment_journal import GapCause
from capture_hw.segment_place import finished_videos, lone_journals, unfinished_videos
from capture_hw.segment_repair import REPAIRED_TAG, RepairStopped, repair_segment
from capture_hw.segment_tail import last_frame_ms, open_segment, read_tags
from capture_hw.storage_room import free_bytes
from disk.durable_file import PART_SUFFIX

_NEWEST_DAYS: Final = 3
"""One of them may be there for this run's first segment only."""
_NEWEST_SEGMENTS: Final = 4
"""By name; more than one, because a clock that was set back gives a newer segment an older name."""
_RETRY_S: Final = 60.0
_VOLUME_S: Final = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EarlierFrame:
    """The last frame that the cage's recorder wrote before this run."""

    utc_ns: int
    monotonic_ns: int
    boot_id: str
    """`monotonic_ns` means something within this boot only."""
    cause: GapCause
    """Why there was no frame after it."""


@dataclass(frozen=True, slots=True)
class _Leftover:
    """What earlier runs left, by name; nothing of this run is among it."""

    unfinished: list[Path]
    finished: list[Path]
    """The newest."""
    journals: list[Path]
    """Without a video."""


class EarlierRecording:
    """A thread that finds the last frame, then repairs; recording goes on beside it.

    `folder` is the cage's. As long as the volume around it is away, the thread waits for it.
    """

    def __init__(self, folder: Path, cage: int, keep_free_bytes: int) -> None:
        self._folder: Final = folder
        self._cage: Final = cage
        self._keep_free_bytes: Final = keep_free_bytes
        self._own: Final[set[str]] = set()
        self._is_listed = False
        self._left: Final[deque[Path]] = deque()
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
        if not self._is_listed:
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
        """End soon; a repair that is not done begins again at the next start."""
        self._stop.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; say whether it came in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        leftover = self._listed()
        if leftover is None:
            return
        try:
            self._last = _newest_frame((*leftover.unfinished, *leftover.finished))
        finally:
            self._searched.set()
        _remove(leftover.journals)
        waiting = leftover.unfinished
        while not self._stop.is_set():
            waiting = [part for part in waiting if not self._is_repaired(part)]
            self._stop.wait(_RETRY_S)
            while self._left:
                waiting.append(self._left.popleft())

    def _listed(self) -> _Leftover | None:
        """List what is there as soon as the volume is; None if told to stop before."""
        while not self._stop.is_set():
            try:
                if is_marked(self._folder.parent):
                    return self._list()
            except OSError as error:
                reason = os.strerror(error.errno or 0)
                _log.warning("%s: cannot be listed: %s", self._folder, reason)
                self._stop.wait(_RETRY_S)
            self._stop.wait(_VOLUME_S)
        return None

    def _list(self) -> _Leftover:
        """Look first and ask afterwards what is of this run, which is named before it is made."""
        unfinished = unfinished_videos(self._folder, self._cage)
        finished = finished_videos(self._folder, self._cage, _NEWEST_DAYS)
        journals = lone_journals(self._folder, self._cage)
        leftover = _Leftover(
            self._others(unfinished),
            self._others(finished)[-_NEWEST_SEGMENTS:],
            self._others(journals),
        )
        self._is_listed = True
        self._own.clear()
        return leftover

    def _others(self, paths: list[Path]) -> list[Path]:
        return [path for path in paths if path.name.partition(".")[0] not in self._own]

    def _is_repaired(self, part: Path) -> bool:
        """Return whether nothing is left to do for this segment."""
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


def _newest_frame(videos: tuple[Path, ...]) -> EarlierFrame | None:
    frames = [_readable_frame(path) for path in videos]
    found = [frame for frame in frames if frame is not None]
    if not found:
        return None
    newest = max(found, key=lambda frame: frame.utc_ns)
    same_boot = [frame for frame in found if frame.boot_id == newest.boot_id]
    return max(same_boot, key=lambda frame: frame.monotonic_ns)


def _remove(journals: list[Path]) -> None:
    for journal in journals:
        try:
            journal.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("%s: cannot be removed: %s", journal, os.strerror(error.errno or 0))


def _readable_frame(path: Path) -> EarlierFrame | None:
    """Return a video's last frame; one that the disk does not give now says nothing."""
    try:
        return _last_frame(path)
    except CaptureError as error:
        _log.warning("%s", error)
        return None


def _last_frame(path: Path) -> EarlierFrame | None:
    container = open_segment(path)
    if container is None:
        return None
    with container:
        tags = read_tags(container)
        was_killed = path.name.endswith(PART_SUFFIX) or REPAIRED_TAG in container.metadata
    last_ms = last_frame_ms(path)
    if tags is None or last_ms is None:
        return None
    return EarlierFrame(
        utc_ns=tags.start_utc_ns + last_ms * 1_000_000,
        monotonic_ns=tags.start_monotonic_ns + last_ms * 1_000_000,
        boot_id=tags.boot_id,
        cause="recorder restarted" if was_killed else "recording stopped",
    )
