"""Alerts: what a person should know now, opened and closed without fluttering."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from appliance.status import AlertStatus, Severity

_CLEAR_AFTER_S: Final = 15.0
"""A cause that comes back within this time was never gone."""
_RANK: Final[Mapping[Severity, int]] = {"critical": 0, "warning": 1, "info": 2}

Change: TypeAlias = tuple[str, AlertStatus | None]
"""The id of an alert and what it is now; None when it is over."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause that is there now."""

    id: str
    """Stable for one cause, such as `cage-03-stalled`; fit for a topic."""
    kind: str
    severity: Severity
    text: str
    after_s: float = 0.0
    """How long it must last before people are told."""
    clear_after_s: float = _CLEAR_AFTER_S
    """How long it must be gone before people are told that it is over."""


@dataclass(slots=True)
class _Cause:
    """What is remembered of a cause, open or not yet."""

    since_utc_ns: int
    since_s: float
    seen_s: float
    clear_after_s: float = _CLEAR_AFTER_S
    alert: AlertStatus | None = None


class AlertBook:
    """The causes that are there or were a moment ago. Times in seconds are monotonic."""

    def __init__(self, open_alerts: Iterable[AlertStatus], now_s: float) -> None:
        """Begin with what a predecessor left open, so that nothing is told twice."""
        self._causes: Final = {
            alert.id: _Cause(alert.since_utc_ns, now_s, now_s, alert=alert) for alert in open_alerts
        }

    def open_alerts(self) -> tuple[AlertStatus, ...]:
        """Return what is open, the worst first, then the oldest."""
        alerts = [cause.alert for cause in self._causes.values() if cause.alert]
        return tuple(sorted(alerts, key=lambda a: (_RANK[a.severity], a.since_utc_ns, a.id)))

    def update(self, findings: Iterable[Finding], now_s: float, utc_ns: int) -> list[Change]:
        """Take what is found now; return what opened, changed its severity, or ended."""
        changes: list[Change] = []
        for finding in findings:
            cause = self._causes.setdefault(finding.id, _Cause(utc_ns, now_s, now_s))
            cause.seen_s, cause.clear_after_s = now_s, finding.clear_after_s
            if cause.alert is None and now_s - cause.since_s < finding.after_s:
                continue
            before = cause.alert
            cause.alert = AlertStatus(
                id=finding.id,
                kind=finding.kind,
                severity=finding.severity,
                since_utc_ns=cause.since_utc_ns,
                text=finding.text,
                acknowledged=before.acknowledged if before else False,
            )
            if before is None or before.severity != finding.severity:
                changes.append((finding.id, cause.alert))
        return changes + self._end(now_s)

    def acknowledge(self, alert_id: str) -> AlertStatus | None:
        """Note that a person knows, until the cause is gone; None if no such alert is open."""
        cause = self._causes.get(alert_id)
        if cause is None or cause.alert is None:
            return None
        cause.alert = cause.alert.model_copy(update={"acknowledged": True})
        return cause.alert

    def _end(self, now_s: float) -> list[Change]:
        changes: list[Change] = []
        for alert_id, cause in list(self._causes.items()):
            gone_s = now_s - cause.seen_s
            if cause.alert is None and gone_s > 0:
                del self._causes[alert_id]
            elif gone_s >= cause.clear_after_s:
                del self._causes[alert_id]
                changes.append((alert_id, None))
        return changes
