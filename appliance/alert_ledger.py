"""The open alerts in the event ledger, so that a new supervisor does not tell them again."""

import sqlite3
from typing import Final

from pydantic import ValidationError

from appliance.alert import Change
from appliance.status import AlertStatus

SCHEMA: Final = "CREATE TABLE IF NOT EXISTS open_alert (id TEXT PRIMARY KEY, body TEXT NOT NULL)"


def store_alert(connection: sqlite3.Connection, change: Change) -> None:
    """Keep an alert as it is now, or forget it; inside a transaction. Raises sqlite3.Error."""
    alert_id, alert = change
    if alert is None:
        connection.execute("DELETE FROM open_alert WHERE id = ?", (alert_id,))
    else:
        connection.execute(
            "INSERT OR REPLACE INTO open_alert (id, body) VALUES (?, ?)",
            (alert_id, alert.model_dump_json()),
        )


def stored_alerts(connection: sqlite3.Connection) -> list[AlertStatus]:
    """Return the alerts that were open last; one of a release that spoke otherwise is left out.

    Raises sqlite3.Error.
    """
    alerts = []
    for (body,) in connection.execute("SELECT body FROM open_alert ORDER BY id"):
        try:
            alerts.append(AlertStatus.model_validate_json(body))
        except ValidationError:
            continue
    return alerts
