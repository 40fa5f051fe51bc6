"""Whether the machine's clock is kept right by a time service."""

import ctypes
from typing import Final

_UNSYNCHRONIZED: Final = 0x0040
"""STA_UNSYNC. Source: adjtimex(2)."""
FAILED: Final = -1
_ROOM_BYTES: Final = 512
"""More than struct timex has on any machine."""


class Timex(ctypes.Structure):
    """The beginning of struct timex. Source: adjtimex(2)."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("largest_error", ctypes.c_long),
        ("estimated_error", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * _ROOM_BYTES),
    )


def is_clock_synchronized() -> bool:
    """Ask the kernel; False also if it does not tell."""
    timex = Timex(modes=0)
    adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    return bool(adjtimex(ctypes.byref(timex)) != FAILED and not timex.status & _UNSYNCHRONIZED)
