"""What the screens draw: the rack's last known state and how the connection is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from appliance.status import CageStatus, History, RackStatus

ConnectionState: TypeAlias = Literal["live", "waiting", "lost"]


@dataclass(frozen=True, slots=True)
class Connection:
    """The way to the supervisor.

    waiting: it has not answered yet; lost: it answered once and does not any more.
    """

    state: ConnectionState
    since_utc_ns: int
    """By this machine's clock."""
    for_s: float
    """On the monotonic clock."""
    reason: str = ""
    """One sentence, unless it is live."""


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which history: the last hours in so many bins."""

    hours: float
    bins: int


@dataclass(frozen=True, slots=True)
class Picture:
    """One moment. With a connection that is not live, `status` is the last known."""

    connection: Connection
    status: RackStatus | None = None
    histories: Mapping[HistoryQuery, History] = field(default_factory=dict)
    history_fault: str = ""
    """Why there is no history, one sentence."""

    @property
    def is_old(self) -> bool:
        """Whether what is shown was true once and may not be now."""
        return self.connection.state != "live"

    def cage(self, number: int) -> CageStatus | None:
        """Return a cage by its number."""
        cages = self.status.cages if self.status else ()
        return next((cage for cage in cages if cage.cage == number), None)

    def codes(self, cage: int, hours: float, bins: int) -> tuple[int | None, ...]:
        """Return a cage's last hours in `bins` bins, oldest first; None where nothing is known.

        Until the exact history has come, the closest one of the same hours stands in for it.
        """
        fitting = [query for query in self.histories if query.hours == hours]
        if not fitting or bins <= 0:
            return (None,) * max(0, bins)
        query = min(fitting, key=lambda one: abs(one.bins - bins))
        for row in self.histories[query].cages:
            if row.cage == cage and row.codes:
                count = len(row.codes)
                return tuple(row.codes[place * count // bins] for place in range(bins))
        return (None,) * bins
