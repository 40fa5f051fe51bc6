"""Into which folder a cage's next frame goes: the main one, or the spool while that one refuses."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from capture_hw.error import StorageError
from capture_hw.storage_place import StoragePlace, silence_text
from capture_hw.write_trial import WriteTrial

SPOOLING: Final = "recording to the spool: "
"""How the reason of a recorder begins that writes into its spool."""
_log = logging.getLogger(__name__)
_STEADY_S: Final = 60.0
"""A folder that refuses data sooner than this after it was tried is left alone for longer."""
_FIRST_REST_S: Final = 2.0
_LONGEST_REST_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class MainRest:
    """What a room knows of its main folder."""

    began_s: float
    """When it was last taken."""
    rest_s: float
    """For how long it was last left alone."""
    is_spooling: bool


class StorageRoom:
    """Looks at the volumes of a cage. One thread at a time.

    `folder` is the cage's in the rack's data folder, `spool` its folder in the spool. `volume` is
    the mark that the data folder must have.
    """

    def __init__(
        self,
        folder: Path,
        keep_free_bytes: int,
        *,
        volume: str | None = None,
        spool: Path | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._main: Final = StoragePlace(folder, keep_free_bytes, volume)
        self._spool: Final = StoragePlace(spool, keep_free_bytes, None) if spool else None
        self._monotonic_s: Final = monotonic_s
        self._current: StoragePlace | None = None
        """Where the last call said to write; None if nowhere, or before the first."""
        self._was_asked = False
        self._began_main_s = 0.0
        self._rest_s = 0.0
        self._rests_until_s = 0.0
        self._refusal = ""
        """What the main folder said last."""
        self._reason = ""

    @property
    def is_spooling(self) -> bool:
        """Whether the last call of `check` said so."""
        return self._current is not None and self._current is self._spool

    @property
    def rest(self) -> MainRest:
        """How long the main folder has been trusted, for `go_on_behind`."""
        return MainRest(self._began_main_s, self._rest_s, self.is_spooling)

    def go_on_behind(
        self, rest: MainRest, trials: Mapping[Path, WriteTrial], since_s: float
    ) -> None:
        """Begin where another room's thread has waited for a disk since `since_s`.

        Of the `trials`, one for each folder, those that are not over say which disk hangs.
        """
        self._began_main_s, self._rest_s = rest.began_s, rest.rest_s
        if not rest.is_spooling:
            self._give_up(self._main, silence_text(self._main.folder, since_s))
        for place in (self._main, self._spool):
            if place is not None and not trials[place.folder].has_succeeded:
                place.await_answer(trials[place.folder], since_s)

    @property
    def reason(self) -> str:
        """Why the spool is in use, one sentence; empty if it is not."""
        return self._reason

    def check(self, *, resuming: bool, refusal: str = "") -> Path:
        """Return the folder to write into now; it exists.

        `resuming` says that nothing is being written because the disk refused: what the last call
        returned is then believed again only after it took a trial. `refusal` is what it said, one
        sentence. Call it at once for a frame that was refused, otherwise about once a second.
        Raises StorageError if no folder can be used.
        """
        if resuming and self._current is not None:
            self._give_up(self._current, refusal)
        before, self._current = self._current, None
        is_first, self._was_asked = not self._was_asked, True
        try:
            self._check_main(beginning=not is_first and before is not self._main)
        except StorageError as error:
            self._current = self._spooled(before, error, is_first=is_first)
        else:
            self._use_main(before)
            self._current = self._main
        return self._current.folder

    def _give_up(self, place: StoragePlace, refusal: str) -> None:
        place.distrust(refusal)
        self._current = None
        if place is not self._main:
            return
        self._refusal = refusal or f"{place.folder}: has refused data"
        now_s = self._monotonic_s()
        was_steady = now_s - self._began_main_s >= _STEADY_S
        self._rest_s = 0.0 if was_steady else max(_FIRST_REST_S, self._rest_s * 2)
        self._rest_s = min(self._rest_s, _LONGEST_REST_S)
        self._rests_until_s = now_s + self._rest_s

    def _check_main(self, *, beginning: bool) -> None:
        self._main.check(beginning=beginning)
        if self._spool is not None and self._monotonic_s() < self._rests_until_s:
            raise StorageError(f"{self._refusal}, again and again")

    def _use_main(self, before: StoragePlace | None) -> None:
        if before is not self._main:
            self._began_main_s = self._monotonic_s()
        if self._reason:
            _log.info("%s: takes the recording again", self._main.folder)
        self._reason = ""

    def _spooled(
        self, before: StoragePlace | None, refusal: StorageError, *, is_first: bool
    ) -> StoragePlace:
        """Return the spool, if it can be used. Raises StorageError."""
        was_spooling, self._reason = bool(self._reason), ""
        if self._spool is None:
            raise refusal
        try:
            self._spool.check(beginning=not is_first and before is not self._spool)
        except StorageError as error:
            raise StorageError(f"{refusal}; and the spool does not help: {error}") from error
        self._reason = f"{SPOOLING}{refusal}"
        if not was_spooling:
            _log.warning("%s: recording goes to %s", refusal, self._spool.folder)
        return self._spool
