"""H.264 in Annex B form: start codes, and parameter sets in front of every key frame.

Source: ITU-T H.264, sections 7.4.1 (unit types), 7.4.1.2.3 (order in an access unit) and annex B.
"""

from __future__ import annotations  # PyAV's types take parameters in stubs only

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

from av.bitstream import BitStreamFilterContext
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

_START: Final = b"\x00\x00\x01"
_LONG_START: Final = b"\x00\x00\x00\x01"
_PADDED_START: Final = re.compile(rb"(?<!\x00)\x00{4,}+\x01")
"""Zeros behind a unit, then the next start code. Source: H.264, B.1.1, trailing_zero_8bits.

Each run of zeros is looked at once, so that a buffer full of them costs no more than another.
"""
_TYPE_MASK: Final = 0x1F
_SLICE_TYPES: Final = range(1, 6)
_IDR, _SPS, _PPS, _DELIMITER = 5, 7, 8, 9


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One picture with start codes; a key frame begins with its parameter sets."""

    content: bytes
    """Without zeros behind its units, which belong to none."""
    is_key: bool


class AccessUnits:
    """Turns the packets of one H.264 stream into access units that a decoder can start at.

    One thread at a time.
    """

    def __init__(self, stream: VideoStream) -> None:
        """Raise av.FFmpegError if the stream's own header is damaged."""
        self._to_annexb = BitStreamFilterContext("h264_mp4toannexb", stream)
        extradata = stream.codec_context.extradata or b""
        is_annexb = extradata.startswith((_START, _LONG_START))
        self._sets = ParameterSets(extradata if is_annexb else b"")

    @property
    def sequence_parameters(self) -> tuple[bytes, ...]:
        """The parameter sets that say size and profile; they change if the camera changes them."""
        return self._sets.sequence

    def convert(self, packet: Packet[VideoStream]) -> AccessUnit | None:
        """Return the packet's access unit; the packet is used up.

        None for a packet without a picture, and for a key frame whose parameter sets have not
        come yet. Raises av.FFmpegError for a damaged packet.
        """
        flagged = packet.is_keyframe
        unit = b"".join(map(bytes, self._to_annexb.filter(_untyped(packet))))
        return self._sets.complete(unit, flagged=flagged)


class ParameterSets:
    """The parameter sets that a stream has shown so far, for key frames that come without."""

    def __init__(self, header: bytes = b"") -> None:
        """`header` is what the stream says of itself in advance, with start codes."""
        self.sequence: tuple[bytes, ...] = ()
        """Those that say size and profile."""
        self._picture: tuple[bytes, ...] = ()
        self._remember(header)

    def complete(self, unit: bytes, *, flagged: bool) -> AccessUnit | None:
        """Return what has start codes as an access unit; `flagged` if its source calls it key.

        None without a picture, and for a key frame whose parameter sets have not come yet.
        """
        unit = _stripped(unit)
        kinds = self._remember(unit)
        if not any(kind in _SLICE_TYPES for kind in kinds):
            return None
        is_key = flagged or _IDR in kinds
        if not is_key or {_SPS, _PPS} <= set(kinds):
            return AccessUnit(unit, is_key)
        if not self.sequence or not self._picture:
            return None
        return AccessUnit(self._completed(unit, kinds), is_key=True)

    def _remember(self, unit: bytes) -> list[int]:
        """Keep the parameter sets in front of the first slice; return the types up to it."""
        kinds: list[int] = []
        sps: list[bytes] = []
        pps: list[bytes] = []
        for kind, start, end in _units(unit):
            kinds.append(kind)
            if kind == _SPS:
                sps.append(unit[start:end])
            elif kind == _PPS:
                pps.append(unit[start:end])
        self.sequence = tuple(sps) or self.sequence
        self._picture = tuple(pps) or self._picture
        return kinds

    def _completed(self, unit: bytes, kinds: list[int]) -> bytes:
        """Put the parameter sets in front; a delimiter stays first."""
        sets = b"".join(_LONG_START + one for one in (*self.sequence, *self._picture))
        if kinds[0] != _DELIMITER:
            return sets + unit
        after = unit.index(_START, unit.index(_START) + len(_START))
        return unit[:after].rstrip(b"\x00") + sets + b"\x00" + unit[after:]


def first_slice(unit: bytes) -> bytes:
    """Return an access unit from its first slice on, without its start code; empty if none."""
    for kind, start, _ in _units(unit):
        if kind in _SLICE_TYPES:
            return unit[start:]
    return b""


def is_idr(unit: bytes) -> bool:
    """Say whether nothing before an access unit is needed from it on.

    A camera that renews its pictures stripe by stripe calls others key frames too. Source: H.264,
    7.4.1.2.4 and D.2.8, recovery point.
    """
    return any(kind == _IDR for kind, _, _ in _units(unit))


def _stripped(unit: bytes) -> bytes:
    """Return an access unit without trailing_zero_8bits; no unit itself ends in a zero."""
    return _PADDED_START.sub(_LONG_START, unit).rstrip(b"\x00")


def _units(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (type, start, end) of each unit up to the first slice, which is given no true end.

    Nothing behind the first slice is looked at: it is most of the bytes.
    """
    start = stream.find(_START)
    while 0 <= start < len(stream) - len(_START):
        start += len(_START)
        kind = stream[start] & _TYPE_MASK
        if kind in _SLICE_TYPES:
            yield kind, start, len(stream)
            return
        following = stream.find(_START, start)
        end = len(stream) if following < 0 else following
        yield kind, start, start + len(stream[start:end].rstrip(b"\x00"))
        start = following


def is_h264(stream: VideoStream) -> bool:
    """Say whether a stream can be copied as H.264."""
    context = stream.codec_context  # none where FFmpeg has no decoder
    return context is not None and context.name == "h264"


def _untyped(packet: Packet[VideoStream]) -> Packet[Stream]:
    return cast("Packet[Stream]", packet)  # PyAV's types know filters of any stream only
