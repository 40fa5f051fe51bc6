"""What a store of finished files can do; S3 and a folder are the two there are."""

from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sync.checksum import FileDigest
from sync.part_notes import PartNotes


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as the store describes it. Checksums are those that the store checked itself."""

    size: int
    sha256: str | None = None
    """Of the whole, 64 hexadecimal digits; None if the store does not know."""
    composite: str | None = None
    """Of the parts' checksums, as in `FileDigest.composite`; None if the store does not know."""


@dataclass(frozen=True, slots=True)
class Source:
    """A finished file on its way."""

    path: Path
    digest: FileDigest
    notes: PartNotes
    on_block: Callable[[], None]
    """Called before every block that is read or received, from the caller's thread; may raise."""
    on_sent: Callable[[int], None]
    """Told the bytes of every part that the store has taken."""


class Store(Protocol):
    """Objects under keys, made once and never changed. One thread at a time.

    Every method raises StoreAway or StoreRefused. A request to a server ends within 70 s; how long
    a mounted folder may take is the kernel's affair.
    """

    @property
    def name(self) -> str:
        """Which store, for people."""

    def identity(self, expected: str | None) -> str:
        """Ask the store who it is: another store has another answer. The probe of every connection.

        `expected` is the answer of last time; a store that can tell that it is not there raises
        StoreAway instead of taking the empty place for a new one.
        """

    def head(self, key: str) -> StoredObject | None:
        """Describe an object; None if there is none."""

    def put(self, key: str, source: Source) -> None:
        """Make an object, whole or not at all; goes on where `source.notes` says.

        Raises ObjectExists (and leaves the object alone), TransferDamaged or SourceChanged.
        """

    def read(self, key: str) -> Generator[bytes, None, None]:
        """Yield an object's bytes from the store itself, in blocks; raises TransferDamaged.

        Close the generator if it is not read to its end.
        """

    def close(self) -> None:
        """Close connections; safe to call twice. What is asked next opens them again."""

    def drop_orphans(self, prefix: str, kept: Collection[str], older_than_s: float) -> int:
        """Remove what unfinished puts below `prefix` left, `kept` upload ids aside; count them."""
