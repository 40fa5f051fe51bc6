"""How far the uploader is, as others see it."""

from dataclasses import dataclass

from sync.upload_ledger import Backlog


@dataclass(frozen=True, slots=True)
class Progress:
    """A snapshot."""

    is_reachable: bool | None
    """None before the store was asked for the first time."""
    reason: str
    """One sentence on what is wrong now; empty if nothing is."""
    backlog: Backlog
