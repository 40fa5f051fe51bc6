"""How long to wait before the next try: longer each time, up to a cap."""

from typing import Final


class Backoff:
    """Waits that double from `first_s` to `longest_s`."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self.first_s: Final = first_s
        self.longest_s: Final = longest_s
        self.tries = 0
        """Since the last success."""
        self._next_s = first_s

    def next_s(self) -> float:
        """Count a failed try and return the wait before the next one."""
        wait_s = self._next_s
        self._next_s = min(self._next_s * 2, self.longest_s)
        self.tries += 1
        return wait_s

    def reset(self) -> None:
        """Start over, after a success."""
        self.tries = 0
        self._next_s = self.first_s
