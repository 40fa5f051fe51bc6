"""What a person sees of a comparison in the terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from appliance.evaluation_table import percent
from inference.evaluate.bootstrap import Interval
from inference.evaluate.comparison import Comparison, Pair


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print the figures of both models, and by how much they differ."""
    console.print(Text(f"first:  {comparison.first.identity}"), soft_wrap=True)
    console.print(Text(f"second: {comparison.second.identity}"), soft_wrap=True)
    console.print(
        Text(f"{comparison.clips} clips of {len(comparison.animals)} animals"), soft_wrap=True
    )
    console.print()
    table = Table(box=None, pad_edge=False)
    table.add_column("%")
    for column in ("first", "second", "difference", "95 % over animals"):
        table.add_column(column, justify="right")
    for pair in comparison.figures:
        table.add_row(*_cells(pair.name, pair))
    for row in comparison.behaviors:
        table.add_row(*_cells(f"recall of {row.behavior}", row.recall))
    console.print(table)
    console.print()
    right = comparison.rightness
    console.print(
        Text(
            f"Frames: {right.first_only:,} only the first labelled right, "
            f"{right.second_only:,} only the second, "
            f"{right.both:,} both, {right.neither:,} neither."
        ),
        soft_wrap=True,
    )
    for remark in comparison.remarks:
        console.print(Text(f"Note: {remark}", "yellow"), soft_wrap=True)


def _cells(name: str, pair: Pair) -> tuple[str, ...]:
    return (
        name,
        percent(pair.first),
        percent(pair.second),
        _points(pair.difference),
        _span(pair.interval),
    )


def _points(difference: float | None) -> str:
    return "-" if difference is None else f"{100 * difference:+.1f}"


def _span(interval: Interval | None) -> str:
    return "-" if interval is None else f"{_points(interval.low)} to {_points(interval.high)}"
