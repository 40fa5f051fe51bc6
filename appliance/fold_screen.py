"""How far the folds of a cross-validation are, on a terminal or as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from rich.progress import TaskID

_HISTORY: Final = "history.csv"
"""A row for each epoch, in a fold's folder: all that is known of a fold, wherever it runs."""


class FoldScreen:
    """Bars on standard error if that is a terminal, else a line for each epoch of each fold."""

    def __init__(self, folders: Mapping[str, Path], epochs: int) -> None:
        """Show folds that are not finished yet, by name; nothing is shown before `with`."""
        self._folders, self._epochs = folders, epochs
        console = Console(stderr=True)
        self._is_terminal = console.is_terminal
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("epochs"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[state]}"),
            console=console,
            disable=not self._is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._seen = {name: len(_epochs_of(folder)) for name, folder in folders.items()}

    def __enter__(self) -> Self:
        self._bars.start()
        for name, epochs in self._seen.items():
            task = self._bars.add_task(name, total=self._epochs, completed=epochs, state="")
            self._tasks[name] = task
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def look(self) -> None:
        """Show what the folds' folders tell by now."""
        for name, folder in self._folders.items():
            rows = _epochs_of(folder)
            if len(rows) <= self._seen[name]:
                continue
            self._seen[name] = len(rows)
            self._bars.update(self._tasks[name], completed=len(rows), state=f"loss {rows[-1]}")
            if not self._is_terminal:
                click.echo(
                    f"{name}: epoch {len(rows)} of {self._epochs}, loss {rows[-1]}", err=True
                )

    def finish(self, name: str, why: str) -> None:
        """Show that a fold has ended, with an empty text or why it failed."""
        self.look()
        self._bars.update(self._tasks[name], state="failed" if why else "finished")
        if not self._is_terminal:
            click.echo(f"{name}: {why or 'finished'}", err=True)


def _epochs_of(folder: Path) -> list[str]:
    """Return the loss of each epoch that is over, as text."""
    try:
        lines = (folder / _HISTORY).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []  # not begun, or another machine is just putting the next one there
    return [line.split(";")[1] for line in lines[1:] if line.count(";") >= 1]
