"""Whose folder is looked at now, so that no turn of the loop looks at more than one."""

from collections.abc import Sequence
from typing import Final, Generic, TypeVar

_EVERY_S: Final = 1.0
_Searched = TypeVar("_Searched")


class SearchTurns(Generic[_Searched]):
    """Goes round through what is to be searched: each once a second, or as often as it is asked."""

    def __init__(self, searched: Sequence[_Searched]) -> None:
        self._searched = searched
        self._due_s = [float("-inf")] * len(searched)

    def next_due(self, now_s: float) -> _Searched | None:
        """Return what has waited longest, None if nothing is due; its next time is a second on."""
        place = min(range(len(self._due_s)), key=self._due_s.__getitem__, default=None)
        if place is None or now_s < self._due_s[place]:
            return None
        self._due_s[place] = now_s + _EVERY_S
        return self._searched[place]
