"""Everything that is wrong with a data set, in one table for people."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from inference.dataset.source import Fault


def print_faults(console: Console, faults: Sequence[Fault], folder: Path | None = None) -> None:
    """Print each fault with its file, relative to `folder` if it is given; nothing if none."""
    if not faults:
        return
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("file", overflow="fold", ratio=1)
    table.add_column("what is wrong", overflow="fold", ratio=1)
    for fault in faults:
        mark = Text("remark", "yellow") if fault.is_remark else Text("fault", "bold red")
        table.add_row(mark, Text(shown_path(fault.path, folder)), Text(printable(fault.text)))
    console.print(table)


def shown_path(path: Path, folder: Path | None) -> str:
    """Return a path as people see it: without the data set's folder, and on one line."""
    if path == folder:
        return "(the data set)"
    if folder is not None and path.is_relative_to(folder):
        path = path.relative_to(folder)
    return printable(str(path))


def printable(text: str) -> str:
    """Return a text from a file or of its name on one line, whatever is in it."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
