"""Errors of the sync package, named by what the caller can do."""


class SyncError(Exception):
    """Anything that keeps a file from being safe in the store; the message is one sentence."""


class StoreAway(SyncError):
    """The store does not answer, or fails; try again later."""


class StoreRefused(SyncError):
    """The store or its configuration says no; ask a person, then try again."""


class ObjectExists(SyncError):
    """The key is taken already; look whether by the same content."""


class ObjectConflict(SyncError):
    """The key holds other content, which is not ours to change; ask a person."""


class TransferDamaged(SyncError):
    """What arrived is not what was sent; send it again."""


class SourceChanged(SyncError):
    """The local file is gone, unreadable or not what it was; look at it again."""


class UploadStopped(SyncError):
    """The caller asked to stop."""
