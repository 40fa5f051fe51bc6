"""Which store a configuration names."""

from sync.folder_store import FolderStore
from sync.s3_store import S3Store
from sync.store import Store
from sync.store_config import StoreConfig


def open_store(config: StoreConfig) -> Store:
    """Return the store; nothing is asked of it before `identity`."""
    if config.kind == "s3":
        return S3Store(config)
    return FolderStore(config)
