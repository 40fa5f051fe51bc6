"""Whether a writer waits for a disk that does not answer, and which volumes answer meanwhile."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from capture_hw.storage_place import StoragePlace, silence_text
from capture_hw.write_trial import WriteTrial

_TRY_S: Final = 1.0
_TRY_AGAIN_S: Final = 2.0
_HANGS_S: Final = 1.5
"""A capture queue of luma holds 3 s: what follows needs some of them."""
_LONGEST_LOOK_S: Final = 0.5
"""A process that was itself held up for longer does not count that as the disk's silence."""


class HangWatch:
    """Looks at one writer's steps. One thread; never waits, and touches no disk itself."""

    def __init__(
        self, places: Sequence[StoragePlace], monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        """`places` belong to this object alone; with one of them there is nowhere to go."""
        self.trials: Final[dict[Path, WriteTrial]] = {}
        """Of each folder the last one; at most one is under way."""
        self._places: Final = places
        self._monotonic_s: Final = monotonic_s
        self._step: int | None = None
        self._began_s = 0.0
        self._looked_s = 0.0
        self._seen_s = 0.0
        self._tried_s = -_TRY_AGAIN_S

    @property
    def began_s(self) -> float:
        """When the step was first seen that the writer is in."""
        return self._began_s

    @property
    def seen_s(self) -> float:
        """For how long it has been seen in it."""
        return self._seen_s

    @property
    def hangs(self) -> bool:
        """Whether that is too long for a disk."""
        return self._seen_s >= _HANGS_S

    @property
    def may_go_elsewhere(self) -> bool:
        """Whether there are two volumes, of which one has taken data during this step."""
        return any(trial.has_succeeded for trial in self.trials.values())

    def silence(self, folder: Path) -> str:
        """Return the sentence about the folder's disk."""
        return silence_text(folder, self._began_s)

    def begin(self) -> None:
        """Note that another writer is looked at from now on."""
        self._step, self._seen_s = None, 0.0

    def look(self, step: int) -> None:
        """Note in which step the writer is; call it several times a second."""
        now_s = self._monotonic_s()
        if step != self._step:
            self._step, self._began_s, self._seen_s = step, now_s, 0.0
        else:
            self._seen_s += min(now_s - self._looked_s, _LONGEST_LOOK_S)
        self._looked_s = now_s
        if self._seen_s < _TRY_S:
            self._forget(lambda trial: trial.is_over)
            self._tried_s = now_s - _TRY_AGAIN_S
        elif len(self._places) > 1 and now_s - self._tried_s >= _TRY_AGAIN_S:
            self._tried_s = now_s
            self._forget(lambda trial: trial.is_over and not trial.has_succeeded)
            self._try()

    def _forget(self, is_useless: Callable[[WriteTrial], bool]) -> None:
        for folder in [folder for folder, trial in self.trials.items() if is_useless(trial)]:
            del self.trials[folder]

    def _try(self) -> None:
        for place in self._places:
            if place.folder not in self.trials:
                self.trials[place.folder] = WriteTrial(place.folder, _look_at(place))


def _look_at(place: StoragePlace) -> Callable[[], None]:
    return lambda: place.check(beginning=True)
