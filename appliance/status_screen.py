"""A running rack on one screen, as people read it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from appliance.sentence import about
from appliance.status import AlertStatus, CageStatus, RackStatus, WorkerStatus

_ALERT_STYLE: Final = {"critical": "bold red", "warning": "yellow", "info": "cyan"}
_STATE_STYLE: Final = {"recording": "green", "opening": "yellow", "starting": "yellow"}
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400
_KILO: Final = 1000.0


def status_screen(status: RackStatus) -> RenderableType:
    """Return everything worth a line, in 80 columns."""
    return Group(_header(status), _cages(status), *_rest(status), *_alerts(status))


def _header(status: RackStatus) -> Text:
    moment = datetime.fromtimestamp(status.time_utc_ns / 1e9, UTC)
    name = f"{status.facility}/{status.rack}"
    rest = f"up {duration(status.up_s)}   {moment:%Y-%m-%d %H:%M:%S} UTC   {status.software}"
    return Text.assemble((name, "bold"), "   ", rest)


def _cages(status: RackStatus) -> Table:
    table = Table(box=None, pad_edge=False, expand=False)
    table.add_column("cage")
    table.add_column("animal", no_wrap=True, max_width=12)
    table.add_column("recording", no_wrap=True)
    for title in ("fps", "gaps"):
        table.add_column(title, justify="right")
    table.add_column("behavior", no_wrap=True)
    for title in ("for", "sure", "lag"):
        table.add_column(title, justify="right", no_wrap=True)
    for cage in status.cages:
        table.add_row(*_row(cage, status.time_utc_ns))
    return table


def _row(cage: CageStatus, now_utc_ns: int) -> Iterator[Text]:
    state = recording_state(cage)
    recorder, label = cage.recorder, cage.label
    yield Text(f"{cage.cage:02d}")
    yield Text(plain(cage.animal), overflow="ellipsis")
    yield Text(state, _STATE_STYLE.get(state, "bold red" if cage.wanted else "dim"))
    yield Text(f"{recorder.fps:.1f}" if recorder else "-")
    yield Text(str(recorder.gaps) if recorder else "-")
    if label is None or label.behavior is None:
        yield from (Text("-"), Text("-"), Text("-"), Text("-"))
        return
    yield Text(label.behavior)
    yield Text(duration(max(0.0, (now_utc_ns - label.since_utc_ns) / 1e9)))
    yield Text(f"{label.confidence:.0%}")
    yield Text(_lag(label.lag_s) if state == "recording" else "-")


def recording_state(cage: CageStatus) -> str:
    """Return a cage's recording in a word."""
    if cage.recorder is not None and cage.worker.state in ("ready", "stopping"):
        return cage.recorder.state
    return cage.worker.state


def _lag(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < _MINUTE_S else duration(seconds)


def _rest(status: RackStatus) -> Iterator[Text]:
    yield from (_worker(w) for w in status.workers if w.state != "ready" or w.reason)
    yield from (_worker(c.worker) for c in status.cages if c.worker.reason)
    if lights := status.lights:
        change = "no change"
        if lights.next_change_utc_ns is not None:
            left_s = (lights.next_change_utc_ns - status.time_utc_ns) / 1e9
            change = f"change in {duration(left_s)}"
        yield _line("lights", f"{lights.phase}, ZT {lights.zt_h:.1f}, {change}")
    if classifier := status.classifier:
        rate = f"{classifier.frames_per_s:.0f} frames/s on {classifier.device}"
        yield _line("labels", f"{classifier.model}, {rate}")
    yield from _pictures(status)
    if publisher := status.publisher:
        state = "connected" if publisher.connected else publisher.reason or "not connected"
        said = about(publisher.broker, publisher.broker, state)
        yield _line("broker", f"{said}, {publisher.waiting} events wait")
    if uploader := status.uploader:
        state = "reachable" if uploader.reachable else uploader.reason or "not reachable"
        waiting = f"{uploader.waiting_files} files wait ({amount(uploader.waiting_bytes)})"
        yield _line("store", f"{about(uploader.store, uploader.store, state)}, {waiting}")
    for name, disk in (("disk", status.disk), ("spool", status.spool)):
        if disk is not None:
            full = disk.hours_left
            left = "" if full is None else f", full in {duration(full * _HOUR_S)}"
            free = f"{amount(disk.free_bytes)} of {amount(disk.total_bytes)} free"
            yield _line(name, free + left)
    if not status.clock_synchronized:
        yield _line("clock", "not synchronized", "yellow")


def _pictures(status: RackStatus) -> Iterator[Text]:
    watched = [cage.picture for cage in status.cages if cage.picture is not None]
    if not watched:
        return
    faulty = sum(bool(picture.faults) for picture in watched)
    bare = sum(not picture.is_commissioned for picture in watched)
    known = f", {bare} without a reference" if bare else ""
    state = f"{len(watched)} watched, {faulty} with a fault{known}"
    yield _line("pictures", state, "yellow" if faulty else "")


def _worker(worker: WorkerStatus) -> Text:
    reason = f": {worker.reason}" if worker.reason else ""
    wait = "" if worker.next_start_s is None else f", next start in {worker.next_start_s:g} s"
    style = "bold red" if worker.state == "failed" else "yellow"
    return _line(worker.name, f"{worker.state}{reason}{wait}", style)


def _line(title: str, text: str, style: str = "") -> Text:
    return Text.assemble((f"{title:<9} ", "dim"), (plain(text), style))


def _alerts(status: RackStatus) -> Iterator[Text]:
    for alert in status.alerts:
        yield _alert(alert, (status.time_utc_ns - alert.since_utc_ns) / 1e9)


def _alert(alert: AlertStatus, age_s: float) -> Text:
    known = ", known" if alert.acknowledged else ""
    head = f"{alert.severity} for {duration(max(0.0, age_s))}{known}: "
    style = "" if alert.acknowledged else _ALERT_STYLE[alert.severity]
    return Text.assemble((head, style), plain(alert.text), (f" [{alert.id}]", "dim"))


def duration(seconds: float) -> str:
    """Return a duration in its two largest units, such as `3 d 4 h`, `12 min`, `7 s`."""
    whole = int(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min"
    if whole < _DAY_S:
        return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S} min"
    return f"{whole // _DAY_S} d {whole % _DAY_S // _HOUR_S} h"


def amount(count: float) -> str:
    """Return bytes in decimal units, such as `1.2 TB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < _KILO:
            return f"{count:.3g} {unit}"
        count /= _KILO
    return f"{count:.3g} TB"


def plain(text: str) -> str:
    """Return text in which nothing can move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
