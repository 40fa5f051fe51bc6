"""What a person should know, the most urgent first."""

from typing import Final

from rich.segment import Segment
from rich.style import Style

from appliance.status import AlertStatus, RackStatus, Severity
from tui.amount_text import count
from tui.ink import CAUTION, CRITICAL, GOOD, PLAIN, QUIET, SELECTED, WARNING
from tui.line import Line, cropped, field, text
from tui.time_text import age_s, short_duration

_URGENCY: Final[dict[Severity, int]] = {"critical": 0, "warning": 1, "info": 2}
_STYLES: Final[dict[Severity, Style]] = {"critical": CRITICAL, "warning": WARNING, "info": PLAIN}


def sorted_alerts(status: RackStatus) -> list[AlertStatus]:
    """Return the alerts: what nobody has acknowledged first, then the gravest, then the newest."""
    return sorted(
        status.alerts,
        key=lambda one: (one.acknowledged, _URGENCY[one.severity], -one.since_utc_ns, one.id),
    )


def alert_title(status: RackStatus, width: int) -> Line:
    """Return how many alerts there are."""
    if not status.alerts:
        return cropped([text(" No alerts.", GOOD)], width)
    parts: list[Segment] = [text(" Alerts: ", QUIET)]
    for severity in _URGENCY:
        number = sum(one.severity == severity for one in status.alerts)
        if number:
            parts += [text(f" {number:,} {severity} ", _STYLES[severity]), text(" ")]
    known = sum(one.acknowledged for one in status.alerts)
    return cropped([*parts, text(f" {known:,} acknowledged", QUIET)], width)


def alert_line(alert: AlertStatus, now_utc_ns: int, width: int) -> Line:
    """Return one alert: severity, age, whether acknowledged, what is the matter."""
    style = QUIET if alert.acknowledged else _STYLES[alert.severity]
    age = short_duration(age_s(alert.since_utc_ns, now_utc_ns)).rjust(6)
    known = "acknowledged  " if alert.acknowledged else ""
    return cropped(
        [
            text(" "),
            field(f" {alert.severity.upper()}", 10, style),
            text(f"{age}  ", QUIET),
            text(known, QUIET),
            text(alert.text, QUIET if alert.acknowledged else PLAIN),
        ],
        width,
    )


def alert_panel(status: RackStatus, width: int, height: int) -> list[Line]:
    """Return the title and the most urgent alerts in at most `height` lines."""
    alerts = sorted_alerts(status)
    room = height - 1
    shown = alerts if len(alerts) <= room else alerts[: max(0, room - 1)]
    lines = [alert_title(status, width)] if height > 0 else []
    lines += [alert_line(alert, status.time_utc_ns, width) for alert in shown]
    if len(shown) < len(alerts) and room > 0:
        rest = count(len(alerts) - len(shown), "alert more", "alerts more")
        lines.append(cropped([text(f"  and {rest}: press a", CAUTION)], width))
    return lines


def alert_table(status: RackStatus, width: int, selected: int) -> list[Line]:
    """Return all alerts with a mark at the selected one."""
    lines = []
    for place, alert in enumerate(sorted_alerts(status)):
        mark = Segment("▶" if place == selected else " ", SELECTED)
        lines.append((mark, *alert_line(alert, status.time_utc_ns, width - 1)))
    return lines or [cropped([text("  Nothing is the matter.", QUIET)], width)]
