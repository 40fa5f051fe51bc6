"""Checking whether one segment holds what its manifest, its labels and the contract say.

Reads only. A foreign video is checked as far as there is something to compare it with.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from appliance.recorder_search import is_being_written, recorder_of, writer_of
from appliance.segment_comparison import (
    Described,
    count_faults,
    file_faults,
    identity_faults,
    index_faults,
    read_described,
)
from appliance.segment_fault import Fault, SegmentResult
from appliance.segment_files import SegmentFiles
from appliance.segment_manifest import Gap, SegmentManifest
from appliance.segment_timing import gap_faults, key_frame_faults, order_faults
from capture_hw.segment_hold import is_held
from capture_hw.segment_scan import NoVideo, ScanStopped, VideoScan, scan_video
from inference.error import VideoError
from inference.video import open_video

_TOLD: Final = 5


class CheckStopped(Exception):
    """The check was told to stop."""


def check_segment(
    files: SegmentFiles, *, quick: bool, on_frame: Callable[[int], bool] = lambda _: False
) -> SegmentResult:
    """Check all files of one segment; what is wrong is in the result, never an exception.

    `quick` reads packets, times and sizes only: no picture is decoded, nothing hashed. `on_frame`
    is called often with the frames done so far, and ends the check if it returns true. Raises
    CheckStopped.
    """
    result = SegmentResult(files.video)
    try:
        if files.video.exists():
            _Check(files, result, quick=quick, on_frame=on_frame).run()
        else:
            _without_video(files, result)
        _look_at_leftovers(files, result)
    except ScanStopped as stopped:
        raise CheckStopped from stopped
    except OSError as error:
        where = error.filename or files.video
        result.faults.append(Fault(f"{where} cannot be read: {error.strerror or error}"))
    result.settle()
    return result


class _Check:
    """One finished video."""

    def __init__(
        self,
        files: SegmentFiles,
        result: SegmentResult,
        *,
        quick: bool,
        on_frame: Callable[[int], bool],
    ) -> None:
        self._files = files
        self._result = result
        self._quick = quick
        self._on_frame = on_frame

    def run(self) -> None:
        files, result = self._files, self._result
        if not files.video.is_file():
            result.faults.append(Fault("is not a file"))
            return
        result.size = files.video.stat().st_size
        described = read_described(files)
        result.faults += described.faults
        try:
            scan = scan_video(files.video, self._on_frame)
        except NoVideo as error:
            result.faults.append(Fault(str(error).removeprefix(f"{files.video}: ")))
            return
        if scan.fault is not None:
            result.faults.append(
                Fault(f"cannot be read to its end: {scan.fault}", len(scan.times_ms))
            )
        times_ms = _array(scan.times_ms)
        times_ms -= times_ms[0] if len(times_ms) else 0
        result.frames = len(times_ms)
        result.duration_ms = int(times_ms.max()) if len(times_ms) else 0
        self._check_packets(scan, times_ms, described.manifest)
        if described.manifest is not None:
            self._compare(scan, times_ms, described.manifest, described)
        else:
            self._note_what_is_missing(described)
        if result.frames and not self._quick:
            self._decode(described.manifest)

    def _check_packets(
        self, scan: VideoScan, times_ms: NDArray[np.int64], manifest: SegmentManifest | None
    ) -> None:
        result = self._result
        if not result.frames:
            result.faults.append(Fault("holds no frame"))
        if not self._files.is_named_as_segment:
            return
        if scan.is_reordered:
            result.faults.append(Fault("has B-frames, so its frames are not in order"))
        else:
            result.faults += order_faults(times_ms)
        gaps = manifest.gaps if manifest is not None else ()
        result.faults += key_frame_faults(times_ms, _array(scan.key_frames), gaps)
        result.faults += identity_faults(self._files, scan.tags, manifest)
        if manifest is not None and manifest.closed_in_order is False:
            result.notes += [
                f"{fault.text}; the recorder could not close it in order"
                for fault in index_faults(scan)
            ]
        else:
            result.faults += index_faults(scan)

    def _compare(
        self,
        scan: VideoScan,
        times_ms: NDArray[np.int64],
        manifest: SegmentManifest,
        described: Described,
    ) -> None:
        result, files = self._result, self._files
        result.has_manifest = True
        result.gaps = sum(gap.count or 1 for gap in manifest.gaps)
        result.frames_lost = sum(gap.frames_lost for gap in manifest.gaps)
        result.faults += count_faults(manifest, scan, described.labels)
        records = ((files.video, manifest.video), (files.path(".csv"), manifest.label_file))
        for path, record in records:
            result.faults += file_faults(
                path, record, hashes=not self._quick, on_block=self._raise_if_stopped
            )
        if files.is_named_as_segment and result.frames and not scan.is_reordered:
            faults, notes = gap_faults(times_ms, manifest.gaps)
            result.faults += faults
            result.notes += notes

    def _note_what_is_missing(self, described: Described) -> None:
        files, notes = self._files, self._result.notes
        if described.faults:
            return
        if files.has(".journal.part") or files.has(".csv.part"):
            notes.append("its labels are not finished: there is no manifest to compare it with")
        else:
            notes.append("there is no manifest to compare it with")
            if files.has(".csv"):
                notes.append(f"{files.stem}.csv has no manifest either")

    def _decode(self, manifest: SegmentManifest | None) -> None:
        result = self._result
        known = [gap for gap in manifest.gaps if gap.cause == "undecodable"] if manifest else []
        faults: list[Fault] = []
        decoded, total, runs_before = 0, 0, -2
        try:
            with open_video(self._files.video) as video:
                for frame in video.frames():
                    if self._on_frame(frame.index):
                        raise ScanStopped
                    total += 1
                    if frame.picture is not None:
                        decoded += 1
                    elif not _is_known(frame.time_ms, known):
                        if frame.index != runs_before + 1:
                            faults.append(_undecodable(frame.index, frame.time_ms, manifest))
                        runs_before = frame.index
                if video.fault is not None:
                    faults.append(Fault(f"decoding ended early: {video.fault}", total))
        except VideoError as error:
            faults.append(Fault(str(error).removeprefix(f"{self._files.video}: ")))
        result.decoded = decoded
        result.faults += faults[:_TOLD]
        if len(faults) > _TOLD:
            result.faults.append(Fault(f"{len(faults) - _TOLD} more faults in decoding"))
        if manifest is not None and total != manifest.frame_count:
            self._tell_once(
                Fault(f"gives {total} frames, its manifest says {manifest.frame_count}", total)
            )

    def _tell_once(self, fault: Fault) -> None:
        if not any("its manifest says" in other.text for other in self._result.faults):
            self._result.faults.append(fault)

    def _raise_if_stopped(self) -> None:
        if self._on_frame(self._result.frames):
            raise ScanStopped


def _is_known(time_ms: int, known: list[Gap]) -> bool:
    return any(gap.from_ms <= time_ms <= gap.to_ms for gap in known)


def _undecodable(frame: int, time_ms: int, manifest: SegmentManifest | None) -> Fault:
    unknown = ", which the manifest does not know" if manifest else ""
    return Fault(f"cannot be decoded from here on{unknown}", frame, time_ms)


def _array(values: array[int]) -> NDArray[np.int64]:
    return np.array(values, np.int64)


def _without_video(files: SegmentFiles, result: SegmentResult) -> None:
    part = files.path(".mkv.part")
    if not part.exists():
        _orphan(files, result)
        return
    result.path = part
    result.size = part.stat().st_size
    recorder = recorder_of(part)
    if is_being_written(part, recorder):
        result.state = "open"
        writer = writer_of(part, recorder)
        by = f" by process {writer}" if writer else ""
        result.notes.append(f"is being written{by}")
        return
    result.state = "unfinished"
    if recorder is not None:
        result.notes.append(f"was left unfinished; the recorder, process {recorder}, repairs it")
    else:
        result.faults.append(
            Fault("was left unfinished and nobody writes it: `ethoprofiler segment repair`")
        )


def _orphan(files: SegmentFiles, result: SegmentResult) -> None:
    """Deal with a stem of which there is no video; one that is kept is told of as a leftover."""
    result.state = "orphan"
    beside = sorted(name for name in files.names if ".mkv" not in name)
    if beside and not files.has(".mkv.unreadable"):
        result.path = files.folder / beside[0]
        result.faults.append(Fault(f"there is no video to {' and '.join(beside)}"))


def _look_at_leftovers(files: SegmentFiles, result: SegmentResult) -> None:
    for name in sorted(files.names):
        if name.startswith(f"{files.stem}.mkv.") and name.endswith(".unreadable"):
            _tell_kept(files.folder / name, result)
    if files.has(".mkv.repair") and not _is_being_repaired(files):
        result.faults.append(
            Fault(f"{files.stem}.mkv.repair was left by a repair that was killed: repair again")
        )
    if files.has(".mkv") and files.has(".mkv.part"):
        result.notes.append(
            f"{files.stem}.mkv.part is also there; the next repair removes it, or keeps it if it "
            "holds more"
        )


def _tell_kept(kept: Path, result: SegmentResult) -> None:
    size = kept.stat().st_size
    if result.state == "orphan":
        result.path = kept
    result.faults.append(
        Fault(f"{kept.name}, {size} bytes, was kept because not all of it could be read")
    )


def _is_being_repaired(files: SegmentFiles) -> bool:
    originals = [files.path(ending) for ending in (".mkv.part", ".mkv") if files.has(ending)]
    return recorder_of(files.video) is not None or any(is_held(path) for path in originals)
