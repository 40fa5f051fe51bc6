"""Light, disk, broker, store, clock and workers in as few lines as they need."""

from collections.abc import Sequence
from datetime import timezone
from typing import Final

from rich.segment import Segment
from rich.style import Style

from appliance.report import LightsDetail
from appliance.status import RackStatus, WorkerStatus
from tui.amount_text import bytes_text, count
from tui.condition import worker_sentence
from tui.ink import CAUTION, CRITICAL, PLAIN, QUIET, STRONG
from tui.line import Line, flowed, text
from tui.time_text import age_s, duration, hour_minute, hours_text, zt_text

_DISK_CAUTION_H: Final = 72.0
_DISK_CRITICAL_H: Final = 24.0
_Item = list[Segment]


def rack_lines(status: RackStatus, zone: timezone, width: int) -> list[Line]:
    """Return the state of everything that all cages share."""
    items = [
        _light(status),
        *_by_hand(status, zone),
        _disk(status),
        _broker(status),
        _store(status),
        _clock(status),
    ]
    items += [_worker(worker) for worker in status.workers if _is_notable(worker)]
    return [(text(" "), *line) for line in flowed(items, width - 1)]


def _light(status: RackStatus) -> _Item:
    lights = status.lights
    if lights is None:
        return _item("light", *_missing(status.workers, "lights", "no panel"))
    words = f"{lights.phase}, {zt_text(lights.zt_h)}, {_following(lights, status.time_utc_ns)}"
    faults = [panel for panel in lights.panels if panel.reason]
    if faults:
        number = f"{len(faults)} panels at fault, " if len(faults) > 1 else ""
        return _item("light", f"{words}; {number}{faults[0].reason}", CRITICAL)
    return _item("light", words, STRONG)


def _by_hand(status: RackStatus, zone: timezone) -> list[_Item]:
    """Return until when a person gives other light on which panel."""
    panels = status.lights.panels if status.lights else ()
    ends = [
        f"{hour_minute(panel.override.until_utc_ns, zone)} ({panel.panel})"
        for panel in panels
        if panel.override is not None
    ]
    return [_item("light", f"by hand until {', '.join(ends)}", CAUTION)] if ends else []


def _following(lights: LightsDetail, now_utc_ns: int) -> str:
    if lights.next_change_utc_ns is None:
        return f"always {lights.phase}"
    following = "dark" if lights.phase == "light" else "light"
    return f"{following} in {duration(age_s(now_utc_ns, lights.next_change_utc_ns))}"


def _disk(status: RackStatus) -> _Item:
    disk = status.disk
    if disk is None:
        return _item("disk", "unknown", CAUTION)
    free = bytes_text(disk.free_bytes)
    if disk.hours_left is None:
        return _item("disk", f"{free} free", PLAIN)
    style = PLAIN
    if disk.hours_left < _DISK_CAUTION_H:
        style = CRITICAL if disk.hours_left < _DISK_CRITICAL_H else CAUTION
    return _item("disk", f"{hours_text(disk.hours_left)} left ({free})", style)


def _broker(status: RackStatus) -> _Item:
    publisher = status.publisher
    if publisher is None:
        return _item("broker", *_missing(status.workers, "publisher", "none"))
    waiting = f", {count(publisher.waiting, 'event waits', 'events wait')}"
    if not publisher.connected:
        return _item("broker", f"AWAY{waiting} {publisher.reason}".rstrip(), CAUTION)
    return _item("broker", "ok" + (waiting if publisher.waiting else ""), PLAIN)


def _store(status: RackStatus) -> _Item:
    uploader = status.uploader
    if uploader is None:
        return _item("upload", *_missing(status.workers, "uploader", "no store"))
    backlog = "nothing waits"
    if uploader.waiting_files:
        files = count(uploader.waiting_files, "file", "files")
        backlog = f"{files}, {bytes_text(uploader.waiting_bytes)}"
    if uploader.conflicts:
        conflicts = count(uploader.conflicts, "CONFLICT", "CONFLICTS")
        return _item("upload", f"{conflicts}; {backlog}", CRITICAL)
    if not uploader.reachable:
        return _item("upload", f"STORE AWAY, {backlog} {uploader.reason}".rstrip(), CAUTION)
    return _item("upload", backlog, PLAIN)


def _clock(status: RackStatus) -> _Item:
    if status.clock_synchronized:
        return _item("clock", "ok", PLAIN)
    return _item("clock", "NOT SYNCHRONIZED", CAUTION)


def _worker(worker: WorkerStatus) -> _Item:
    words = f"{worker.state.upper()} {worker_sentence(worker)}".rstrip()
    return _item(worker.name, words, CRITICAL if worker.state == "failed" else CAUTION)


def _is_notable(worker: WorkerStatus) -> bool:
    return worker.state != "ready" or bool(worker.reason)


def _missing(workers: Sequence[WorkerStatus], name: str, absent: str) -> tuple[str, Style]:
    """Tell a part that is not configured from one that says nothing."""
    if any(worker.name == name for worker in workers):
        return "no report", CAUTION
    return absent, QUIET


def _item(name: str, words: str, style: Style) -> _Item:
    return [text(f"{name} ", QUIET), text(words, style)]
