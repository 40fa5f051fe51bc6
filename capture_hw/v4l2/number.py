"""The flags, kinds and identifiers of Video4Linux.

Source: linux/videodev2.h and linux/v4l2-controls.h of Linux 6.1; the names are the kernel's
without their prefix.
"""

from enum import IntEnum, IntFlag
from typing import Final


def fourcc(code: str) -> int:
    """Return the number of a four-letter code. Source: videodev2.h, v4l2_fourcc."""
    return int.from_bytes(code.encode("latin-1"), "little")


def fourcc_text(number: int) -> str:
    """Return the letters of a four-letter code, without blanks at its end, plain ASCII.

    Source: videodev2.h, v4l2_fourcc_be: the highest bit says big-endian.
    """
    code = (number & 0x7FFF_FFFF).to_bytes(4, "little").decode("latin-1").rstrip(" \0")
    letters = "".join(it if it.isascii() and it.isprintable() else "?" for it in code)
    return f"{letters}-BE" if number & 0x8000_0000 else letters


class Cap(IntFlag):
    """V4L2_CAP_*: what a node can do."""

    VIDEO_CAPTURE = 0x0000_0001
    VIDEO_OUTPUT = 0x0000_0002
    VIDEO_CAPTURE_MPLANE = 0x0000_1000
    VIDEO_M2M_MPLANE = 0x0000_4000
    VIDEO_M2M = 0x0000_8000
    META_CAPTURE = 0x0080_0000
    STREAMING = 0x0400_0000
    TOUCH = 0x1000_0000
    IO_MC = 0x2000_0000
    DEVICE_CAPS = 0x8000_0000


class BufferType(IntEnum):
    """V4L2_BUF_TYPE_*."""

    VIDEO_CAPTURE = 1
    VIDEO_CAPTURE_MPLANE = 9


MEMORY_MMAP: Final = 1


class Field(IntEnum):
    """V4L2_FIELD_*: how a picture is put together from fields."""

    ANY = 0
    NONE = 1
    TOP = 2
    BOTTOM = 3
    INTERLACED = 4
    SEQ_TB = 5
    SEQ_BT = 6
    ALTERNATE = 7
    INTERLACED_TB = 8
    INTERLACED_BT = 9


class BufferFlag(IntFlag):
    """V4L2_BUF_FLAG_*."""

    MAPPED = 0x0000_0001
    QUEUED = 0x0000_0002
    DONE = 0x0000_0004
    KEYFRAME = 0x0000_0008
    PFRAME = 0x0000_0010
    BFRAME = 0x0000_0020
    ERROR = 0x0000_0040
    TIMESTAMP_MASK = 0x0000_E000
    TIMESTAMP_MONOTONIC = 0x0000_2000
    TIMESTAMP_COPY = 0x0000_4000
    TSTAMP_SRC_MASK = 0x0007_0000
    TSTAMP_SRC_SOE = 0x0001_0000
    LAST = 0x0010_0000


class FormatFlag(IntFlag):
    """V4L2_FMT_FLAG_*."""

    COMPRESSED = 0x0001
    EMULATED = 0x0002


class SizeKind(IntEnum):
    """V4L2_FRMSIZE_TYPE_* and V4L2_FRMIVAL_TYPE_*, which agree."""

    DISCRETE = 1
    CONTINUOUS = 2
    STEPWISE = 3


CAP_TIMEPERFRAME: Final = 0x1000
"""In StreamParameters' `capability`: the frame rate can be set."""


class InputKind(IntEnum):
    """V4L2_INPUT_TYPE_*; analog and digital inputs are also called cameras."""

    TUNER = 1
    CAMERA = 2
    TOUCH = 3


class InputStatus(IntFlag):
    """V4L2_IN_ST_*."""

    NO_POWER = 0x0000_0001
    NO_SIGNAL = 0x0000_0002
    NO_COLOR = 0x0000_0004
    HFLIP = 0x0000_0010
    VFLIP = 0x0000_0020
    NO_H_LOCK = 0x0000_0100
    COLOR_KILL = 0x0000_0200
    NO_V_LOCK = 0x0000_0400
    NO_STD_LOCK = 0x0000_0800
    NO_SYNC = 0x0001_0000
    NO_EQU = 0x0002_0000
    NO_CARRIER = 0x0004_0000


IN_CAP_STD: Final = 0x0000_0004
"""In InputDescription's `capabilities`: the video standard can be set."""


class Standard(IntFlag):
    """V4L2_STD_*: sets of analog standards, a bit for each variant."""

    PAL = 0x0000_00FF
    PAL_M = 0x0000_0100
    PAL_N = 0x0000_0200
    PAL_Nc = 0x0000_0400
    PAL_60 = 0x0000_0800
    NTSC = 0x0000_B000
    NTSC_443 = 0x0000_4000
    SECAM = 0x00FF_0000


STD_525_60: Final = 0x0000_F900
"""The standards of 525 lines, 30000/1001 frames/s."""
STD_625_50: Final = 0x00FF_06FF
"""The standards of 625 lines, 25 frames/s."""


class ControlKind(IntEnum):
    """V4L2_CTRL_TYPE_*; larger ones are structures."""

    INTEGER = 1
    BOOLEAN = 2
    MENU = 3
    BUTTON = 4
    INTEGER64 = 5
    CTRL_CLASS = 6
    STRING = 7
    BITMASK = 8
    INTEGER_MENU = 9


class ControlFlag(IntFlag):
    """V4L2_CTRL_FLAG_*; the last two ask for the next control."""

    DISABLED = 0x0001
    GRABBED = 0x0002
    READ_ONLY = 0x0004
    INACTIVE = 0x0010
    WRITE_ONLY = 0x0040
    VOLATILE = 0x0080
    HAS_PAYLOAD = 0x0100
    EXECUTE_ON_WRITE = 0x0200
    NEXT_COMPOUND = 0x4000_0000
    NEXT_CTRL = 0x8000_0000


CTRL_ID_MASK: Final = 0x0FFF_FFFF
CTRL_WHICH_CUR_VAL: Final = 0


class ControlId(IntEnum):
    """V4L2_CID_* that this program sets by itself."""

    MPEG_VIDEO_B_FRAMES = 0x0099_09CA
    MPEG_VIDEO_GOP_SIZE = 0x0099_09CB
    MPEG_VIDEO_BITRATE_MODE = 0x0099_09CE
    MPEG_VIDEO_BITRATE = 0x0099_09CF
    MPEG_VIDEO_BITRATE_PEAK = 0x0099_09D0
    MPEG_VIDEO_REPEAT_SEQ_HEADER = 0x0099_09E2
    MPEG_VIDEO_FORCE_KEY_FRAME = 0x0099_09E5
    MPEG_VIDEO_H264_I_PERIOD = 0x0099_0A66


class EventKind(IntEnum):
    """V4L2_EVENT_*."""

    EOS = 2
    CTRL = 3
    SOURCE_CHANGE = 5


SRC_CH_RESOLUTION: Final = 0x0001
"""In SourceChange's `changes`: size or standard of the input changed."""


class SelectionTarget(IntEnum):
    """V4L2_SEL_TGT_*: which part of the source becomes which part of the picture."""

    CROP = 0x0000
    CROP_DEFAULT = 0x0001
    COMPOSE = 0x0100
    COMPOSE_DEFAULT = 0x0101
