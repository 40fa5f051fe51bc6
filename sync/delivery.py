"""Bringing one file into the store and making sure that it is there."""

import hashlib
from contextlib import closing, suppress

from sync.error import ObjectConflict, ObjectExists, TransferDamaged
from sync.store import Source, Store, StoredObject


def deliver(store: Store, key: str, source: Source) -> None:
    """Return when the store has confirmed size and content of the file under `key`.

    An object that is there already is compared, not sent again and never replaced. Raises
    ObjectConflict, TransferDamaged, SourceChanged, StoreAway or StoreRefused.
    """
    stored = store.head(key)
    if stored is None:
        # Another writer was first, or our own request arrived and its answer did not.
        with suppress(ObjectExists):
            store.put(key, source)
        stored = store.head(key)
    if stored is None:
        raise TransferDamaged(f"{store.name}: {key}: is not there after it was sent")
    if not is_same(store, key, stored, source):
        raise ObjectConflict(
            f"{store.name}: {key}: holds another object ({stored.size} bytes, ours has "
            f"{source.digest.size}); it was left alone"
        )


def is_same(store: Store, key: str, stored: StoredObject, source: Source) -> bool:
    """Compare by size, then by the store's checksum, else by reading the object back."""
    digest = source.digest
    if stored.size != digest.size:
        return False
    if stored.sha256 is not None:
        return stored.sha256 == digest.sha256
    if stored.composite is not None and stored.composite == digest.composite:
        return True
    # No checksum, or one over parts of other sizes.
    whole = hashlib.sha256()
    with closing(store.read(key)) as blocks:
        for block in blocks:
            source.on_block()
            whole.update(block)
    return whole.hexdigest() == digest.sha256
