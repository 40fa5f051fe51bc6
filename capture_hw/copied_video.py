"""A growing video of H.264 access units, copied as the camera made them."""

import errno
import io
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer

from capture_hw.error import EncoderError
from capture_hw.matroska import MILLISECOND, open_matroska, rate_of, translated
from capture_hw.muxer_file import MuxerFile


class CopiedVideo:
    """An open Matroska file; `finish` or `abandon` it. One thread at a time, except `cut_off`."""

    def __init__(self, path: Path, first_unit: bytes, fps: float, tags: Mapping[str, str]) -> None:
        """Create or overwrite the file; raises StorageError or EncoderError.

        `first_unit` is a key frame in Annex B with its parameter sets, which become the file's; it
        is not written yet.
        """
        self._path: Final = path
        self._last_ms = -1
        self._lock: Final = threading.Lock()
        """Of the rest, for moments only."""
        self.is_cut = False
        """Whether it was cut off."""
        self._kept_ms: int | None = None
        """Time of the last frame that the kernel has: the muxer holds the newest one back."""
        self._kept_bytes = 0
        with _probed(first_unit) as probe:
            try:
                self._file: Final = MuxerFile(path)
                self._container = open_matroska(path, tags, into=self._file)
            except (av.FFmpegError, OSError) as error:
                raise translated(path, error) from error
            try:
                self._stream: Final = self._container.add_stream_from_template(
                    probe.streams.video[0]
                )
                self._stream.time_base = MILLISECOND
                self._stream.codec_context.framerate = rate_of(fps)
                self._container.start_encoding()
            except (av.FFmpegError, OSError, ValueError) as error:
                self.abandon()
                raise translated(path, error) from error

    def write(self, unit: bytes, time_ms: int, *, is_key: bool) -> int:
        """Append an access unit in Annex B; the muxer turns start codes into lengths.

        `time_ms` since the file's start grows from unit to unit. Returns the bytes that were
        written. Raises StorageError, EncoderError; ValueError for a time that does not grow.
        """
        before_ms = self._last_ms
        if time_ms <= before_ms:
            raise ValueError(f"time {time_ms} ms does not follow {before_ms} ms")
        self._last_ms = time_ms
        packet = av.Packet(unit)
        packet.stream = self._stream
        packet.time_base = MILLISECOND
        packet.pts = packet.dts = time_ms
        packet.is_keyframe = is_key
        try:
            self._container.mux(packet)
            self._keep(before_ms if before_ms >= 0 else None, self._file.tell())
        except (av.FFmpegError, OSError) as error:
            raise translated(self._path, self._file.fault or error) from error
        return len(unit)

    def finish(self) -> None:
        """Write index and duration and close; raises StorageError, EncoderError."""
        try:
            self._container.close()
            self._keep(self._last_ms, self._file.seek(0, os.SEEK_END))
            self._file.close()
        except (av.FFmpegError, OSError) as error:
            raise translated(self._path, self._file.fault or error) from error

    def abandon(self) -> None:
        """Close whatever state the file is in; safe to call twice and after `finish`."""
        with suppress(av.FFmpegError, OSError):  # the error that led here is the one to report
            self._container.close()
        with suppress(OSError):
            if self.is_cut:
                self._file.truncate(self._kept_bytes)
        with suppress(OSError):
            self._file.close()

    def cut_off(self) -> int | None:
        """Let nothing more into the file; return the time of its last frame, None if it has none.

        For any thread, while another one waits for the disk in a call: that one then raises
        StorageError when it comes back, and `abandon` takes away what came too late.
        """
        with self._lock:
            self.is_cut = True
            self._file.cut_off()
            return self._kept_ms

    def _keep(self, until_ms: int | None, size: int) -> None:
        """Note what is in the file now. Raises OSError if that does not count any more."""
        with self._lock:
            if self.is_cut:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            self._kept_ms, self._kept_bytes = until_ms, size


def _probed(unit: bytes) -> InputContainer:
    """Let FFmpeg read a key frame, so that it describes the stream; raises EncoderError."""
    try:
        probe = av.open(io.BytesIO(unit), "r", format="h264")
    except (av.FFmpegError, OSError) as error:
        raise EncoderError(f"the camera's key frame of {len(unit)} bytes is not H.264") from error
    for stream in probe.streams.video:
        if stream.codec_context.extradata and stream.codec_context.width:
            return probe
    probe.close()
    raise EncoderError(f"the camera's key frame of {len(unit)} bytes has no parameter sets")
