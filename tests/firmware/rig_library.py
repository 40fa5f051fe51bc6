"""The emulated board's functions, as they are in panel_rig*.c."""

import ctypes
from pathlib import Path
from typing import Any


class RigChange(ctypes.Structure):
    """`struct rig_change`."""

    _fields_ = (("us", ctypes.c_uint64), ("white", ctypes.c_uint16), ("ir", ctypes.c_uint16))


def rig_library(path: Path) -> Any:
    """Load the board. ctypes lets other threads run while a call runs."""
    library = ctypes.CDLL(str(path))
    rig, i32, u32 = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint
    u64, real, bytes_ = ctypes.c_uint64, ctypes.c_double, ctypes.c_char_p
    byte_array = ctypes.POINTER(ctypes.c_uint8)
    for name, result, arguments in (
        ("rig_new", rig, [bytes_, u32, i32, real]),
        ("rig_free", None, [rig]),
        ("rig_run", i32, [rig, u64]),
        ("rig_time_us", u64, [rig]),
        ("rig_feed", i32, [rig, bytes_, i32]),
        ("rig_take", i32, [rig, bytes_, i32]),
        ("rig_left_to_feed", i32, [rig]),
        ("rig_white", ctypes.c_uint16, [rig]),
        ("rig_ir", ctypes.c_uint16, [rig]),
        ("rig_take_changes", i32, [rig, ctypes.POINTER(RigChange), i32]),
        ("rig_power_off", None, [rig]),
        ("rig_power_on", None, [rig]),
        ("rig_hold", None, [rig]),
        ("rig_reset", None, [rig, ctypes.c_uint8]),
        ("rig_hold_bus", None, [rig, u32]),
        ("rig_damage_rtc", None, [rig, ctypes.c_uint8, ctypes.c_uint8, u32, u32, u32]),
        ("rig_hang", None, [rig, i32]),
        ("rig_starts", ctypes.c_uint32, [rig]),
        ("rig_eeprom", byte_array, [rig]),
        ("rig_eeprom_writes", ctypes.c_uint32, [rig]),
        ("rig_violations", ctypes.c_uint32, [rig]),
        ("rig_cut_after", None, [rig, ctypes.c_uint32, i32]),
        ("rig_memory", byte_array, [rig]),
        ("rig_cycle", u64, [rig]),
        ("rig_set_crystal", None, [rig, real]),
        ("rig_set_sensor", None, [rig, i32, i32, u32]),
        ("rig_set_paint", None, [rig, ctypes.c_uint8]),
        ("rig_set_rtc", None, [rig, i32, i32, i32, real]),
        ("rig_set_rtc_time", None, [rig, real, i32]),
        ("rig_rtc_time", real, [rig]),
    ):
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library
