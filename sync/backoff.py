"""How long to wait after failures in a row."""

from typing import Final

LONGEST_S: Final = 300.0


def backoff_s(failures: int) -> float:
    """Return 1, 2, 4 ... 300 s after 1, 2, 3 ... failures; 0 after none."""
    if failures <= 0:
        return 0.0
    return min(LONGEST_S, 2.0 ** min(failures - 1, 10))
