"""What a person sees while a network is trained."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from appliance.status_screen import duration
from appliance.terminal import output_width

if TYPE_CHECKING:
    from types import TracebackType

    from inference.train.plan import Plan
    from inference.train.progress import Progress as TrainingProgress

_BAR_COLUMNS: Final = 20


class TrainingScreen:
    """A bar with what is left on a terminal, and a line for every epoch."""

    def __init__(self, plan: Plan, *, is_shown: bool = True) -> None:
        """Show nothing at all in a process that is not to speak."""
        self._plan = plan
        self._pace = Pace(plan.epochs)
        self._console = Console(
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=True,
            quiet=not is_shown,
            width=output_width(),
        )
        self._bar = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(_BAR_COLUMNS),
            TextColumn("{task.fields[state]}"),
            console=self._console,
            transient=True,
            disable=not (is_shown and self._console.is_terminal),
        )
        self._task = self._bar.add_task("", epoch="", state="", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def tell(self, text: str) -> None:
        """Print some lines."""
        self._console.print(text)

    def show(self, progress: TrainingProgress) -> None:
        """Take a step, or an epoch's end, into account."""
        epoch = f"{progress.epoch}/{self._plan.epochs}"
        if progress.record is None:
            self._pace.count(progress)
        left = self._pace.left()
        self._bar.update(
            self._task,
            total=progress.steps,
            completed=progress.step,
            epoch=epoch,
            state=f"minibatch {progress.step}/{progress.steps}, loss {progress.loss:.3f}, "
            f"rate {progress.rate:.2g}, {left}",
        )
        if progress.record is not None:
            stacks = self._pace.steps_a_second * self._plan.minibatch
            self._console.print(
                f"epoch {epoch}: loss {progress.loss:.3f}{_accuracy(progress)}, rate "
                f"{progress.rate:.2g}, {stacks:.3g} stacks/s, {left}"
            )


class Pace:
    """How fast a training is, and how long it still takes; judging is not counted."""

    def __init__(self, epochs: int) -> None:
        self._epochs = epochs
        self._begun_s = time.monotonic()
        self._done = 0
        self._ahead = 0

    def count(self, progress: TrainingProgress) -> None:
        """Count a step; the first one tells when it began."""
        if self._done == 0:
            self._begun_s = time.monotonic()
        self._done += 1
        later = (self._epochs - progress.epoch) * progress.steps
        self._ahead = progress.steps - progress.step + later

    @property
    def steps_a_second(self) -> float:
        """Since the first step ended; 0 as long as nobody can know."""
        elapsed_s = time.monotonic() - self._begun_s
        return (self._done - 1) / elapsed_s if self._done > 1 and elapsed_s else 0.0

    def left(self) -> str:
        """Return the time that is left, such as `about 2 h 10 min left`."""
        if not self._ahead:
            return "all learned"
        pace = self.steps_a_second
        return f"about {duration(self._ahead / pace)} left" if pace else "how long: not known yet"


def _accuracy(progress: TrainingProgress) -> str:
    if progress.figures is None:
        return ""
    return (
        f", held out: frames {progress.figures.frame_accuracy:.1%}, "
        f"macro {progress.figures.macro_accuracy:.1%}"
    )
