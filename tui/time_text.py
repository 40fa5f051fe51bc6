"""Moments and durations as people read them."""

from datetime import UTC, datetime, timezone
from typing import Final

_NS: Final = 1_000_000_000
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400
_LONGEST_H: Final = 48
"""From here on days say more than hours."""


def clock(utc_ns: int, zone: timezone) -> str:
    """Return the time of day, such as 12:03:04."""
    return f"{_local(utc_ns, zone):%H:%M:%S}"


def hour_minute(utc_ns: int, zone: timezone) -> str:
    """Return the time of day without seconds, such as 12:03."""
    return f"{_local(utc_ns, zone):%H:%M}"


def moment(utc_ns: int, zone: timezone) -> str:
    """Return day and time, such as 2026-11-22 12:03:04."""
    return f"{_local(utc_ns, zone):%Y-%m-%d %H:%M:%S}"


def age_s(utc_ns: int, now_utc_ns: int) -> float:
    """Return the seconds since a moment, never less than none."""
    return max(0.0, (now_utc_ns - utc_ns) / _NS)


def duration(seconds: float) -> str:
    """Return a duration, such as 4 s, 12 min 03 s, 5 h 07 min, 3 d 04 h."""
    whole = max(0, int(seconds))
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < _LONGEST_H * _HOUR_S:
        return f"{whole // _HOUR_S} h {whole % _HOUR_S // 60:02d} min"
    return f"{whole // _DAY_S} d {whole % _DAY_S // _HOUR_S:02d} h"


def short_duration(seconds: float) -> str:
    """Return a duration in at most five cells up to 99 days: 4s, 12m03, 5h07, 3d04."""
    whole = max(0, int(seconds))
    if whole < _MINUTE_S:
        return f"{whole}s"
    if whole < _HOUR_S:
        return f"{whole // 60}m{whole % 60:02d}"
    if whole < _LONGEST_H * _HOUR_S:
        return f"{whole // _HOUR_S}h{whole % _HOUR_S // 60:02d}"
    return f"{whole // _DAY_S}d{whole % _DAY_S // _HOUR_S:02d}"


def hours_text(hours: float) -> str:
    """Return hours as days and hours when there are many, such as 4.5 h or 12 d 06 h."""
    return f"{hours:.1f} h" if hours < _LONGEST_H else duration(hours * _HOUR_S)


def zt_text(zt_h: float) -> str:
    """Return Zeitgeber time in hours and minutes, such as ZT 05:12."""
    minutes = int(zt_h * 60)
    return f"ZT {minutes // 60:02d}:{minutes % 60:02d}"


def _local(utc_ns: int, zone: timezone) -> datetime:
    return datetime.fromtimestamp(utc_ns // _NS, UTC).astimezone(zone)
