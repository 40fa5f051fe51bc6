"""The picture watch of one cage: finds what is being recorded, looks at its key frames."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Final

from appliance.report import CagePicture
from capture_hw.error import PictureDamaged, StorageError
from capture_hw.key_frame_reader import KeyFrame, KeyFrameReader, open_key_frames
from capture_hw.picture_watch import Look, PictureWatch, RaisedFault
from capture_hw.reference import Reference, ReferenceUnusable, read_reference
from disk.durable_file import PART_SUFFIX

_TURN_S: Final = 0.5
_SEARCH_EVERY_S: Final = 1.0
"""For the next segment, while the present one does not grow a key frame."""
_EXPECTED_NS: Final = 2_500_000_000
"""A key frame comes every 2 s, unless another segment has begun."""
_APART_NS: Final = 1_500_000_000
"""A camera that sends more key frames is looked at no oftener."""
_TOO_OLD_NS: Final = 30_000_000_000
"""What a recorder left behind says nothing of now."""
_AHEAD_NS: Final = 1_000_000_000
"""A frame from so far in the future was captured before the last boot."""
_REFERENCE_EVERY_S: Final = 5.0
_NEWEST_DAYS: Final = 2
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the thread has found out; replaced, never changed."""

    segment: str | None = None
    look: Look | None = None
    faults: tuple[RaisedFault, ...] = ()
    is_commissioned: bool = False
    reason: str = ""


class CageWatch:
    """A thread that follows one cage. `report`, `silent_s` and `error` are for any thread."""

    def __init__(self, cage: int, folders: Sequence[Path], reference: Path, stop: Event) -> None:
        """Prepare. `folders` hold the cage's days; `stop` ends the thread within a second."""
        self.error: Exception | None = None
        """What ended the thread before its time."""
        self._cage: Final = cage
        self._folders: Final = tuple(folders)
        self._watch: Final = PictureWatch()
        self._references: Final = _ReferenceFile(reference)
        self._stop: Final = stop
        self._reader: KeyFrameReader | None = None
        self._path: Path | None = None
        self._search_s = 0.0
        self._trouble = ""
        """Why pictures cannot be read; until the next one that can."""
        self._seen = _Seen()
        self._turned_s = time.monotonic()
        self._thread: Final = Thread(target=self._run, name=f"watch {cage:02d}", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread to end after `stop`; a hung one is left alone."""
        self._thread.join(timeout_s)

    def silent_s(self) -> float:
        """Return how long the thread has been in one turn."""
        return time.monotonic() - self._turned_s

    def report(self) -> CagePicture:
        """Return what is known now."""
        return _picture(self._cage, self._seen, time.monotonic_ns())

    def _run(self) -> None:
        try:
            while not self._stop.wait(_TURN_S):
                self._turned_s = time.monotonic()
                self._turn(self._turned_s)
        except Exception as error:  # noqa: BLE001 - a thread's outermost loop; the worker raises it
            self.error = error
        finally:
            self._close()

    def _turn(self, now_s: float) -> None:
        reference = self._references.read(now_s)
        try:
            key_frame = self._next_key_frame(now_s)
            if key_frame is not None:
                self._trouble = ""
                self._watch.take(key_frame.luma, key_frame.captured_ns, reference)
        except ReferenceUnusable as error:
            self._references.refuse(str(error))
        except PictureDamaged as error:
            self._trouble = str(error)
        except StorageError as error:
            self._trouble = str(error)
            self._close()
        self._publish(is_commissioned=reference is not None)

    def _publish(self, *, is_commissioned: bool) -> None:
        reason = self._trouble or self._references.reason
        if reason and reason != self._seen.reason:
            _log.warning("cage %02d: %s", self._cage, reason)
        segment = self._path.name.partition(".")[0] if self._path else None
        self._seen = _Seen(segment, self._watch.look, self._watch.faults, is_commissioned, reason)

    def _next_key_frame(self, now_s: float) -> KeyFrame | None:
        now_ns = time.monotonic_ns()
        last_ns = self._watch.look.captured_ns if self._watch.look else None
        is_late = last_ns is None or now_ns - last_ns > _EXPECTED_NS
        if (self._reader is None or is_late) and now_s >= self._search_s:
            self._search_s = now_s + _SEARCH_EVERY_S
            self._open(newest_part(self._folders, self._cage))
        if self._reader is None:
            return None
        after_ns = now_ns - _TOO_OLD_NS
        if last_ns is not None and last_ns <= now_ns:
            after_ns = max(after_ns, last_ns + _APART_NS)
        return self._reader.newest(after_ns, now_ns + _AHEAD_NS)

    def _open(self, path: Path | None) -> None:
        """Go on with another segment, if there is another."""
        if path == self._path and self._reader is not None and self._reader.is_part():
            return
        self._close()
        if path is not None:
            self._reader = open_key_frames(path)
            self._path = path if self._reader else None

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._reader = self._path = None


class _ReferenceFile:
    """A cage's reference, read again when its file changes."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._due_s = 0.0
        self._identity: tuple[int, int] | None = None
        self._reference: Reference | None = None
        self.reason = ""
        """Why it cannot be used; empty if it can, or if there is none."""

    def read(self, now_s: float) -> Reference | None:
        """Return the reference; None if there is none, or none that can be used."""
        if now_s >= self._due_s:
            self._due_s = now_s + _REFERENCE_EVERY_S
            identity = _identity(self._path)
            if identity != self._identity:
                self._identity = identity
                self._reread()
        return self._reference

    def refuse(self, reason: str) -> None:
        """Do without the reference until there is another."""
        self._reference, self.reason = None, reason

    def _reread(self) -> None:
        try:
            self._reference, self.reason = read_reference(self._path), ""
        except ReferenceUnusable as error:
            self.refuse(str(error))


def newest_part(folders: Sequence[Path], cage: int) -> Path | None:
    """Return the unfinished video that was written last, of the newest two days."""
    found = [(modified, path) for folder in folders for modified, path in _parts(folder, cage)]
    return max(found)[1] if found else None


def _parts(folder: Path, cage: int) -> Iterator[tuple[int, Path]]:
    try:
        days = sorted(path for path in folder.iterdir() if path.name[:1].isdigit())
        for day in days[-_NEWEST_DAYS:]:
            for path in day.glob(f"{cage:02d}_*.mkv{PART_SUFFIX}"):
                yield path.stat().st_mtime_ns, path
    except OSError:
        return  # no recording yet, renamed just now, or a volume is away: the recorder tells


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _picture(cage: int, seen: _Seen, now_ns: int) -> CagePicture:
    look = seen.look
    measures = look.measures if look else None
    novelty, comparison = (look.novelty, look.comparison) if look else (None, None)
    return CagePicture(
        cage=cage,
        segment=seen.segment,
        age_s=round((now_ns - look.captured_ns) / 1e9, 1) if look else None,
        mean_luma=round(measures.mean_luma, 1) if measures else 0.0,
        bright_part=round(measures.bright_part, 4) if measures else 0.0,
        dark_part=round(measures.dark_part, 4) if measures else 0.0,
        sharpness=round(measures.sharpness, 4) if measures else 0.0,
        change=round(novelty.change, 3) if novelty else None,
        novelty=round(novelty.novelty, 3) if novelty else None,
        shift_px=round(comparison.shift_px, 1) if comparison else None,
        likeness=round(comparison.likeness, 3) if comparison else None,
        focus=round(comparison.focus, 3) if comparison else None,
        is_commissioned=seen.is_commissioned,
        faults=tuple(raised.fault for raised in seen.faults),
        sentences=tuple(raised.sentence for raised in seen.faults),
        reason=seen.reason,
    )
