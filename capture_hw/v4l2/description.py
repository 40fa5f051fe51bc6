"""The structures in which Video4Linux describes what a device is and offers.

Source: linux/videodev2.h of Linux 6.1, as `capture_hw.v4l2.abi`, which has the others.
"""

from ctypes import Structure, Union, c_char, c_int64, c_uint32, c_uint64
from typing import ClassVar

from capture_hw.v4l2.abi import Fields, Fraction, words


class Capability(Structure):
    """struct v4l2_capability: what the device is and where it is plugged in."""

    _fields_: ClassVar[Fields] = [
        ("driver", c_char * 16),
        ("card", c_char * 32),
        ("bus_info", c_char * 32),
        *words("version", "capabilities", "device_caps"),
        ("reserved", c_uint32 * 3),
    ]


class InputDescription(Structure):
    """struct v4l2_input."""

    _fields_: ClassVar[Fields] = [
        *words("index"),
        ("name", c_char * 32),
        *words("type", "audioset", "tuner"),
        ("std", c_uint64),
        *words("status", "capabilities"),
        ("reserved", c_uint32 * 3),
    ]


class StandardDescription(Structure):
    """struct v4l2_standard."""

    _fields_: ClassVar[Fields] = [
        *words("index"),
        ("id", c_uint64),
        ("name", c_char * 24),
        ("frameperiod", Fraction),
        *words("framelines"),
        ("reserved", c_uint32 * 4),
    ]


class FormatDescription(Structure):
    """struct v4l2_fmtdesc."""

    _fields_: ClassVar[Fields] = [
        *words("index", "type", "flags"),
        ("description", c_char * 32),
        *words("pixelformat", "mbus_code"),
        ("reserved", c_uint32 * 3),
    ]


class DiscreteSize(Structure):
    """struct v4l2_frmsize_discrete."""

    _fields_: ClassVar[Fields] = [*words("width", "height")]


class StepwiseSize(Structure):
    """struct v4l2_frmsize_stepwise."""

    _fields_: ClassVar[Fields] = [
        *words("min_width", "max_width", "step_width", "min_height", "max_height", "step_height")
    ]


class _SizeUnion(Union):
    _fields_: ClassVar[Fields] = [("discrete", DiscreteSize), ("stepwise", StepwiseSize)]


class SizeDescription(Structure):
    """struct v4l2_frmsizeenum."""

    _anonymous_: ClassVar = ("size",)
    _fields_: ClassVar[Fields] = [
        *words("index", "pixel_format", "type"),
        ("size", _SizeUnion),
        ("reserved", c_uint32 * 2),
    ]


class StepwiseInterval(Structure):
    """struct v4l2_frmival_stepwise."""

    _fields_: ClassVar[Fields] = [("min", Fraction), ("max", Fraction), ("step", Fraction)]


class _IntervalUnion(Union):
    _fields_: ClassVar[Fields] = [("discrete", Fraction), ("stepwise", StepwiseInterval)]


class IntervalDescription(Structure):
    """struct v4l2_frmivalenum."""

    _anonymous_: ClassVar = ("interval",)
    _fields_: ClassVar[Fields] = [
        *words("index", "pixel_format", "width", "height", "type"),
        ("interval", _IntervalUnion),
        ("reserved", c_uint32 * 2),
    ]


class ControlDescription(Structure):
    """struct v4l2_query_ext_ctrl."""

    _fields_: ClassVar[Fields] = [
        *words("id", "type"),
        ("name", c_char * 32),
        ("minimum", c_int64),
        ("maximum", c_int64),
        ("step", c_uint64),
        ("default_value", c_int64),
        *words("flags", "elem_size", "elems", "nr_of_dims"),
        ("dims", c_uint32 * 4),
        ("reserved", c_uint32 * 32),
    ]


class _MenuUnion(Union):
    _pack_: ClassVar = 1
    _fields_: ClassVar[Fields] = [("name", c_char * 32), ("value", c_int64)]


class MenuItem(Structure):
    """struct v4l2_querymenu; `name` of a menu, `value` of an integer menu."""

    _pack_: ClassVar = 1
    _anonymous_: ClassVar = ("item",)
    _fields_: ClassVar[Fields] = [
        *words("id", "index"),
        ("item", _MenuUnion),
        *words("reserved"),
    ]
