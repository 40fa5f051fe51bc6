"""The inventory of a day: which files of it should exist in the store, with their hashes.

Objects never change, so an inventory is written once everything of its day is settled: the day is
over for an hour, nothing of it is being written, and every file of it is verified. Files of that
day that turn up later get a further inventory, `<day>_2.json`, that names everything; the highest
number counts. It is a finished file on the disk and goes to the store like any other.
"""

from collections.abc import Collection
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from disk.durable_file import write_durably
from sync.error import SourceChanged
from sync.object_key import INVENTORY_FOLDER
from sync.upload_ledger import Listing, UploadLedger

_SETTLED: Final = timedelta(hours=1)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InventoryFile(_Part):
    """One object."""

    key: str
    size: int
    sha256: str


class Inventory(_Part):
    """All objects of one day of a rack."""

    schema_name: Annotated[
        Literal["ethoprofiler.inventory/1"], Field(alias="schema", serialization_alias="schema")
    ] = "ethoprofiler.inventory/1"
    day: str
    files: tuple[InventoryFile, ...]


def write_due_inventories(
    data: Path,
    ledger: UploadLedger,
    open_days: Collection[str],
    standard_time: timezone,
    now: datetime,
) -> list[Path]:
    """Write what is due below `<data>/inventory`; return the new files.

    Raises SourceChanged, after all other days, if a file cannot be written or an older inventory
    cannot be read.
    """
    written: list[Path] = []
    faults: list[SourceChanged] = []
    for day in ledger.complete_days():
        if day in open_days or not is_settled(day, standard_time, now):
            continue
        try:
            path = _write(data / INVENTORY_FOLDER, day, ledger.listing(day))
        except SourceChanged as error:
            faults.append(error)
            continue
        ledger.mark_listed(day)
        if path is not None:
            written.append(path)
    if faults:
        raise faults[0]
    return written


def is_settled(day: str, standard_time: timezone, now: datetime) -> bool:
    """Whether a day of the facility's standard time has been over for an hour."""
    try:
        midnight = datetime.fromisoformat(day).replace(tzinfo=standard_time)
    except ValueError:
        return False
    return now >= midnight + timedelta(days=1) + _SETTLED


def _write(folder: Path, day: str, listings: list[Listing]) -> Path | None:
    """Write the day's next inventory; None if those that exist name everything already."""
    number, known = 1, set[Listing]()
    path = folder / f"{day}.json"
    try:
        folder.mkdir(exist_ok=True)
        while path.exists():
            inventory = Inventory.model_validate_json(path.read_bytes())
            known |= {Listing(file.key, file.size, file.sha256) for file in inventory.files}
            number += 1
            path = folder / f"{day}_{number}.json"
        if known.issuperset(listings):
            return None
        write_durably(path, _content(day, known | set(listings)))
    except (OSError, ValidationError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not an inventory"
        raise SourceChanged(f"{path}: {reason}") from error
    return path


def _content(day: str, listings: set[Listing]) -> bytes:
    files = tuple(
        InventoryFile(key=listing.key, size=listing.size, sha256=listing.sha256)
        for listing in sorted(listings, key=lambda listing: listing.key)
    )
    text = Inventory(day=day, files=files).model_dump_json(indent=2, by_alias=True)
    return f"{text}\n".encode()
