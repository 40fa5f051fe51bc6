"""A color for each behavior, the same on every screen."""

from typing import Final

COLORS: Final = (
    "#4c8dff",  # drink
    "#3fb950",  # eat
    "#e3b341",  # groom
    "#bc5fd3",  # hang
    "#8b949e",  # micromovement
    "#f0883e",  # rear
    "#2b3a55",  # rest
    "#e5534b",  # walk
    "#ffffff",  # none
)
"""A color for each code, drink 0 to none 8."""
