"""What a person or a program sees of a checked data set."""

from collections.abc import Callable
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from appliance.behavior_color import COLORS
from appliance.fault_table import print_faults, printable, shown_path
from inference.dataset.check import training_faults
from inference.dataset.inspection import ClipGroup, Counts, InspectedClip, Inspection
from inference.ethogram import CODE_NAMES, NONE_CODE

SCHEMA: Final = "ethoprofiler.dataset-check/1"
_BAR_WIDTH: Final = 30


def print_inspection(console: Console, inspection: Inspection) -> None:
    """Print what is in a data set, then everything that is wrong with it, then the verdict."""
    console.print(Text(_summary(inspection)), soft_wrap=True)
    if inspection.clips:
        for table in (
            _behavior_table(inspection, console),
            _animal_table(inspection),
            _group_table("strain", inspection, _strain_of),
            _group_table("annotation", inspection, _kind_of),
        ):
            console.print()
            console.print(table)
    if inspection.faults:
        console.print()
        print_faults(console, inspection.faults, inspection.data_set.folder)
    console.print()
    console.print(Text(_verdict(inspection)), soft_wrap=True)


def document(inspection: Inspection) -> dict[str, Any]:
    """Return the same for programs."""
    folder = inspection.data_set.folder
    return {
        "schema": SCHEMA,
        "folder": shown_path(folder, None),
        "layout": str(inspection.data_set.layout),
        "can_be_trained": not training_faults(inspection),
        "clips": len(inspection.clips),
        "clips_to_judge_by": len(_judging(inspection)),
        "frames": inspection.frames,
        "seconds": round(inspection.seconds, 3),
        "cache_bytes": inspection.cache_bytes,
        "behaviors": _by_name(inspection.counts),
        "bouts": _by_name(inspection.bouts),
        "animals": [
            _entry(group) | {"strain": group.clips[0].source.strain}
            for group in inspection.groups(_animal_of)
        ],
        "strains": [_entry(group) for group in inspection.groups(_strain_of)],
        "annotations": [_entry(group) for group in inspection.groups(_kind_of)],
        "faults": [
            {
                "path": shown_path(fault.path, folder),
                "text": fault.text,
                "is_remark": fault.is_remark,
            }
            for fault in inspection.faults
        ],
    }


def _summary(inspection: Inspection) -> str:
    clips, frames = len(inspection.clips), inspection.frames
    judging = len(_judging(inspection))
    return (
        f"{shown_path(inspection.data_set.folder, None)}: layout {inspection.data_set.layout}\n"
        f"{_counted(clips, 'clip')}, {frames:,} frames, {_duration(inspection.seconds)}; "
        f"{_counted(judging, 'clip')} to judge a network by\n"
        f"training needs {inspection.cache_bytes / 1e9:.2f} GB of cache"
    )


def _verdict(inspection: Inspection) -> str:
    faults = len(training_faults(inspection))
    remarks = len(inspection.faults) - faults
    said = f"{_counted(faults, 'fault')}, {_counted(remarks, 'remark')}"
    return f"{said}: training refuses to start" if faults else f"{said}: ready for training"


def _behavior_table(inspection: Inspection, console: Console) -> Table:
    """Return the distribution as in figure 4 of the paper."""
    table = _table("behavior", "frames", "share", "bouts")
    table.add_column("")
    mark = "#" if console.options.ascii_only else "█"
    counts, bouts = inspection.counts, inspection.bouts
    for code, name in enumerate(CODE_NAMES):
        if code == NONE_CODE and not counts[code]:
            continue
        length = round(_BAR_WIDTH * float(counts[code] / max(1, counts.max())))
        share = f"{counts[code] / max(1, inspection.frames):.1%}"
        bar = Text(mark * max(length, int(counts[code] > 0)), COLORS[code])
        table.add_row(name, f"{counts[code]:,}", share, f"{bouts[code]:,}", bar)
    return table


def _animal_table(inspection: Inspection) -> Table:
    table = _table("animal", "clips", "frames")
    table.add_column("strain")
    table.add_column("shows no", overflow="fold")
    for group in inspection.groups(_animal_of):
        name, strain = Text(printable(group.name)), Text(printable(_strain_of(group.clips[0])))
        missing = ", ".join(group.missing)
        table.add_row(name, str(len(group.clips)), f"{group.frames:,}", strain, missing)
    return table


def _group_table(title: str, inspection: Inspection, key: Callable[[InspectedClip], str]) -> Table:
    table = _table(title, "clips", "frames", "share")
    for group in inspection.groups(key):
        share = f"{group.frames / max(1, inspection.frames):.1%}"
        name = Text(printable(group.name))
        table.add_row(name, str(len(group.clips)), f"{group.frames:,}", share)
    return table


def _table(first: str, *numbers: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first, overflow="fold")
    for number in numbers:
        table.add_column(number, justify="right", no_wrap=True)
    return table


def _entry(group: ClipGroup) -> dict[str, Any]:
    return {
        "name": group.name,
        "clips": len(group.clips),
        "frames": group.frames,
        "behaviors": _by_name(group.counts),
    }


def _by_name(counts: Counts) -> dict[str, int]:
    return {name: int(count) for name, count in zip(CODE_NAMES, counts, strict=True)}


def _judging(inspection: Inspection) -> list[InspectedClip]:
    return [clip for clip in inspection.clips if clip.source.held_out_annotation is not None]


def _animal_of(clip: InspectedClip) -> str:
    return clip.source.animal


def _strain_of(clip: InspectedClip) -> str:
    return clip.source.strain or "unknown"


def _kind_of(clip: InspectedClip) -> str:
    return str(clip.kind)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
