"""Repairing, on a person's order, what a recorder does at its start or never gets to see."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from appliance.recorder_search import grew_lately, recorder_of
from appliance.segment_files import SegmentFiles
from capture_hw.ebml import read_index
from capture_hw.error import CaptureError
from capture_hw.segment_form import ForeignVideo
from capture_hw.segment_hold import SegmentHeld, held_text, is_held
from capture_hw.segment_repair import Repair, RepairStopped, repair_leftover, rewrite_finished

_LOOK_S: Final = 0.5
_MATROSKA: Final = ".mkv"
Outcome: TypeAlias = Literal["repaired", "nothing to do", "removed", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class RepairResult:
    """What became of one segment."""

    path: Path
    outcome: Outcome
    text: str
    repair: Repair | None = None


def repair_files(files: SegmentFiles, is_stopped: Callable[[], bool]) -> RepairResult:
    """Repair a leftover, or a finished video without index; what is refused is a result too.

    Raises RepairStopped only if `is_stopped` said so.
    """
    part = files.path(".mkv.part")
    try:
        if part.exists():
            return _leftover(part, is_stopped)
        return _finished(files, is_stopped)
    except (SegmentHeld, ForeignVideo) as error:
        path = part if part.exists() else files.video
        return RepairResult(path, "refused", str(error))
    except CaptureError as error:
        return RepairResult(files.video, "failed", str(error))
    except OSError as error:
        text = f"{error.filename or files.video}: {error.strerror or error}"
        return RepairResult(files.video, "failed", text)


def _leftover(part: Path, is_stopped: Callable[[], bool]) -> RepairResult:
    recorder = recorder_of(part)
    if recorder is not None:
        return RepairResult(
            part,
            "refused",
            f"{part}: the cage's recorder, process {recorder}, is running; it writes this file or "
            "repairs it by itself",
        )
    if is_held(part):
        return RepairResult(part, "refused", held_text(part))
    if grew_lately(part):
        return RepairResult(part, "refused", f"{part}: grew within the last 10 s, it is written")
    watch = _RecorderWatch(part, is_stopped)
    try:
        repair = repair_leftover(part, watch.is_stopped)
    except RepairStopped:
        if watch.recorder is None:
            raise
        text = f"{part}: the cage's recorder, process {watch.recorder}, has begun and repairs it"
        return RepairResult(part, "refused", text)
    if repair.video is None or repair.was_there:
        return RepairResult(part, "removed", f"{part}: {_put_away(repair)}", repair)
    return RepairResult(repair.video, "repaired", f"{repair.video}: {described(repair)}", repair)


def _finished(files: SegmentFiles, is_stopped: Callable[[], bool]) -> RepairResult:
    video = files.video
    if not video.exists():
        return RepairResult(video, "refused", f"{video}: there is no video to repair")
    if files.video_suffix.lower() != _MATROSKA:
        return RepairResult(video, "refused", f"{video}: only Matroska files can be repaired")
    index = read_index(video)
    if index.duration_ms is not None and index.has_cues:
        return RepairResult(video, "nothing to do", f"{video}: has its index and its duration")
    if files.has(".json"):
        return RepairResult(
            video,
            "refused",
            f"{video}: is finished and {files.stem}.json has its SHA-256, so it must not change; "
            "it can be read as it is, only seeking is slow",
        )
    if files.has(".journal.part") or files.has(".csv.part"):
        return RepairResult(
            video, "refused", f"{video}: its labels are not finished, so it must not change"
        )
    repair = rewrite_finished(video, is_stopped)
    return RepairResult(video, "repaired", f"{video}: {described(repair)}", repair)


def described(repair: Repair) -> str:
    """Return what a repair found, in words."""
    parts = [f"repaired, {repair.frames} frames, {repair.last_ms / 1000:.1f} s"]
    parts += [
        f"{gap.frames_lost} frames lost between {gap.from_ms} and {gap.to_ms} ms"
        for gap in repair.gaps
    ]
    if repair.end_bytes:
        parts.append(f"{repair.end_bytes} bytes behind the last whole frame are not in it")
    if repair.kept is not None:
        parts.append(f"the original is kept as {repair.kept.name}")
    return "; ".join(parts)


def _put_away(repair: Repair) -> str:
    """Return why a leftover is gone though nothing was repaired, in words."""
    kept = f"kept as {repair.kept.name}" if repair.kept else None
    if not repair.was_there:
        return f"held no frame that can be read{f', {kept}' if kept else ' and was removed'}"
    if kept:
        return f"its video is there without all that it holds, {kept}"
    return "removed, its video is there"


class _RecorderWatch:
    """Asks now and then whether a recorder has begun: then it is the one that repairs."""

    def __init__(self, part: Path, is_stopped: Callable[[], bool]) -> None:
        self.recorder: int | None = None
        self._part = part
        self._is_stopped = is_stopped
        self._next_s = 0.0

    def is_stopped(self) -> bool:
        now_s = time.monotonic()
        if self.recorder is None and now_s >= self._next_s:
            self._next_s = now_s + _LOOK_S
            self.recorder = recorder_of(self._part)
        return self.recorder is not None or self._is_stopped()
