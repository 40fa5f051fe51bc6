"""Judges the rack's state each second and tells people through the event ledger."""

import logging
import time
from typing import Final

from appliance.alert import AlertBook, Change, Finding
from appliance.alert_rule import findings
from appliance.cage_plan import cage_plan, panel_plan, rack_plan
from appliance.config import RackConfig
from appliance.event import AlertPayload, rfc3339
from appliance.gap_growth import GapGrowth
from appliance.ledger_writer import LedgerWriter
from appliance.outbox import Event
from appliance.status import AlertStatus, RackStatus
from capture_hw.light_plan import LightPlan

_log = logging.getLogger(__name__)
SCHEMA: Final = "ethoprofiler.alert/1"


class Alarm:
    """The rack's alerts: open ones, their log lines and events. One thread."""

    def __init__(
        self, config: RackConfig, ledger: LedgerWriter, open_alerts: list[AlertStatus]
    ) -> None:
        self._limits: Final = config.alerts
        self._ledger: Final = ledger
        self._plans: Final = _plans(config)
        self._rack_plan: Final = rack_plan(config)
        self._book: Final = AlertBook(open_alerts, time.monotonic())
        self._gaps: Final = GapGrowth()

    def open_alerts(self) -> tuple[AlertStatus, ...]:
        """Return what is open, the worst first."""
        return self._book.open_alerts()

    def judge(self, status: RackStatus, own: list[Finding], now_s: float) -> None:
        """Open and close alerts. `own`: what hinders the supervisor itself."""
        found = own + findings(status, self._limits, self._gaps.take(status, now_s))
        for change in self._book.update(found, now_s, status.time_utc_ns):
            self._tell(change, status.time_utc_ns)

    def acknowledge(self, alert_id: str) -> bool:
        """Note that a person knows; say whether such an alert is open."""
        alert = self._book.acknowledge(alert_id)
        if alert is None:
            return False
        self._put((alert_id, alert), time.time_ns())
        return True

    def _tell(self, change: Change, utc_ns: int) -> None:
        alert_id, alert = change
        if alert is None:
            _log.info("alert %s: over", alert_id)
        else:
            level = logging.ERROR if alert.severity == "critical" else logging.WARNING
            _log.log(level, "alert %s: %s", alert_id, alert.text)
        self._put(change, utc_ns)

    def _put(self, change: Change, utc_ns: int) -> None:
        alert_id, alert = change
        event = Event(
            topic=f"alert/{alert_id}",
            schema=SCHEMA,
            time_utc_ns=utc_ns,
            zt_h=self._plan(alert_id).zt_h(utc_ns),
            payload=_payload(alert) if alert else None,
            retained=True,
        )
        self._ledger.put(event, change)

    def _plan(self, alert_id: str) -> LightPlan:
        """Return the light of the cage or panel that an alert is about, or the rack's."""
        # `panel-left-unseen` may be of `left` or of `left-unseen`: the longest name first.
        for subject in sorted(self._plans, key=len, reverse=True):
            if f"{alert_id}-".startswith(f"{subject}-"):
                return self._plans[subject]
        return self._rack_plan


def _plans(config: RackConfig) -> dict[str, LightPlan]:
    """Return the plan of each cage and panel, by how the ids of its alerts begin."""
    cages = {f"cage-{cage.label}": cage_plan(config, cage) for cage in config.cage}
    names = [panel.name for panel in config.lights.panel]
    return cages | {f"panel-{name}": panel_plan(config, name) for name in names}


def _payload(alert: AlertStatus) -> AlertPayload:
    return AlertPayload(
        kind=alert.kind,
        severity=alert.severity,
        since=rfc3339(alert.since_utc_ns),
        text=alert.text,
        acknowledged=alert.acknowledged,
    )
