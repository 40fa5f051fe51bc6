"""A store that is a folder, for example of a mounted server."""

import contextlib
import errno
import hashlib
import os
import time
import uuid
from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from disk.durable_file import PART_SUFFIX, sync_to_disk
from sync.error import ObjectExists, StoreAway, StoreRefused, TransferDamaged
from sync.file_slice import open_slice
from sync.store import Source, StoredObject
from sync.store_config import FolderStoreConfig

_MARKER: Final = ".ethoprofiler-store"
_INCOMING: Final = ".incoming"
_BLOCK_BYTES: Final = 8 << 20
_REFUSALS: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EOPNOTSUPP})


class FolderStore:
    """Objects are files; one appears under its key by a hard link, which never replaces another.

    The folder carries a marker file, so that the empty mount point of a server that is not mounted
    is not taken for the store. The folder knows no checksums: every object is read back.
    """

    def __init__(self, config: FolderStoreConfig) -> None:
        self._root: Final = config.path
        self._incoming: Final = config.path / _INCOMING
        self._own: Final = f"folder {config.path} "

    @property
    def name(self) -> str:
        """Which store, for people."""
        return f"folder {self._root}"

    def identity(self, expected: str | None) -> str:
        """Return path and marker; makes the marker unless `expected` says that there was one."""
        marker = self._root / _MARKER
        with self._translated(str(self._root)):
            if not self._root.is_dir():
                raise StoreAway(f"{self._root}: there is no such folder; is the server mounted?")
            if not marker.exists():
                if expected is not None and expected.startswith(self._own):
                    raise StoreAway(f"{marker}: is not there any more; is the server mounted?")
                self._mark(marker)
            content = marker.read_text(encoding="utf-8").strip()
            self._incoming.mkdir(exist_ok=True)
            if not os.access(self._incoming, os.W_OK | os.X_OK):
                raise StoreRefused(f"{self._incoming}: may not be written to")
        return self._own + content

    def head(self, key: str) -> StoredObject | None:
        """Describe an object; None if there is none."""
        with self._translated(key):
            self._demand_marker()
            try:
                return StoredObject((self._root / key).stat().st_size)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def put(self, key: str, source: Source) -> None:
        """Copy under a passing name, wait for the disk, link to the key."""
        target = self._root / key
        incoming = self._incoming / f"{uuid.uuid4()}{PART_SUFFIX}"
        with self._translated(key):
            self._demand_marker()
            _make_folders(self._root, target.parent)
            try:
                _copy(source, incoming)
                try:
                    os.link(incoming, target)
                except FileExistsError as error:
                    raise ObjectExists(f"{target}: exists already") from error
                sync_to_disk(target.parent)
            finally:
                incoming.unlink(missing_ok=True)

    def read(self, key: str) -> Generator[bytes, None, None]:
        """Yield an object's bytes, past the page cache as far as the kernel lets us."""
        with self._translated(key), (self._root / key).open("rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while block := file.read(_BLOCK_BYTES):
                yield block

    def close(self) -> None:
        """Do nothing: no file stays open between calls."""

    def drop_orphans(self, prefix: str, kept: Collection[str], older_than_s: float) -> int:
        """Remove old passing files, of whoever; `prefix` and `kept` do not matter to a folder."""
        del prefix, kept
        dropped = 0
        with self._translated(_INCOMING):
            for path in self._incoming.glob(f"*{PART_SUFFIX}"):
                with contextlib.suppress(FileNotFoundError):
                    if time.time() - path.stat().st_mtime > older_than_s:
                        path.unlink()
                        dropped += 1
        return dropped

    def _mark(self, marker: Path) -> None:
        passing = marker.with_name(f"{marker.name}.{uuid.uuid4()}")
        passing.write_text(f"{uuid.uuid4()}\n", encoding="utf-8")
        try:
            sync_to_disk(passing)
            with contextlib.suppress(FileExistsError):  # another rack was first
                os.link(passing, marker)
            sync_to_disk(self._root)
        finally:
            passing.unlink()

    def _demand_marker(self) -> None:
        if not (self._root / _MARKER).exists():
            raise StoreAway(f"{self._root / _MARKER}: is not there; is the server mounted?")

    @contextmanager
    def _translated(self, subject: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            text = f"{self.name}: {subject}: {error.strerror}"
            kind = StoreRefused if error.errno in _REFUSALS else StoreAway
            if error.errno == errno.EPERM:
                text += " (the file system must know hard links)"
            raise kind(text) from error


def _make_folders(root: Path, folder: Path) -> None:
    """Make the folders of a key, each durably in its parent."""
    if folder == root or folder.is_dir():
        return
    _make_folders(root, folder.parent)
    folder.mkdir(exist_ok=True)
    sync_to_disk(folder.parent)


def _copy(source: Source, target: Path) -> None:
    size = source.digest.size
    with (
        open_slice(source.path, 0, size, source.on_block) as reader,
        target.open("xb") as writer,
    ):
        whole = hashlib.sha256()
        while block := reader.read(_BLOCK_BYTES):
            writer.write(block)
            whole.update(block)
            source.on_sent(len(block))
        writer.flush()
        if whole.hexdigest() != source.digest.sha256:
            raise TransferDamaged(f"{source.path}: changed while it was copied to {target}")
        os.fsync(writer.fileno())
