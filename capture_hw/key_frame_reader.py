"""The newest key frame of a segment that is being written."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from capture_hw.ebml import StoredBlock, blocks_between
from capture_hw.error import PictureDamaged, StorageError
from capture_hw.picture_measure import Luma
from capture_hw.segment_tail import open_segment, read_tags

_TAIL_BYTES: Final = 4_000_000
"""Two seconds at 16 Mbit/s: a key frame is in it. Older content is passed over unread."""
_SAMPLE_BITS: Final = 8


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """A picture that can be decoded by itself."""

    captured_ns: int
    """On the monotonic clock of the boot in which it was recorded."""
    luma: Luma
    """Shape (height, width), owned."""


class KeyFrameReader:
    """An open segment, read from near its end on; nothing in it waits. One thread at a time."""

    def __init__(
        self, part: Path, descriptor: int, decoder: VideoCodecContext, start_ns: int
    ) -> None:
        """Take over what `open_key_frames` has opened."""
        self._part: Final = part
        self._descriptor = descriptor
        self._decoder: Final = decoder
        self._start_ns: Final = start_ns
        self._position = 0
        self.passed_over_bytes = 0
        """What was not read, because there was too much of it."""

    def newest(self, after_ns: int, before_ns: int) -> KeyFrame | None:
        """Decode the newest key frame that has come since the last call; None if there is none.

        One that was captured before or after these moments is left out. Raises StorageError; and
        PictureDamaged, after which the next one may be good.
        """
        block = self._newest_block()
        if block is None:
            return None
        captured_ns = self._start_ns + block.time_ms * 1_000_000
        if not after_ns <= captured_ns <= before_ns:
            return None
        return KeyFrame(captured_ns, self._decoded(block))

    def is_part(self) -> bool:
        """Say whether the file still has its unfinished name."""
        try:
            return os.path.samestat(self._part.stat(), os.fstat(self._descriptor))
        except OSError:
            return False

    def close(self) -> None:
        """Close; safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _newest_block(self) -> StoredBlock | None:
        newest = None
        try:
            end = os.fstat(self._descriptor).st_size
            start = max(self._position, end - _TAIL_BYTES)
            self.passed_over_bytes += start - self._position
            self._position = start
            for block in blocks_between(self._descriptor, start, end):
                self._position = block.position + len(block.content)
                if block.is_key:
                    newest = block
        except OSError as error:
            raise _refused(self._part, error) from error
        return newest

    def _decoded(self, block: StoredBlock) -> Luma:
        where = f"{self._part}: key frame at {block.time_ms} ms"
        try:
            frames = self._decoder.decode(av.Packet(block.content))
            frames += self._decoder.decode(None)
        except av.FFmpegError as error:
            raise PictureDamaged(f"{where}: cannot be decoded: {error}") from error
        finally:
            self._decoder.flush_buffers()
        if not frames:
            raise PictureDamaged(f"{where}: holds no picture")
        return _luma(frames[-1], where)


def open_key_frames(part: Path) -> KeyFrameReader | None:
    """Open a segment; None as long as its header is not there.

    Raises StorageError; and PictureDamaged for a header that names no video that can be decoded.
    """
    container = open_segment(part)
    if container is None:
        return None
    with container:
        tags = read_tags(container)
        decoder = _decoder(container.streams.video[0].codec_context, part)
    try:
        descriptor = os.open(part, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise _refused(part, error) from error
    return KeyFrameReader(part, descriptor, decoder, tags.start_monotonic_ns if tags else 0)


def _decoder(described: VideoCodecContext | None, part: Path) -> VideoCodecContext:
    """Return a decoder of its own for what a header describes; a damaged one describes nothing."""
    if described is None:
        raise PictureDamaged(f"{part}: its header names no video that can be decoded")
    decoder = av.CodecContext.create(described.name, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.extradata = described.extradata
    # Threads would each keep pictures of their own, and gain nothing in single frames.
    decoder.thread_count = 1
    return decoder


def _luma(frame: av.VideoFrame, where: str) -> Luma:
    plane, component = frame.planes[0], frame.format.components[0]
    if component.bits != _SAMPLE_BITS or not (frame.format.is_planar or len(frame.planes) == 1):
        raise PictureDamaged(f"{where}: pictures of {frame.format.name} cannot be judged")
    samples: Luma = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
    return samples.reshape(-1, plane.line_size)[: frame.height, : frame.width].copy()


def _refused(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}")
