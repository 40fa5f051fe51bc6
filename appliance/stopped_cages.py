"""The cages that a person has stopped, kept over restarts."""

import logging
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from disk.durable_file import write_durably

_log = logging.getLogger(__name__)


class StoppedCage(BaseModel):
    """Who stopped a cage, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    author: str
    since_utc_ns: int


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    cages: dict[int, StoppedCage]


class StoppedCages:
    """A small durable file. One that cannot be understood counts as empty: recording is sacred."""

    def __init__(self, path: Path) -> None:
        self._path: Final = path
        self._cages = _read(path)

    def get(self, cage: int) -> StoppedCage | None:
        """Return who stopped a cage; None if it is to be recorded."""
        return self._cages.get(cage)

    def stop(self, cage: int, author: str, utc_ns: int) -> None:
        """Note that a person stopped a cage. Raises OSError; nothing has changed then."""
        self._write(self._cages | {cage: StoppedCage(author=author, since_utc_ns=utc_ns)})

    def start(self, cage: int) -> None:
        """Note that a cage is to be recorded again. Raises OSError; nothing has changed then."""
        self._write({number: stop for number, stop in self._cages.items() if number != cage})

    def _write(self, cages: dict[int, StoppedCage]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self._path, _File(cages=cages).model_dump_json().encode())
        self._cages = cages


def _read(path: Path) -> dict[int, StoppedCage]:
    try:
        return _File.model_validate_json(path.read_bytes()).cages
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as error:
        _log.error("%s: unusable, so every cage is recorded: %s", path, error)
        return {}
