"""The page of light: the rack's phase and a block for each panel."""

from collections.abc import Iterator
from datetime import timezone
from typing import Final

from rich.style import Style

from appliance.report import LightsDetail
from appliance.status import RackStatus
from tui.amount_text import count
from tui.condition import worker_sentence
from tui.ink import ALARM, CAUTION, PLAIN, QUIET, SELECTED, STRONG
from tui.level_table import level_table
from tui.line import Line, cropped, field, text
from tui.panel_view import PanelView, change_words, is_well, lights_worker
from tui.plain_text import wrapped
from tui.plan_band import BAND_WIDTH, plan_band
from tui.time_text import zt_text

_NAME: Final = 13
_NO_PANEL: Final = (
    "This rack has no light panel: none stands in its configuration, so nothing here gives light."
)
_NO_REPORT: Final = (
    "The lights worker does not report. A panel that keeps its plan itself goes on by it."
)
_ALONE: Final = "kept by this machine alone; without it light stays as it is"


def light_page(
    status: RackStatus, views: list[PanelView], place: int, zone: timezone, width: int
) -> tuple[list[Line], list[range]]:
    """Return the page, and which of its lines belong to each panel; `place` is selected."""
    lines = [*_worker(status, width), *_rack(status, zone, width)]
    blocks: list[range] = []
    for number, view in enumerate(views):
        lines.append(())
        begin = len(lines)
        lines += panel_block(view, width, selected=number == place)
        blocks.append(range(begin, len(lines)))
    plans = [view.plan for view in views if view.plan is not None]
    if plans and width >= BAND_WIDTH:
        *_, key = plan_band(plans[0], status.time_utc_ns, zone)
        lines += [(), cropped(key, width)]
    return lines, blocks


def panel_block(view: PanelView, width: int, *, selected: bool) -> list[Line]:
    """Return everything about one panel."""
    word, style = view.state
    mark = text(" ▶ " if selected else "   ", SELECTED)
    name = text(f"Panel {view.panel.panel}  ", SELECTED if selected else STRONG)
    lines = [cropped([mark, name, text(f" {word} ", style)], width)]
    if view.panel.reason:
        lines += _fact("fault", f"▲ {view.panel.reason}", width, ALARM)
    if view.override_words:
        lines += _fact("by hand", f"■ {view.override_words}", width, CAUTION)
    lines += _fact("phase", view.phase_words, width)
    lines += level_table(view.panel, width)
    for title, words in _facts(view):
        lines += _fact(title, words, width)
    return lines + _band(view, width)


def _facts(view: PanelView) -> Iterator[tuple[str, str]]:
    panel = view.panel
    if panel.clock_off_s is None:
        yield "clock", "unknown"
    else:
        # Rounded before the sign is written, so that there is no -0.0.
        yield "clock", f"{round(panel.clock_off_s, 1) + 0.0:+.1f} s against this machine"
    faults = count(panel.line_faults, "fault", "faults")
    restarts = count(panel.resets, "restart", "restarts")
    yield "line", f"{faults}, {restarts} of the panel since the worker began"
    number = f", serial number {panel.serial_number}" if panel.serial_number else ""
    yield "port", f"{panel.port or 'not open'}{number}"
    if not panel.keeps_schedule:
        yield "schedule", _ALONE
    yield "cages", " ".join(view.cages) or "no cage names this panel"


def _band(view: PanelView, width: int) -> list[Line]:
    if view.plan is None:
        return _fact("plan", f"cannot be drawn: {view.plan_fault}", width, CAUTION)
    if width < BAND_WIDTH:
        return _fact("plan", f"drawn from {BAND_WIDTH + 1} columns on", width, QUIET)
    *rows, _key = plan_band(view.plan, view.now_utc_ns, view.zone)
    return [cropped(row, width) for row in rows]


def _worker(status: RackStatus, width: int) -> list[Line]:
    """Return what is wrong with who watches the panels."""
    worker = lights_worker(status)
    if worker is None or is_well(worker):
        return []
    word = "SILENT" if worker.state == "ready" else worker.state.upper()
    words = f"▲ lights worker {word} {worker_sentence(worker)}".rstrip()
    return [cropped([text(f" {row}", ALARM)], width) for row in wrapped(words, width - 2)]


def _rack(status: RackStatus, zone: timezone, width: int) -> list[Line]:
    lights = status.lights
    if lights is None:
        return _sentence(_NO_REPORT if lights_worker(status) else _NO_PANEL, width)
    lines = _sentence(_phase(lights, status.time_utc_ns, zone), width)
    if lights.record_fault:
        lines += _fact("light record", f"▲ {lights.record_fault}", width, ALARM)
    if not lights.panels:
        lines += _sentence("No panel has answered yet.", width)
    return lines


def _phase(lights: LightsDetail, now_utc_ns: int, zone: timezone) -> str:
    change = change_words(lights, now_utc_ns, zone)
    return f"The rack: {lights.phase}, {zt_text(lights.zt_h)}, {change}"


def _sentence(words: str, width: int) -> list[Line]:
    return [cropped([text(f" {row}", STRONG)], width) for row in wrapped(words, width - 2)]


def _fact(name: str, words: str, width: int, style: Style = PLAIN) -> list[Line]:
    """Return a name and what is known under it, in as many lines as that needs."""
    rows = wrapped(words, max(8, width - _NAME - 1))
    names = [f"   {name}"] + [""] * (len(rows) - 1)
    return [
        cropped([field(left, _NAME, QUIET), text(row, style)], width)
        for left, row in zip(names, rows, strict=True)
    ]
