"""Whose override runs on a panel, kept over restarts of the worker."""

import logging
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from disk.durable_file import write_durably

_log = logging.getLogger(__name__)


class OrderedOverride(BaseModel):
    """White light that a person ordered here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    white_percent: int
    until_utc_ns: int
    author: str
    reason: str


class OverrideBook:
    """A small durable file for one panel; one thread at a time.

    One that cannot be understood counts as empty: the override is the panel's, only its author is
    forgotten.
    """

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self.ordered: OrderedOverride | None = _read(path)
        """What should run; None if nobody ordered anything."""

    def begin(self, ordered: OrderedOverride) -> None:
        """Note an order. Raises OSError; it is known until the end of this process then."""
        self.ordered = ordered
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self._path, ordered.model_dump_json().encode())

    def end(self) -> None:
        """Note that nothing runs. Raises OSError; nothing is known to run all the same."""
        self.ordered = None
        self._path.unlink(missing_ok=True)


def _read(path: Path) -> OrderedOverride | None:
    try:
        return OrderedOverride.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        _log.error("%s: unusable, so nobody knows whose override runs: %s", path, error)
        return None
