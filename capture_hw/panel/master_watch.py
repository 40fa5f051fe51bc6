"""A second master on a panel's line, seen by the panel's own count of commands."""

from dataclasses import dataclass
from typing import Final

_MODULUS: Final = 65_536


@dataclass(frozen=True, slots=True)
class _Seen:
    resets: int
    commands: int
    sent: int


class MasterWatch:
    """Compares what a panel has understood with what was sent to it.

    A panel takes commands in the order in which they were sent, so when it has answered a question
    it has taken or lost everything before that. It cannot have taken more than was sent, unless
    somebody else sends too; that a command of ours was lost may hide one of theirs.
    """

    def __init__(self) -> None:
        self.foreign = 0
        """Commands that somebody else sent, at least."""
        self._before: _Seen | None = None

    def see(self, resets: int, commands: int, sent: int) -> None:
        """Take the panel's counts, and how many questions were sent up to the one for them."""
        before, self._before = self._before, _Seen(resets, commands, sent)
        if before is None or before.resets != resets:
            return
        taken = (commands - before.commands) % _MODULUS
        self.foreign += max(0, taken - (sent - before.sent))
