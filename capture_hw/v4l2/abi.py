"""The structures of Video4Linux that set something or carry pictures, as the kernel lays them out.

Source: linux/videodev2.h and asm-generic/ioctl.h of Linux 6.1; the same on x86, Arm and RISC-V.
`scripts/print_v4l2_abi.py` asks a C compiler for the true numbers, and
`tests/capture_hw/test_v4l2_abi.py` keeps them. Only what this program uses; reserved words
are named so that structures have their true size. The others: `description`, `number`, `request`.
"""

from ctypes import (
    POINTER,
    Structure,
    Union,
    c_int32,
    c_int64,
    c_long,
    c_uint8,
    c_uint16,
    c_uint32,
    c_ulong,
    c_void_p,
)
from typing import Any, ClassVar, Final, TypeAlias

Fields: TypeAlias = list[tuple[str, Any]]
MAX_PLANES: Final = 8
"""VIDEO_MAX_PLANES."""


def words(*names: str) -> Fields:
    """Return fields that are all __u32."""
    return [(name, c_uint32) for name in names]


class Fraction(Structure):
    """struct v4l2_fract, mostly a time per frame in seconds."""

    _fields_: ClassVar[Fields] = [*words("numerator", "denominator")]


class PixelFormat(Structure):
    """struct v4l2_pix_format."""

    _fields_: ClassVar[Fields] = [
        *words(
            "width",
            "height",
            "pixelformat",
            "field",
            "bytesperline",
            "sizeimage",
            "colorspace",
            "priv",
            "flags",
            "ycbcr_enc",
            "quantization",
            "xfer_func",
        )
    ]


class PlaneFormat(Structure):
    """struct v4l2_plane_pix_format."""

    _pack_: ClassVar = 1
    _fields_: ClassVar[Fields] = [*words("sizeimage", "bytesperline"), ("reserved", c_uint16 * 6)]


class MultiplanarFormat(Structure):
    """struct v4l2_pix_format_mplane."""

    _pack_: ClassVar = 1
    _fields_: ClassVar[Fields] = [
        *words("width", "height", "pixelformat", "field", "colorspace"),
        ("plane_fmt", PlaneFormat * MAX_PLANES),
        ("num_planes", c_uint8),
        ("flags", c_uint8),
        ("ycbcr_enc", c_uint8),
        ("quantization", c_uint8),
        ("xfer_func", c_uint8),
        ("reserved", c_uint8 * 7),
    ]


class _FormatUnion(Union):
    _fields_: ClassVar[Fields] = [
        ("pix", PixelFormat),
        ("pix_mp", MultiplanarFormat),
        ("raw_data", c_uint8 * 200),
        ("pointer", c_void_p),
    ]


class Format(Structure):
    """struct v4l2_format; `fmt` is `pix` or `pix_mp` by its type."""

    _fields_: ClassVar[Fields] = [*words("type"), ("fmt", _FormatUnion)]


class Rectangle(Structure):
    """struct v4l2_rect."""

    _fields_: ClassVar[Fields] = [
        ("left", c_int32),
        ("top", c_int32),
        *words("width", "height"),
    ]


class Selection(Structure):
    """struct v4l2_selection; `type` is the single-planar one for every capture node."""

    _fields_: ClassVar[Fields] = [
        *words("type", "target", "flags"),
        ("r", Rectangle),
        ("reserved", c_uint32 * 9),
    ]


class CaptureParameters(Structure):
    """struct v4l2_captureparm."""

    _fields_: ClassVar[Fields] = [
        *words("capability", "capturemode"),
        ("timeperframe", Fraction),
        *words("extendedmode", "readbuffers"),
        ("reserved", c_uint32 * 4),
    ]


class _ParametersUnion(Union):
    _fields_: ClassVar[Fields] = [("capture", CaptureParameters), ("raw_data", c_uint8 * 200)]


class StreamParameters(Structure):
    """struct v4l2_streamparm."""

    _fields_: ClassVar[Fields] = [("type", c_uint32), ("parm", _ParametersUnion)]


class BufferRequest(Structure):
    """struct v4l2_requestbuffers; the driver writes back how many it gives."""

    _fields_: ClassVar[Fields] = [
        *words("count", "type", "memory", "capabilities"),
        ("flags", c_uint8),
        ("reserved", c_uint8 * 3),
    ]


class TimeValue(Structure):
    """struct timeval."""

    _fields_: ClassVar[Fields] = [("tv_sec", c_long), ("tv_usec", c_long)]


class TimeSpecification(Structure):
    """struct timespec."""

    _fields_: ClassVar[Fields] = [("tv_sec", c_long), ("tv_nsec", c_long)]


class TimeCode(Structure):
    """struct v4l2_timecode; no driver that we know fills it."""

    _fields_: ClassVar[Fields] = [
        *words("type", "flags"),
        ("digits", c_uint8 * 4),
        ("userbits", c_uint8 * 4),
    ]


class _PlaneUnion(Union):
    _fields_: ClassVar[Fields] = [("mem_offset", c_uint32), ("userptr", c_ulong), ("fd", c_int32)]


class Plane(Structure):
    """struct v4l2_plane."""

    _fields_: ClassVar[Fields] = [
        *words("bytesused", "length"),
        ("m", _PlaneUnion),
        ("data_offset", c_uint32),
        ("reserved", c_uint32 * 11),
    ]


class _BufferUnion(Union):
    _fields_: ClassVar[Fields] = [
        ("offset", c_uint32),
        ("userptr", c_ulong),
        ("planes", POINTER(Plane)),
        ("fd", c_int32),
    ]


class Buffer(Structure):
    """struct v4l2_buffer; of a multi-planar one, `m.planes` points to an array that must live."""

    _fields_: ClassVar[Fields] = [
        *words("index", "type", "bytesused", "flags", "field"),
        ("timestamp", TimeValue),
        ("timecode", TimeCode),
        *words("sequence", "memory"),
        ("m", _BufferUnion),
        *words("length", "reserved2", "request_fd"),
    ]


class _ValueUnion(Union):
    _pack_: ClassVar = 1
    _fields_: ClassVar[Fields] = [("value", c_int32), ("value64", c_int64), ("ptr", c_void_p)]


class ControlValue(Structure):
    """struct v4l2_ext_control."""

    _pack_: ClassVar = 1
    _anonymous_: ClassVar = ("content",)
    _fields_: ClassVar[Fields] = [*words("id", "size", "reserved2"), ("content", _ValueUnion)]


class ControlValues(Structure):
    """struct v4l2_ext_controls; `controls` points to an array that must live."""

    _fields_: ClassVar[Fields] = [
        *words("which", "count", "error_idx", "request_fd", "reserved"),
        ("controls", POINTER(ControlValue)),
    ]


class SourceChange(Structure):
    """struct v4l2_event_src_change."""

    _fields_: ClassVar[Fields] = words("changes")


class _EventUnion(Union):
    _fields_: ClassVar[Fields] = [
        ("src_change", SourceChange),
        ("data", c_uint8 * 64),
        # Never used; the value of struct v4l2_event_ctrl aligns the kernel's union like this.
        ("value64", c_int64),
    ]


class Event(Structure):
    """struct v4l2_event."""

    _fields_: ClassVar[Fields] = [
        ("type", c_uint32),
        ("u", _EventUnion),
        *words("pending", "sequence"),
        ("timestamp", TimeSpecification),
        ("id", c_uint32),
        ("reserved", c_uint32 * 8),
    ]


class EventSubscription(Structure):
    """struct v4l2_event_subscription."""

    _fields_: ClassVar[Fields] = [*words("type", "id", "flags"), ("reserved", c_uint32 * 5)]
