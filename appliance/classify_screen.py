"""What a person sees while videos are labelled, and the summary after it."""

import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from appliance import classify_job
from appliance.classify_job import Job, Outcome, Ready
from appliance.segment_manifest import SegmentManifest, printable
from appliance.terminal import output_width
from appliance.video_search import Refusal
from inference.ethogram import BEHAVIORS, CODE_NAMES

_SHORT_NAMES: Final = {"micromovement": "micro"}
_WHOLE_FROM_S: Final = 1000
_STATUS_STYLES: Final = {
    "labelled": "green",
    "already done": "dim",
    "damaged": "yellow",
    "failed": "red",
    "stopped": "yellow",
}


class ClassifyScreen:
    """Progress on standard error, the summary table on standard output."""

    def __init__(self, jobs: Sequence[Job], *, quiet: bool) -> None:
        self._outcomes: dict[Job, Outcome] = {}
        self._jobs = jobs
        self._refused = 0
        self._quiet = quiet
        self._started_s = time.monotonic()
        self._frames: dict[Job, int] = {}
        self._shares: dict[Job, float] = {}
        self._tasks: dict[Job, TaskID] = {}
        self._is_ready = False
        self._out = Console(highlight=False, width=output_width())
        self._console = Console(
            stderr=True, highlight=False, soft_wrap=True, quiet=quiet, emoji=False
        )
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[state]}"),
            TimeRemainingColumn(compact=True),
            console=self._console,
            transient=True,
        )
        self._total = self._bars.add_task(f"0 of {len(jobs)} videos", total=len(jobs), state="")

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    @property
    def outcomes(self) -> list[Outcome]:
        """What is done, in the order of the jobs."""
        return [self._outcomes[job] for job in self._jobs if job in self._outcomes]

    def ready(self, ready: Ready, workers: int, threads: int) -> None:
        """Say once, in one line, what judges and what it runs on."""
        if not self._is_ready:
            self._is_ready = True
            self._console.print(
                f"{ready.model} on {ready.device}: {workers} at a time, "
                f"{threads} network thread{'s' if threads > 1 else ''} each",
                markup=False,
            )

    def refuse(self, refusal: Refusal) -> None:
        """Say why a path is no job; it counts as failed."""
        self._refused += 1
        self._console.print(refusal.message, style="red", markup=False)

    def progress(self, job: Job, report: classify_job.Progress) -> None:
        """Move the bars of one video and of all."""
        if job not in self._tasks:
            self._tasks[job] = self._bars.add_task(printable(job.video), total=None, state="")
        self._frames[job] = report.frames
        task = self._tasks[job]
        elapsed_s = self._bars.tasks[self._bars.task_ids.index(task)].elapsed or 0.0
        rate = f"{report.frames / elapsed_s:,.0f} frames/s" if elapsed_s else ""
        self._bars.update(task, completed=report.frames, total=report.expected, state=rate)
        self._shares[job] = min(1.0, report.frames / report.expected) if report.expected else 0.0
        self._update_total()

    def outcome(self, outcome: Outcome) -> None:
        """Keep an outcome; say at once what is wrong."""
        self._outcomes[outcome.job] = outcome
        task = self._tasks.pop(outcome.job, None)
        if task is not None:
            self._bars.remove_task(task)
        if outcome.manifest is not None:
            self._frames[outcome.job] = outcome.manifest.frame_count - outcome.resumed_frames
        if outcome.message:
            style = _STATUS_STYLES[outcome.status]
            self._console.print(outcome.message, style=style, markup=False)
        self._shares.pop(outcome.job, None)
        self._update_total()

    def summarize(self, *, interrupted: bool) -> None:
        """Print the table of all videos and how it went."""
        labelled = [outcome for outcome in self.outcomes if outcome.manifest is not None]
        if labelled:
            self._out.print(_table(labelled))
        counts = Counter[str](outcome.status for outcome in self.outcomes)
        counts["failed"] += self._refused
        parts = [f"{counts[status]} {status}" for status in _STATUS_STYLES if counts[status]]
        total = len(self._jobs) + self._refused
        elapsed_s = time.monotonic() - self._started_s
        self._console.print(f"{', '.join(parts)} of {total} in {elapsed_s:.1f} s", markup=False)
        if interrupted:
            self._console.print("Interrupted: the same command goes on where it stopped.")

    def _update_total(self) -> None:
        done = len(self._outcomes)
        elapsed_s = time.monotonic() - self._started_s
        rate = f"{sum(self._frames.values()) / elapsed_s:,.0f} frames/s" if elapsed_s else ""
        self._bars.update(
            self._total,
            description=f"{done} of {len(self._jobs)} videos",
            completed=done + sum(self._shares.values()),
            state=rate,
        )


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(
        title="Seconds of each behavior",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 0, 0, 1),
        show_footer=len(outcomes) > 1,
    )
    rows = [
        (printable(outcome.job.video), _seconds(outcome.manifest), outcome.manifest)
        for outcome in outcomes
        if outcome.manifest is not None
    ]
    table.add_column("video", "all", no_wrap=True, min_width=12)
    for column, name in enumerate(CODE_NAMES):
        total_s = sum(seconds[column] for _, seconds, _ in rows)
        table.add_column(_SHORT_NAMES.get(name, name), _number(total_s), justify="right")
    table.add_column("conf.", justify="right")
    for video, seconds, manifest in rows:
        confidence = manifest.labels.mean_confidence
        table.add_row(
            Text(video),
            *map(_number, seconds),
            "" if confidence is None else f"{confidence:.2f}",
        )
    return table


def _seconds(manifest: SegmentManifest) -> list[float]:
    rate = manifest.frames_per_second
    lost_s = manifest.labels.undecodable_frames / rate if rate else 0.0
    return [*(manifest.labels.behaviors[name].seconds for name in BEHAVIORS), lost_s]


def _number(seconds: float) -> str:
    return f"{seconds:.1f}" if seconds < _WHOLE_FROM_S else f"{seconds:.0f}"
