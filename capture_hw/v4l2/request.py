"""The requests of Video4Linux: their numbers, names and structures.

Source: linux/videodev2.h of Linux 6.1, "I O C T L   C O D E S", and asm-generic/ioctl.h.
"""

from ctypes import Structure, c_int, c_uint64, sizeof
from dataclasses import dataclass
from typing import Any, Final

from capture_hw.v4l2 import abi, description

_WRITE: Final = 1
_READ: Final = 2


@dataclass(frozen=True, slots=True)
class Request:
    """One kind of ioctl."""

    name: str
    """As manuals and error messages call it."""
    number: int
    argument: type[Any]
    """The structure, or simple C type, that goes in and comes out."""


def _request(name: str, direction: int, index: int, argument: type[Any]) -> Request:
    """Source: asm-generic/ioctl.h, _IOC: direction, size, type 'V', index."""
    number = direction << 30 | sizeof(argument) << 16 | ord("V") << 8 | index
    return Request(f"VIDIOC_{name}", number, argument)


def _both(name: str, index: int, argument: type[Structure | c_int]) -> Request:
    return _request(name, _READ | _WRITE, index, argument)


QUERYCAP: Final = _request("QUERYCAP", _READ, 0, description.Capability)
ENUM_FMT: Final = _both("ENUM_FMT", 2, description.FormatDescription)
G_FMT: Final = _both("G_FMT", 4, abi.Format)
S_FMT: Final = _both("S_FMT", 5, abi.Format)
REQBUFS: Final = _both("REQBUFS", 8, abi.BufferRequest)
QUERYBUF: Final = _both("QUERYBUF", 9, abi.Buffer)
QBUF: Final = _both("QBUF", 15, abi.Buffer)
DQBUF: Final = _both("DQBUF", 17, abi.Buffer)
STREAMON: Final = _request("STREAMON", _WRITE, 18, c_int)
STREAMOFF: Final = _request("STREAMOFF", _WRITE, 19, c_int)
G_PARM: Final = _both("G_PARM", 21, abi.StreamParameters)
S_PARM: Final = _both("S_PARM", 22, abi.StreamParameters)
G_STD: Final = _request("G_STD", _READ, 23, c_uint64)
S_STD: Final = _request("S_STD", _WRITE, 24, c_uint64)
ENUMSTD: Final = _both("ENUMSTD", 25, description.StandardDescription)
ENUMINPUT: Final = _both("ENUMINPUT", 26, description.InputDescription)
QUERYMENU: Final = _both("QUERYMENU", 37, description.MenuItem)
G_INPUT: Final = _request("G_INPUT", _READ, 38, c_int)
S_INPUT: Final = _both("S_INPUT", 39, c_int)
QUERYSTD: Final = _request("QUERYSTD", _READ, 63, c_uint64)
TRY_FMT: Final = _both("TRY_FMT", 64, abi.Format)
G_EXT_CTRLS: Final = _both("G_EXT_CTRLS", 71, abi.ControlValues)
S_EXT_CTRLS: Final = _both("S_EXT_CTRLS", 72, abi.ControlValues)
ENUM_FRAMESIZES: Final = _both("ENUM_FRAMESIZES", 74, description.SizeDescription)
ENUM_FRAMEINTERVALS: Final = _both("ENUM_FRAMEINTERVALS", 75, description.IntervalDescription)
DQEVENT: Final = _request("DQEVENT", _READ, 89, abi.Event)
SUBSCRIBE_EVENT: Final = _request("SUBSCRIBE_EVENT", _WRITE, 90, abi.EventSubscription)
G_SELECTION: Final = _both("G_SELECTION", 94, abi.Selection)
S_SELECTION: Final = _both("S_SELECTION", 95, abi.Selection)
QUERY_EXT_CTRL: Final = _both("QUERY_EXT_CTRL", 103, description.ControlDescription)
