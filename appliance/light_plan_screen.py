"""Light plans on a screen: in words, as a table of parts, as an actogram."""

import textwrap
from collections.abc import Iterator, Sequence
from datetime import timezone

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from appliance.config import RackConfig
from appliance.light_check import LightCheck, title_of
from appliance.light_drawing import Mark, Window, drawing
from appliance.light_outlook import Outlook, PlannedPart, planned_parts
from appliance.light_text import hours_text, moment_text, offset_text, white_text, zt_text
from capture_hw.photoperiod import SECOND_NS


def plan_screen(
    config: RackConfig, found: Sequence[Outlook], window: Window, now_ns: int
) -> RenderableType:
    """Return table and drawing of each plan, in 80 columns."""
    name = f"{config.rack.facility}/{config.rack.name}"
    head = f"standard time, {offset_text(window.zone)}; now {moment_text(now_ns, window.zone)}"
    blocks: list[RenderableType] = [Text.assemble((name, "bold"), f"   {head}")]
    for outlook in found:
        blocks += ["", Text(title_of(outlook), "bold"), "", _table(outlook, window, now_ns), ""]
        blocks.append(drawing(outlook.plan, window, [*_marks(outlook, window, now_ns)]))
    return Group(*blocks)


def check_screen(config: RackConfig, found: LightCheck, from_ns: int, width: int) -> Text:
    """Return plans in words, remarks marked as such."""
    name = f"{config.rack.facility}/{config.rack.name}"
    text = Text.assemble((name, "bold"), f"   {moment_text(from_ns, config.standard_time)}\n\n")
    for plan in found.plans:
        text.append(f"{plan.title}\n", "bold")
        for setting in plan.settings:
            text.append(f"  {setting.begin}\n", "cyan")
            for sentence in setting.sentences:
                text.append(_wrapped(sentence, 4, width))
            _append_remarks(text, setting.remarks, 4, width)
        _append_remarks(text, plan.remarks, 2, width)
        text.append("\n")
    for sentence in found.sentences:
        text.append(_wrapped(sentence, 0, width))
    _append_remarks(text, found.remarks, 0, width)
    count = found.remark_count
    remarks = {0: "nothing is", 1: "1 thing is"}.get(count, f"{count} things are")
    text.append(f"Nothing contradicts itself; {remarks} unusual.")
    return text


def _append_remarks(text: Text, remarks: Sequence[str], indent: int, width: int) -> None:
    for remark in remarks:
        text.append(_wrapped(f"unusual: {remark}", indent, width), "yellow")


def _wrapped(sentence: str, indent: int, width: int) -> str:
    lines = textwrap.wrap(
        sentence,
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines) + "\n"


def _table(outlook: Outlook, window: Window, now_ns: int) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("from", "until"):
        table.add_column(title, no_wrap=True)
    for title in ("h:min", "ZT", "phase", "white"):
        table.add_column(title, no_wrap=True)
    table.add_column()
    for planned in planned_parts(outlook.plan, window.from_ns, window.until_ns):
        table.add_row(*_row(planned, window.zone, now_ns))
    return table


def _row(planned: PlannedPart, zone: timezone, now_ns: int) -> Iterator[Text]:
    part = planned.part
    yield Text(moment_text(part.from_ns, zone))
    yield Text(moment_text(part.until_ns, zone)[5:])
    yield Text(hours_text((part.until_ns - part.from_ns) // SECOND_NS), justify="right")
    yield Text(zt_text(planned.zt_h).removeprefix("ZT "))
    yield Text(part.phase, "bright_yellow" if part.phase == "light" else "bright_black")
    yield Text(white_text(part.from_permille, part.to_permille))
    notes = ["change"] if planned.begins_era else []
    if part.from_ns <= now_ns < part.until_ns:
        notes.append("now")
    yield Text(", ".join(notes), "bold")


def _marks(outlook: Outlook, window: Window, now_ns: int) -> Iterator[Mark]:
    if window.from_ns <= now_ns < window.until_ns:
        yield Mark(now_ns, "now")
    for setting in outlook.settings[1:]:
        begin_ns = setting.from_utc_s * SECOND_NS
        if window.from_ns <= begin_ns < window.until_ns:
            yield Mark(begin_ns, "change")
