"""What a person sees of a report in the terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from inference.evaluate.bootstrap import Interval
from inference.evaluate.figures import GroupFigures
from inference.evaluate.protocol import EVALUATION
from inference.evaluate.report import Report


def print_report(console: Console, report: Report) -> None:
    """Print the figures of a report, and what must be known before believing them."""
    console.print(_behavior_table(report))
    groups = [report.all, *report.strains]
    if len(report.animals) > 1:
        groups += [animal.figures for animal in report.animals]
    console.print()
    console.print(_group_table(groups))
    console.print()
    for line in _lines(report):
        console.print(Text(line), soft_wrap=True)
    for remark in report.remarks:
        console.print(Text(f"Note: {remark}", "yellow"), soft_wrap=True)


def percent(share: float | None) -> str:
    """Return `83.6`, a dash where there is nothing to say."""
    return "-" if share is None else f"{100 * share:.1f}"


def _behavior_table(report: Report) -> Table:
    table = _table("behavior, %", "precision", "recall", "F1", "frames")
    for row in report.behaviors:
        table.add_row(
            row.behavior,
            percent(row.precision),
            percent(row.recall),
            percent(row.f1),
            f"{row.support:,}",
        )
    return table


def _group_table(groups: list[GroupFigures]) -> Table:
    table = _table("accuracy, %", "of frames", "macro", "frames")
    for group in groups:
        table.add_row(
            Text(group.name),
            percent(group.frame_accuracy),
            percent(group.macro_accuracy),
            f"{group.frames:,}",
        )
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first)
    for other in others:
        table.add_column(other, justify="right")
    return table


def _lines(report: Report) -> list[str]:
    intervals, bouts = report.intervals, report.bouts.all
    lines = []
    if intervals.frame_accuracy is not None and intervals.macro_accuracy is not None:
        lines.append(
            f"Over animals, 95 %: frames {_interval(intervals.frame_accuracy)}, "
            f"macro {_interval(intervals.macro_accuracy)}."
        )
    lines.append(
        f"Bouts: {bouts.alike.found:,} of {bouts.truth_bouts:,} found, "
        f"{bouts.alike.invented:,} invented, F1 {percent(bouts.alike.f1)} %."
    )
    calibration = f"Calibration error {percent(report.calibration.expected_error)} %"
    if report.temperature is not None:
        what = "further temperature" if report.protocol == EVALUATION else "temperature"
        calibration += (
            f", {percent(report.temperature.after.expected_error)} % with a {what} of "
            f"{report.temperature.temperature:.2f}"
        )
    return [*lines, f"{calibration}."]


def _interval(interval: Interval) -> str:
    return f"{percent(interval.low)} to {percent(interval.high)} %"
