"""Amounts as people read them."""

from typing import Final

from tui.time_text import duration

_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")
_STEP: Final = 1000.0
_EXACT_BELOW_S: Final = 9.95


def bytes_text(amount: float) -> str:
    """Return bytes in powers of 1000, such as 1.2 GB."""
    unit = 0
    while amount >= _STEP and unit < len(_UNITS) - 1:
        amount /= _STEP
        unit += 1
    return f"{amount:.0f} {_UNITS[unit]}" if unit == 0 else f"{amount:.1f} {_UNITS[unit]}"


def count(amount: int, one: str, many: str) -> str:
    """Return a number with its noun, such as 1 gap or 1,204 gaps."""
    return f"{amount:,} {one if amount == 1 else many}"


def lag_text(seconds: float) -> str:
    """Return a lag in words, such as 0.6 s or 5 min 12 s."""
    return f"{seconds:.1f} s" if seconds < _EXACT_BELOW_S else duration(seconds)


def seconds_text(seconds: float) -> str:
    """Return a lag in at most four cells: 0.4s, 12s, 35m, 7h, 3d."""
    for limit, unit_s, unit in ((120, 1, "s"), (7200, 60, "m"), (172_800, 3600, "h")):
        if seconds < _EXACT_BELOW_S:
            return f"{seconds:.1f}s"
        if seconds < limit:
            return f"{int(seconds / unit_s)}{unit}"
    return f"{int(seconds / 86_400)}d"
