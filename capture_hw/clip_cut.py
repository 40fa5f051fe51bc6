"""Cutting a clip out of a finished segment, frame exact, without changing a pixel.

From the clip's first key frame on the frames are copied as they are. A clip that begins between two
key frames gets the pictures before that encoded again, without loss.
"""

from __future__ import annotations  # PyAV's types take parameters in stubs only

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from capture_hw.camera import CapturedFrame
from capture_hw.clip_head import ClipHead
from capture_hw.copied_video import CopiedVideo
from capture_hw.driver.annexb import AccessUnits, is_idr
from capture_hw.error import CaptureError, PictureDamaged
from capture_hw.matroska import translated
from capture_hw.segment_form import check_form
from capture_hw.segment_tail import open_segment
from disk.durable_file import sync_to_disk

_USUAL_RATE: Final = Fraction(25)
_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class CutFrames:
    """What a clip was made of."""

    frames: int
    encoded: int
    """The first ones, which were encoded again without loss."""


def cut_clip(
    segment: Path, clip: Path, first_ms: int, last_ms: int, tags: Mapping[str, str]
) -> CutFrames:
    """Write the frames from `first_ms` to `last_ms`, the segment's own times, into a file `clip`.

    `first_ms` is a frame's time and becomes 0. The file is on the disk when this returns; on any
    error it is gone. A frame whose bytes are damaged beyond recognition is left out; a damaged one
    that would have to be encoded again shows the picture before it. Raises StorageError;
    and EncoderError, PictureDamaged, ForeignVideo, which are of this segment only.
    """
    check_form(segment)
    source = open_segment(segment)
    if source is None:
        raise PictureDamaged(f"{segment}: not a readable video")
    with source:
        frames = _Frames(source, segment, first_ms, last_ms)
        rate = source.streams.video[0].average_rate or _USUAL_RATE
        try:
            written = _write(frames, ClipHead(rate), clip, tags)
            if not written.frames:
                raise PictureDamaged(
                    f"{segment}: holds no frame from {first_ms} ms to {last_ms} ms"
                )
            sync_to_disk(clip)
        except (CaptureError, KeyboardInterrupt):
            clip.unlink(missing_ok=True)
            raise
        except OSError as error:
            clip.unlink(missing_ok=True)
            raise translated(clip, error) from error
    return written


class _Frames:
    """The frames of a segment from where a clip can be decoded to its end, once."""

    def __init__(self, source: InputContainer, path: Path, first_ms: int, last_ms: int) -> None:
        self._source: Final = source
        self._path: Final = path
        self.first_ms: Final = first_ms
        self._last_ms: Final = last_ms

    def __iter__(self) -> Iterator[CapturedFrame]:
        """Yield access units; raises PictureDamaged."""
        try:
            self._seek()
            for frame in self._read():
                if frame.captured_ns > self._last_ms * _MS:
                    return
                yield frame
        except (av.FFmpegError, OSError) as error:
            raise PictureDamaged(f"{self._path}: cannot be read: {error}") from error

    def _seek(self) -> None:
        """Go to the last frame at or before the clip's first that needs none before it."""
        stream = self._source.streams.video[0]
        due_ms = self.first_ms
        while due_ms > 0:
            self._source.seek(due_ms, stream=stream)
            packet = next(self._packets(), None)
            found_ms = -1 if packet is None or packet.pts is None else packet.pts
            if packet is not None and found_ms <= due_ms and self._is_idr(packet):
                break
            due_ms = found_ms - 1 if found_ms <= due_ms else 0  # else its index leads astray
        self._source.seek(max(0, due_ms), stream=stream)

    def _is_idr(self, packet: av.Packet[VideoStream]) -> bool:
        try:
            unit = AccessUnits(self._source.streams.video[0]).convert(packet)
        except av.error.InvalidDataError:
            return False
        return unit is not None and is_idr(unit.content)

    def _packets(self) -> Iterator[av.Packet[VideoStream]]:
        for packet in self._source.demux(self._source.streams.video[0]):
            if packet.size and packet.pts is not None:
                yield packet

    def _read(self) -> Iterator[CapturedFrame]:
        units = AccessUnits(self._source.streams.video[0])
        for packet in self._packets():
            time_ms = packet.pts
            assert time_ms is not None
            try:
                unit = units.convert(packet)
            except av.error.InvalidDataError:
                continue
            if unit is not None:
                yield CapturedFrame(time_ms * _MS, 0, unit.content, is_key=unit.is_key)


def _write(frames: _Frames, head: ClipHead, clip: Path, tags: Mapping[str, str]) -> CutFrames:
    with closing(_Writer(clip, head.rate, tags, frames.first_ms)) as writer:
        is_head = True
        for frame in frames:
            time_ms = frame.captured_ns // _MS
            if is_head and time_ms >= frames.first_ms and is_idr(bytes(frame.content)):
                is_head = False
                writer.write(head.end())
            if not is_head:
                writer.write([frame])
            else:
                writer.write(head.add(frame, is_shown=time_ms >= frames.first_ms))
        if is_head:
            writer.write(head.end())
        writer.finish()
        return CutFrames(writer.frames, head.frames)


class _Writer:
    """The clip's file; made with the first frame."""

    def __init__(self, clip: Path, rate: Fraction, tags: Mapping[str, str], first_ms: int) -> None:
        self._clip: Final = clip
        self._rate: Final = float(rate)
        self._tags: Final = tags
        self._first_ms: Final = first_ms
        self._video: CopiedVideo | None = None
        self.frames = 0

    def write(self, frames: Iterator[CapturedFrame] | list[CapturedFrame]) -> None:
        for frame in frames:
            content = bytes(frame.content)
            if self._video is None:
                self._video = CopiedVideo(self._clip, content, self._rate, self._tags)
            time_ms = frame.captured_ns // _MS - self._first_ms
            self._video.write(content, time_ms, is_key=frame.is_key)
            self.frames += 1

    def finish(self) -> None:
        if self._video is not None:
            self._video.finish()

    def close(self) -> None:
        if self._video is not None:
            self._video.abandon()
