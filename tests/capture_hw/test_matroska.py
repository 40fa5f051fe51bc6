"""Errors of a video file: what the disk refused is told from what the encoder made."""

import errno
from pathlib import Path

import av
import pytest

from capture_hw.error import EncoderError, StorageError
from capture_hw.matroska import translated

_REFUSALS = (
    "EIO",
    "ENOSPC",
    "EROFS",
    "EUCLEAN",
    "ENOTCONN",
    "ETIMEDOUT",
    "EREMOTEIO",
    "EBADMSG",
    "ENOMEM",
    "ENOTDIR",
)
_INVALID_DATA = -1_094_995_529
"""AVERROR_INVALIDDATA. Source: FFmpeg, libavutil/error.h, FFERRTAG('I', 'N', 'D', 'A')."""


def _of_ffmpeg(code: int) -> Exception:
    with pytest.raises(av.FFmpegError) as refusal:
        av.error.err_check(code, "a.mkv.part")
    return refusal.value


@pytest.mark.parametrize("name", _REFUSALS)
def test_whatever_the_system_refuses_is_the_disks(name: str) -> None:
    number = getattr(errno, name)
    error = translated(Path("a.mkv.part"), _of_ffmpeg(-number))
    assert isinstance(error, StorageError)
    assert str(error).startswith("a.mkv: cannot be written: ")
    assert str(translated(Path("a.mkv.part"), OSError(number, "words"))) == str(error)


def test_an_invalid_argument_of_the_system_is_the_disks() -> None:
    error = translated(Path("a.mkv"), OSError(errno.EINVAL, "words"))
    assert str(error) == "a.mkv: cannot be written: Invalid argument"
    assert isinstance(error, StorageError)


@pytest.mark.parametrize("code", [_INVALID_DATA, -errno.EINVAL])
def test_what_ffmpeg_says_of_the_content_is_the_encoders(code: int) -> None:
    assert isinstance(translated(Path("a.mkv"), _of_ffmpeg(code)), EncoderError)
