"""Files and sources of known content."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sync.checksum import digest_file
from sync.object_key import RackFile
from sync.store import Source
from sync.upload_ledger import FileOnDisk, UploadLedger

MIB = 1 << 20


def write_random(path: Path, size: int, seed: int = 1) -> Path:
    """Write `size` bytes that no two seeds share."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(np.random.default_rng(seed).bytes(size))
    return path


@dataclass
class Sender:
    """Makes sources with a ledger of their own and remembers what the store has taken."""

    ledger: UploadLedger
    sent: list[int] = field(default_factory=list)
    blocks: int = 0
    on_block_error: Exception | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def source(self, path: Path) -> Source:
        digest = self.ledger.digest(path.name)
        if digest is None:
            digest = digest_file(path, lambda: None)
            found = FileOnDisk(RackFile(path.name, "2026-11-22"), path.name, digest.size, 0)
            self.ledger.expect([found])
            self.ledger.note_digest(path.name, digest)
        return Source(path, digest, self.ledger.notes(path.name), self._on_block, self._on_sent)

    def _on_block(self) -> None:
        self.blocks += 1
        if self.on_block_error is not None:
            raise self.on_block_error

    def _on_sent(self, size: int) -> None:
        self.sent.append(size)
