"""A guest whose clock a time service vouches for, as far as its kernel can tell."""

import ctypes
import os
from typing import Final

_STATUS: Final = 0x0010 | 0x0008 | 0x0004
"""ADJ_STATUS, ADJ_ESTERROR, ADJ_MAXERROR. Source: adjtimex(2), as the next."""
_KEPT_BY_SERVICE: Final = 0x0001
"""STA_PLL, and not STA_UNSYNC."""
_FAILED: Final = -1
_ROOM_BYTES: Final = 512
"""More than struct timex has on any machine."""


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("largest_error", ctypes.c_long),
        ("estimated_error", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * _ROOM_BYTES),
    )


def vouch_for_clock() -> None:
    """Tell the kernel what a time service would: the guest got the host's time, none runs here."""
    timex = _Timex(modes=_STATUS, status=_KEPT_BY_SERVICE)
    if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex)) == _FAILED:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
