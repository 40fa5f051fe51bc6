"""Moments, lengths and levels of light as people read them."""

from datetime import UTC, datetime, timezone
from typing import Final

from capture_hw.photoperiod import SECOND_NS

_MINUTE_S: Final = 60
_HOUR_S: Final = 3600


def local(utc_ns: int, zone: timezone) -> datetime:
    """Return a moment in standard time, in whole seconds."""
    return datetime.fromtimestamp(utc_ns // SECOND_NS, UTC).astimezone(zone)


def moment_text(utc_ns: int, zone: timezone) -> str:
    """Return day and time, such as 2026-12-01 07:00, with seconds if there are any."""
    return f"{local(utc_ns, zone):%Y-%m-%d} {clock_text(utc_ns, zone)}"


def clock_text(utc_ns: int, zone: timezone) -> str:
    """Return the time of day, such as 07:00 or 07:00:30."""
    moment = local(utc_ns, zone)
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def length_text(seconds: float) -> str:
    """Return a length without parts that are zero, such as 12 h, 1 h 30 min, 45 s."""
    whole = int(seconds)
    parts = (
        (whole // _HOUR_S, "h"),
        (whole % _HOUR_S // _MINUTE_S, "min"),
        (whole % _MINUTE_S, "s"),
    )
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def hours_text(seconds: int) -> str:
    """Return a length in few columns, such as 12:00, 0:30, 9:04:18."""
    head = f"{seconds // _HOUR_S}:{seconds % _HOUR_S // _MINUTE_S:02d}"
    return f"{head}:{seconds % _MINUTE_S:02d}" if seconds % _MINUTE_S else head


def zt_text(zt_h: float) -> str:
    """Return Zeitgeber time in hours and minutes, such as ZT 05:12; long cycles pass 24."""
    minutes = int(zt_h * 60 + 1e-6)
    return f"ZT {minutes // 60:02d}:{minutes % 60:02d}"


def white_text(from_permille: int, to_permille: int) -> str:
    """Return white light, such as 60 %, 0 to 60 %, off."""
    if from_permille == to_permille:
        return f"{from_permille / 10:g} %" if from_permille else "off"
    return f"{from_permille / 10:g} to {to_permille / 10:g} %"


def offset_text(zone: timezone) -> str:
    """Return the offset of standard time, such as UTC+01:00."""
    minutes = int(zone.utcoffset(None).total_seconds()) // _MINUTE_S
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
