"""Copying the frames of a segment's file into one with an index, and proving the copy."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer, OutputContainer
from av.video.stream import VideoStream

from capture_hw.error import StorageError
from capture_hw.matroska import MILLISECOND, open_matroska
from capture_hw.segment_rescue import (
    BETWEEN_FRAMES_BYTES,
    StoredFrame,
    content_bytes_between,
    stored_frames,
)
from capture_hw.segment_tail import open_segment

REPAIRED_TAG: Final = "REPAIRED"
_ENCODER_TAG: Final = "ENCODER"


class RepairStopped(Exception):
    """The repair was told to stop; the next one begins again."""


@dataclass(frozen=True, slots=True)
class DamagedStretch:
    """Bytes of a file that are no frame, between two frames or before the first."""

    from_ms: int
    to_ms: int
    frames_lost: int
    """By the usual time between two frames; 0 if no frame is missing."""
    start: int
    end: int


@dataclass(slots=True)
class CopiedFrames:
    """How far a copy came; `end` is where the last frame ends in the original."""

    frames: int = 0
    last_ms: int = 0
    end: int = 0
    left_out: int = 0
    """Frames of the original whose times do not grow."""
    sha256: str = ""
    """Of times, sizes and contents of all frames."""
    stretches: list[DamagedStretch] = field(default_factory=list)

    def content_bytes(self, original: Path) -> int:
        """Return how many bytes of the damaged stretches hold something. Raises OSError."""
        return sum(content_bytes_between(original, one.start, one.end) for one in self.stretches)


def copy_frames(
    source: InputContainer, original: Path, copy: Path, is_stopped: Callable[[], bool]
) -> CopiedFrames:
    """Write all frames of `original`, open as `source`, into a file with index and duration.

    Raises RepairStopped, StorageError, av.FFmpegError, OSError.
    """
    tags = {name: value for name, value in source.metadata.items() if name != _ENCODER_TAG}
    tags[REPAIRED_TAG] = "1"
    account = _Account()
    with open_matroska(copy, tags, flushed=False) as target:
        stream = _same_stream(source, target)
        for frame in stored_frames(source, original, account.leave_out):
            if is_stopped():
                raise RepairStopped(f"{copy}: stopped after {account.copied.frames} frames")
            account.add(frame)
            frame.packet.stream = stream
            target.mux(frame.packet)
    return account.finished()


def check_copy(copy: Path, copied: CopiedFrames, is_stopped: Callable[[], bool]) -> None:
    """Read a copy back; raises StorageError if it is not, frame by frame, what was copied.

    Raises RepairStopped too.
    """
    container = open_segment(copy)
    digest, frames = _Digest(), 0
    if container is not None:
        with container:
            for packet in _packets(container):
                if is_stopped():
                    raise RepairStopped(f"{copy}: stopped while it was compared")
                digest.add(packet.pts or 0, bytes(packet))
                frames += 1
    if (frames, digest.hexdigest()) != (copied.frames, copied.sha256):
        raise StorageError(
            f"{copy}: reads back {frames} frames that are not the {copied.frames} that were copied"
        )


def _packets(container: InputContainer) -> Iterator[av.Packet[VideoStream]]:
    for packet in container.demux(container.streams.video[0]):
        if packet.size:
            yield packet


def _same_stream(source: InputContainer, target: OutputContainer) -> VideoStream:
    original = source.streams.video[0]
    stream = target.add_stream_from_template(original)
    stream.time_base = MILLISECOND
    if original.average_rate is not None:
        stream.codec_context.framerate = original.average_rate
    return stream


class _Digest:
    """A hash of frames that does not depend on how a file stores them."""

    def __init__(self) -> None:
        self._sha256: Final = hashlib.sha256()

    def add(self, time_ms: int, content: bytes) -> None:
        self._sha256.update(b"%d %d\n" % (time_ms, len(content)))
        self._sha256.update(content)

    def hexdigest(self) -> str:
        return self._sha256.hexdigest()


class _Account:
    """What was copied, and where bytes were passed over."""

    def __init__(self) -> None:
        self.copied: Final = CopiedFrames()
        self._digest: Final = _Digest()
        self._intervals: Final[Counter[int]] = Counter()
        self._holes: Final[list[tuple[int, int, int, int]]] = []

    def add(self, frame: StoredFrame) -> None:
        copied = self.copied
        if not copied.frames:
            if frame.time_ms > 0:
                self._holes.append((0, frame.time_ms, 0, 0))
        elif frame.position - copied.end > BETWEEN_FRAMES_BYTES:
            self._holes.append((copied.last_ms, frame.time_ms, copied.end, frame.position))
        else:
            self._intervals[frame.time_ms - copied.last_ms] += 1
        self._digest.add(frame.time_ms, bytes(frame.packet))
        copied.frames += 1
        copied.last_ms, copied.end = frame.time_ms, frame.end

    def leave_out(self) -> None:
        self.copied.left_out += 1

    def finished(self) -> CopiedFrames:
        usual_ms = _median(self._intervals)
        for from_ms, to_ms, start, end in self._holes:
            between = round((to_ms - from_ms) / usual_ms) if usual_ms else 0
            lost = max(0, between - (1 if end else 0))  # frame 0 itself is gone with the beginning
            self.copied.stretches.append(DamagedStretch(from_ms, to_ms, lost, start, end))
        self.copied.sha256 = self._digest.hexdigest()
        return self.copied


def _median(intervals: Counter[int]) -> int:
    """Return the middle of counted values, 0 if there is none."""
    left = intervals.total() / 2
    for value in sorted(intervals):
        left -= intervals[value]
        if left <= 0:
            return value
    return 0
