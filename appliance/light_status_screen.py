"""What the light panels of a running rack say, as people read it."""

from collections.abc import Iterator
from datetime import timezone

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from appliance.light_text import clock_text, moment_text, zt_text
from appliance.report import LightsDetail, PanelDetail
from appliance.status_screen import duration, plain
from capture_hw.photoperiod import SECOND_NS


def light_status_screen(lights: LightsDetail, now_ns: int, zone: timezone) -> RenderableType:
    """Return the rack's phase and a block for each panel, in 80 columns."""
    rack = f"{lights.phase}, {zt_text(lights.zt_h)}, {_change(lights, now_ns, zone)}"
    blocks: list[RenderableType] = [Text.assemble(("the rack   ", "bold"), rack)]
    for panel in lights.panels:
        blocks += ["", _title(panel), _block(panel, now_ns, zone)]
    if lights.record_fault:
        blocks += ["", Text(f"light record: {plain(lights.record_fault)}", "bold red")]
    return Group(*blocks)


def _title(panel: PanelDetail) -> Text:
    known = [f"serial number {panel.serial_number}"] if panel.serial_number else []
    known += [f"at {panel.port}"] if panel.port else []
    rest = ", ".join(known) or "not open"
    return Text.assemble((f"panel {panel.panel}", "bold"), "   ", plain(rest))


def _block(panel: PanelDetail, now_ns: int, zone: timezone) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for title, text, style in _lines(panel, now_ns, zone):
        table.add_row(f"  {title}", Text(plain(text), style))
    return table


def _lines(panel: PanelDetail, now_ns: int, zone: timezone) -> Iterator[tuple[str, str, str]]:
    yield "phase", f"{panel.phase}, {_change(panel, now_ns, zone)}", ""
    commanded, measured = _level(panel.white_commanded), _level(panel.white_measured)
    scheduled = f"scheduled {_level(panel.white_scheduled)}"
    yield "white", f"{scheduled}, commanded {commanded}, measured {measured}", ""
    commanded, measured = _level(panel.ir_commanded), _level(panel.ir_measured)
    yield "infrared", f"commanded {commanded}, measured {measured}", ""
    if panel.override is not None:
        yield "override", _override(panel, now_ns, zone), "yellow"
    off_s = panel.clock_off_s
    yield (
        "clock",
        "unknown" if off_s is None else f"{_rounded(off_s):+.1f} s against this machine",
        "",
    )
    yield "since start", f"faults of the line {panel.line_faults}, restarts {panel.resets}", ""
    if not panel.keeps_schedule:
        yield "schedule", "kept by this machine alone; without it light stays as it is", "yellow"
    if panel.reason:
        yield "fault", panel.reason, "bold red"


def _change(of: LightsDetail | PanelDetail, now_ns: int, zone: timezone) -> str:
    if of.next_change_utc_ns is None:
        return "for ever"
    following = "dark" if of.phase == "light" else "light"
    left_s = max(0, of.next_change_utc_ns - now_ns) // SECOND_NS
    moment = moment_text(of.next_change_utc_ns, zone)
    return f"{following} in {duration(left_s)}, at {moment}"


def _override(panel: PanelDetail, now_ns: int, zone: timezone) -> str:
    override = panel.override
    assert override is not None
    left_s = max(0, override.until_utc_ns - now_ns) // SECOND_NS
    until = f"until {clock_text(override.until_utc_ns, zone)} (in {duration(left_s)})"
    author = override.author or "another host"
    reason = f": {override.reason}" if override.reason else ""
    return f"white {override.white_percent} % {until}, by {author}{reason}"


def _rounded(seconds: float) -> float:
    """Return tenths, and no minus without one."""
    return round(seconds, 1) + 0.0


def _level(percent: int | None) -> str:
    return "-" if percent is None else f"{percent} %"
