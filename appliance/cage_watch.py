"""The picture watch of one cage: finds what is being recorded, looks at its key frames."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final

from appliance.part_search import newest_part
from appliance.report import CagePicture
from capture_hw.error import PictureDamaged, StorageError
from capture_hw.key_frame_reader import KeyFrame, KeyFrameReader, open_key_frames
from capture_hw.picture_watch import Look, PictureWatch, RaisedFault
from capture_hw.reference import Limits, Reference, ReferenceUnusable, read_reference

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
_HUNG_S: Final = 120.0
"""Longer than a disk that spins up or a file system that checks itself."""
_REFERENCE_EVERY_S: Final = 5.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the thread has found out; replaced, never changed."""

    segment: str | None = None
    look: Look | None = None
    faults: tuple[RaisedFault, ...] = ()
    limits: Limits | None = None
    """None without a reference."""
    reason: str = ""


class CageWatch:
    """A thread that follows one cage. `report` and `is_hung` are for any thread."""

    def __init__(
        self,
        cage: int,
        folders: Sequence[Path],
        reference: Path,
        stop: Event,
        measuring: Lock,
    ) -> None:
        """Prepare. `folders` hold the cage's days, the one to search first in front.

        `stop` ends the thread within a second; `measuring` is held for a few ms a picture, so that
        the memory it takes does not grow with the number of cages.
        """
        self._cage: Final = cage
        self._folders: Final = list(folders)
        self._watch = PictureWatch()
        self._references: Final = _ReferenceFile(reference)
        self._stop: Final = stop
        self._measuring: Final = measuring
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

    def is_hung(self) -> bool:
        """Say whether the thread has been in one turn for two minutes."""
        return self._silent_s() > _HUNG_S

    def report(self) -> CagePicture:
        """Return what is known now."""
        seen = self._seen
        if self.is_hung():
            reason = f"the disk with its pictures has not answered for {self._silent_s():.0f} s"
            seen = replace(seen, reason=reason)
        return _picture(self._cage, seen, time.monotonic_ns())

    def _silent_s(self) -> float:
        return time.monotonic() - self._turned_s

    def _run(self) -> None:
        try:
            while not self._stop.wait(_TURN_S):
                self._turned_s = time.monotonic()
                try:
                    self._turn(self._turned_s)
                except Exception as error:  # noqa: BLE001 - a thread's outermost loop
                    self._fail(error)
        finally:
            self._close()

    def _fail(self, error: Exception) -> None:
        """Tell of a bug, and look for the recording anew: the other cages are to be seen."""
        reason = f"the picture watch failed: {type(error).__name__}: {error}"
        if reason != self._trouble:
            _log.error("cage %02d: %s", self._cage, reason, exc_info=error)
        self._trouble = reason
        self._close()
        self._seen = replace(self._seen, segment=None, reason=reason)

    def _turn(self, now_s: float) -> None:
        reference = self._references.read(now_s)
        try:
            key_frame = self._next_key_frame(now_s)
            if key_frame is not None:
                with self._measuring:
                    self._watch.take(key_frame.luma, key_frame.captured_ns, reference)
                self._trouble = ""
        except ReferenceUnusable as error:
            self._references.refuse(str(error))
        except PictureDamaged as error:
            self._trouble = str(error)
        except StorageError as error:
            self._trouble = str(error)
            self._close()
        self._publish(reference.limits if reference else None)

    def _publish(self, limits: Limits | None) -> None:
        reason = self._trouble or self._references.reason
        if reason and reason != self._seen.reason:
            _log.warning("cage %02d: %s", self._cage, reason)
        segment = self._path.name.partition(".")[0] if self._path else None
        self._seen = _Seen(segment, self._watch.look, self._watch.faults, limits, reason)

    def _next_key_frame(self, now_s: float) -> KeyFrame | None:
        now_ns = time.monotonic_ns()
        last_ns = self._watch.look.captured_ns if self._watch.look else None
        is_late = last_ns is None or now_ns - last_ns > _EXPECTED_NS
        if (self._reader is None or is_late) and now_s >= self._search_s:
            self._search_s = now_s + _SEARCH_EVERY_S
            self._open(newest_part(self._folders, self._cage, time.time_ns()))
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
            self._folders.sort(key=lambda folder: folder not in path.parents)
            self._forget_old()

    def _forget_old(self) -> None:
        """Begin anew if the last picture is of an earlier recording: it says nothing of now."""
        look = self._watch.look
        if look is not None and time.monotonic_ns() - look.captured_ns > _TOO_OLD_NS:
            self._watch = PictureWatch()

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


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _picture(cage: int, seen: _Seen, now_ns: int) -> CagePicture:
    look = seen.look
    measures, limits = look.measures if look else None, seen.limits
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
        most_bright=limits.most_bright if limits else None,
        longest_shift_px=limits.longest_shift_px if limits else None,
        least_likeness=limits.least_likeness if limits else None,
        least_focus=limits.least_focus if limits else None,
        is_commissioned=limits is not None,
        faults=tuple(raised.fault for raised in seen.faults),
        sentences=tuple(raised.sentence for raised in seen.faults),
        reason=seen.reason,
    )
