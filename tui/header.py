"""The first line, and the banner of a lost connection."""

from datetime import timezone

from tui.ink import CRITICAL, GOOD, QUIET, STRONG, TITLE, WARNING
from tui.line import Line, field, justified, text
from tui.picture import Picture
from tui.plain_text import wrapped
from tui.time_text import clock, duration, moment


def header_line(picture: Picture, zone: timezone, width: int) -> Line:
    """Return the rack's name, its clock, its software and the state of the connection."""
    status = picture.status
    words = {"live": ("LIVE", GOOD), "waiting": ("WAITING", WARNING), "lost": ("LOST", CRITICAL)}
    word, style = words[picture.connection.state]
    if status is None:
        return justified([text(" EthoProfiler", TITLE)], [text(f" {word} ", style)], width)
    name = [text(f" {status.facility}/{status.rack}", TITLE), text(f"  {status.software}", QUIET)]
    zone_name = zone.tzname(None) or "UTC"
    now = text(f" {moment(status.time_utc_ns, zone)} {zone_name} ", STRONG)
    return justified(name, [now, text(f" {word} ", style)], width)


def banner_lines(picture: Picture, zone: timezone, width: int) -> list[Line]:
    """Return what is to be said while there is no connection; nothing while there is one."""
    connection = picture.connection
    if connection.state == "live":
        return []
    since = f"since {clock(connection.since_utc_ns, zone)} ({duration(connection.for_s)})"
    if picture.status is None:
        said, style = f"Waiting for the rack {since}: {connection.reason}", WARNING
    else:
        shown = clock(picture.status.time_utc_ns, zone)
        said = f"NO CONNECTION {since}. What you see is OLD, of {shown}. "
        said, style = f"{said}Trying again. {connection.reason}", CRITICAL
    return [(field(f" {line}", width, style),) for line in wrapped(said, width - 2)]
