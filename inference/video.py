"""Reading every frame of a video file, the undecodable ones included."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias

import av
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from inference.error import VideoError
from inference.growing_file import GrowingFile
from inference.packet import PacketReader, Promises, reason_of
from inference.picture import Picture, picture_of

_NOT_VIDEO: Final = frozenset({"image2", "tty"})
"""FFmpeg's readers of still pictures and of text files, drawn as terminal art."""
_LONGEST_GROUP: Final = 2000
"""Packets between two key frames; bounds what `frames_near` holds of a stream that has none."""
_SIGN_PACKETS: Final = 100
"""Skipped packets between two calls of `on_skip`: a millisecond or so."""
_Promised: TypeAlias = "tuple[av.Packet[Stream], list[int]]"
"""A packet, and the time stamps of the frames that it promises."""
_FOLLOWED_BYTES: Final = 4096
"""Source: measured; with more, FFmpeg waits for frames behind the one it could return."""


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One frame of the video in presentation order; `picture` is None if undecodable."""

    index: int
    time_ms: int
    """Since the first frame, by the container's time stamps."""
    picture: Picture | None


class Video:
    """A video file open for one pass over its frames; one thread at a time."""

    def __init__(self, path: Path, container: InputContainer, stream: VideoStream) -> None:
        self._path = path
        self._container = container
        self._stream = stream
        stream.codec_context.thread_type = "NONE"
        stream.codec_context.thread_count = 1
        self.width: Final = stream.codec_context.width
        self.height: Final = stream.codec_context.height
        self.declared_s: Final = _declared_s(container, stream)
        """Seconds from the first frame to the end that the file states; None if it states none."""
        self.tags: Final = dict(container.metadata)
        """What the file says of itself; Matroska's names are upper case."""
        self._packets = PacketReader(path, container, stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._container.close()

    @property
    def is_in_order(self) -> bool:
        """Whether frames come in the order of their times, so that `frames_near` may be used."""
        return self._packets.is_in_order

    @property
    def fault(self) -> str | None:
        """Why reading stopped before the file's end; None if it did not."""
        return self._packets.fault

    @property
    def expected_frames(self) -> int | None:
        """How many frames the container promises; an estimate for progress only."""
        if self._stream.frames:
            return self._stream.frames
        rate = self._stream.average_rate
        if self._container.duration is None or rate is None:
            return None
        return round(self._container.duration / av.time_base * rate)

    def promised_times_s(self) -> Iterator[float | None]:
        """Yield the time of every frame that the packets promise, in the file's order; decode none.

        None where the container gives no time that can be trusted. Raises VideoError if nothing can
        be read.
        """
        time_base = float(self._stream.time_base or Fraction(1, 1000))
        for packet in self._packets:
            promised = self._packets.take_expected()
            yield from (pts * time_base for pts in promised)
            if not promised and packet.size and not packet.is_discard:
                yield None

    def packets(self) -> Iterator[_Promised]:
        """Yield what would be decoded, undecoded, with the time stamps of the frames it promises.

        Raises VideoError as `frames`, instead of which it is called.
        """
        return _with_promises(self._packets)

    def frames(self) -> Iterator[VideoFrame]:
        """Yield every frame once; memory does not grow with the video's length.

        A frame that is in the file and cannot be decoded, that the decoder calls corrupt, or
        whose bytes are gone (a hole in the file) is yielded without a picture. If reading stops
        before the end of the file, `fault` says why. Raises VideoError if nothing can be read.
        """
        yield from self._stamped(_with_promises(self._packets), None)

    def frames_near(
        self, time_ms: int, on_skip: Callable[[], None] = lambda: None
    ) -> Iterator[VideoFrame]:
        """Yield the frames from the last key frame at or before `time_ms` on, numbered from there.

        Those before are read and not decoded, a hundred times as fast; `on_skip` is called every
        100 of them. Only for a file without reordered frames. Otherwise as `frames`.
        """
        packets = _with_promises(self._packets)
        for first, promised in packets:
            if first.pts is None:
                yield from self._stamped(chain([(first, promised)], packets), None)
                return
            ticks = round(Fraction(time_ms, 1000) / (first.time_base or Fraction(1, 1000)))
            near = _from_key_frame(chain([(first, promised)], packets), first.pts + ticks, on_skip)
            yield from self._stamped(near, first.pts)

    def _stamped(self, packets: Iterator[_Promised], first_pts: int | None) -> Iterator[VideoFrame]:
        rate = self._stream.average_rate or Fraction(25)
        clock = _FrameClock(self._stream.time_base or Fraction(1, 1000), rate, first_pts)
        for pts, frame in _decoded(packets, trusts_times=self._packets.trusts_times):
            picture = None if frame is None or frame.is_corrupt else picture_of(frame)
            yield clock.stamp(pts, picture)


def open_video(path: Path) -> Video:
    """Open a video file; raises VideoError, one sentence, if it is not one."""
    _check_readable(path)
    try:
        container = av.open(f"file:{path}", metadata_errors="replace")
    except (av.error.FFmpegError, ValueError) as error:
        raise VideoError(f"{path}: not a readable video: {reason_of(error)}") from error
    return _video_in(path, container)


def open_growing_video(path: Path, file: GrowingFile) -> Video:
    """Open a Matroska file that is being written; waits for its first eight frames or its end.

    FFmpeg looks at as many frames as in a finished file, because what it learns from them decides
    how frames are read: both give the same frames. A label needs more of them anyway. Raises
    VideoError; the caller looks at `file.cut` first.
    """
    try:
        container = av.open(
            file, "r", format="matroska", buffer_size=_FOLLOWED_BYTES, metadata_errors="replace"
        )
    except (av.error.FFmpegError, ValueError) as error:
        raise VideoError(f"{path}: not a readable video: {reason_of(error)}") from error
    return _video_in(path, container)


def _video_in(path: Path, container: InputContainer) -> Video:
    streams = container.streams.video
    if container.format.name in _NOT_VIDEO or container.format.name.endswith("_pipe"):
        container.close()
        raise VideoError(f"{path}: a text or a still picture, not a video")
    if not streams or not streams[0].codec_context.width:
        container.close()
        raise VideoError(f"{path}: holds no video stream with pictures")
    return Video(path, container, streams[0])


class _FrameClock:
    """Number frames and turn stream time stamps into milliseconds since the first frame."""

    def __init__(self, time_base: Fraction, rate: Fraction, first_pts: int | None) -> None:
        self._time_base = time_base
        self._interval_ms = 1000 / rate
        self._first_pts = first_pts
        self._index = 0
        self._last_ms = Fraction(0)

    def stamp(self, pts: int | None, picture: Picture | None) -> VideoFrame:
        """Give the next frame its number and time; without a stamp it follows its predecessor."""
        if pts is None:
            time_ms = self._last_ms + self._interval_ms if self._index else Fraction(0)
        else:
            if self._first_pts is None:
                self._first_pts = pts - round(self._last_ms / 1000 / self._time_base)
            time_ms = (pts - self._first_pts) * self._time_base * 1000
        frame = VideoFrame(self._index, round(time_ms), picture)
        self._index += 1
        self._last_ms = time_ms
        return frame


def _with_promises(packets: PacketReader) -> Iterator[_Promised]:
    for packet in packets:
        yield packet, packets.take_expected()


def _from_key_frame(
    packets: Iterator[_Promised], near_pts: int, on_skip: Callable[[], None]
) -> Iterator[_Promised]:
    """Leave out what comes before the last key frame at or before `near_pts`."""
    group: list[_Promised] = []
    for number, (packet, promised) in enumerate(packets, start=1):
        if number % _SIGN_PACKETS == 0:
            on_skip()
        if packet.pts is None or packet.pts > near_pts or len(group) > _LONGEST_GROUP:
            yield from group
            yield packet, promised
            break
        if packet.is_keyframe:
            group = [(packet, [pts for pts in promised if pts >= packet.pts])]
        else:
            group.append((packet, promised))
    yield from packets


def _decoded(
    packets: Iterator[_Promised], *, trusts_times: bool
) -> Iterator[tuple[int | None, av.VideoFrame | None]]:
    """Yield (pts, frame) in presentation order, None for each frame that was not decoded."""
    promises = Promises()
    for packet, promised in packets:
        promises.add(promised)
        try:
            decoded = packet.decode()
        except av.error.FFmpegError:
            if packet.pts is None or not trusts_times:
                yield None, None
            continue
        for frame in decoded:
            if not isinstance(frame, av.VideoFrame) or promises.is_broken(frame.pts):
                continue
            pts = frame.pts if trusts_times else None
            yield from ((lost, None) for lost in promises.broken_before(pts))
            promises.keep(pts)
            yield pts, frame
    yield from ((pts, None) for pts in promises.all_broken())


def _declared_s(container: InputContainer, stream: VideoStream) -> float | None:
    """Return the length; a container's own counts only if only the video can have made it."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is None or len(container.streams) > 1:
        return None
    return (container.duration - (container.start_time or 0)) / av.time_base


def _check_readable(path: Path) -> None:
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise VideoError(f"{path}: no such file") from error
    except OSError as error:
        raise VideoError(f"{path}: {os.strerror(error.errno or 0)}") from error
    if not stat.S_ISREG(status.st_mode):
        raise VideoError(f"{path}: not a file")
    if not os.access(path, os.R_OK, effective_ids=True):
        raise VideoError(f"{path}: no permission to read it")
    if status.st_size == 0:
        raise VideoError(f"{path}: empty file")
