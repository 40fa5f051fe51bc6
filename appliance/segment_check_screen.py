"""What a person or a program sees of a check: progress, table, sentences, one JSON document."""

from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from appliance.segment_fault import Fault, SegmentResult
from appliance.segment_files import SegmentFiles
from appliance.terminal import output_width
from appliance.video_search import Refusal

SCHEMA: Final = "ethoprofiler.segment-check/1"
_STYLES: Final = {
    "ok": "green",
    "open": "dim",
    "unfinished": "yellow",
    "orphan": "bold red",
    "faulty": "bold red",
}


class CheckProgress:
    """A line on standard error, if that is a terminal; a context manager."""

    def __init__(self, segments: int, *, quiet: bool) -> None:
        console = Console(stderr=True, highlight=False)
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[frames]:,} frames", markup=False),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self._task = self._bars.add_task("segments", total=segments, frames=0)
        self._running: dict[SegmentFiles, int] = {}
        self._done_frames = 0

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

    def progress(self, segment: SegmentFiles, frames: int) -> None:
        """Take how far the check of a segment is."""
        self._running[segment] = frames
        frames = self._done_frames + sum(self._running.values())
        self._bars.update(self._task, frames=frames, description=f"{segment.stem} ...")

    def done(self, segment: SegmentFiles, result: SegmentResult) -> None:
        """Take that a segment is checked."""
        self._running.pop(segment, None)
        self._done_frames += result.frames
        self._bars.advance(self._task)


def print_results(
    results: Sequence[SegmentResult], refusals: Sequence[Refusal], *, interrupted: bool
) -> None:
    """Print the table, a sentence for each fault and note, and the sum."""
    out = Console(highlight=False, markup=False, soft_wrap=False, width=output_width())
    if results:
        out.print(_table(results))
    for result in results:
        for fault in result.faults:
            out.print(Text(f"{result.path}: {sentence(fault)}", "red"), soft_wrap=True)
        for note in result.notes:
            out.print(Text(f"{result.path}: {note}", "dim"), soft_wrap=True)
    for refusal in refusals:
        out.print(Text(refusal.message, "red"), soft_wrap=True)
    counts = Counter[str](result.state for result in results)
    counts["refused"] = len(refusals)
    told = [f"{count} {state}" for state, count in counts.items() if count]
    end = "; interrupted, the others were not checked" if interrupted else ""
    Console(stderr=True, highlight=False).print(f"{', '.join(told) or 'nothing'}{end}")


def sentence(fault: Fault) -> str:
    """Return a fault with its place."""
    places = []
    if fault.frame is not None:
        places.append(f"frame {fault.frame}")
    if fault.at_ms is not None:
        places.append(f"{fault.at_ms} ms")
    return f"{fault.text} ({', '.join(places)})" if places else fault.text


def document(
    results: Sequence[SegmentResult], refusals: Sequence[Refusal], *, interrupted: bool
) -> dict[str, Any]:
    """Return the JSON document of a check."""
    return {
        "schema": SCHEMA,
        "ok": not refusals and not interrupted and not any(result.faults for result in results),
        "interrupted": interrupted,
        "segments": [_entry(result) for result in results],
        "refused": [{"path": str(one.path), "text": one.message} for one in refusals],
    }


def _entry(result: SegmentResult) -> dict[str, Any]:
    return {
        "path": str(result.path),
        "state": result.state,
        "size": result.size,
        "frames": result.frames,
        "decoded": result.decoded,
        "duration_ms": result.duration_ms,
        "manifest": result.has_manifest,
        "gaps": result.gaps,
        "frames_lost": result.frames_lost,
        "faults": [
            {"text": fault.text, "frame": fault.frame, "at_ms": fault.at_ms}
            for fault in result.faults
        ],
        "notes": result.notes,
    }


def _table(results: Sequence[SegmentResult]) -> Table:
    table = Table()
    table.add_column("segment", no_wrap=True)
    table.add_column("state")
    for name in ("frames", "decoded", "length", "gaps", "lost", "faults"):
        table.add_column(name, justify="right")
    for result in results:
        table.add_row(
            Text(result.path.name),
            Text(result.state, _STYLES[result.state]),
            f"{result.frames:,}",
            "" if result.decoded is None else f"{result.decoded:,}",
            _length(result.duration_ms),
            str(result.gaps) if result.has_manifest else "",
            str(result.frames_lost) if result.has_manifest else "",
            str(len(result.faults)),
        )
    return table


def _length(duration_ms: int) -> str:
    minutes, seconds = divmod(duration_ms / 1000, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{seconds:04.1f}"
