"""`ethoprofiler segment`: checking and repairing recorded segments."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:  # PyAV and OpenCV would cost a second for every `--help`
    from collections.abc import Callable, Iterator

    from appliance.repair_order import RepairResult
    from appliance.segment_files import SegmentFiles
    from appliance.video_search import Refusal

_EXIT_FAULTS: Final = 1
_EXIT_INTERRUPTED: Final = 130
_REPAIR_SCHEMA: Final = "ethoprofiler.segment-repair/1"


@click.group()
def segment() -> None:
    """Check or repair recorded segments."""


@segment.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--quick", is_flag=True, help="Decode nothing, hash nothing: packets and sizes only.")
@click.option(
    "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Segments at a time."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, nothing else.")
def check(paths: tuple[str, ...], *, quick: bool, jobs: int, as_json: bool) -> None:
    """Check segments: videos, stems, or folders of a day, a cage or a whole rack.

    Decodes every frame and compares the video with its manifest, its labels and the contract:
    frames, times, gaps, key frames, SHA-256, names. Changes nothing; a rack that records may go on.
    A video from elsewhere is checked as far as there is something to compare it with.

    \b
    Exit code: 0 all well, 1 faults, 2 wrong arguments, 130 interrupted.
    A segment that is being written is no fault.
    """  # noqa: D301 - click reads the backspace character
    from appliance.segment_check_queue import CheckQueue
    from appliance.segment_check_screen import CheckProgress, document, print_results
    from appliance.segment_fault import SegmentResult
    from appliance.segment_files import find_segments

    found, refusals = find_segments(paths)
    results: dict[SegmentFiles, SegmentResult] = {}
    progress = CheckProgress(len(found), quiet=as_json)

    def take(files: SegmentFiles, result: SegmentResult) -> None:
        results[files] = result
        progress.done(files, result)

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service stop is a Ctrl-C
    interrupted = False
    try:
        with progress:
            CheckQueue(progress.progress, take, quick=quick).run(found, jobs)
    except KeyboardInterrupt:
        interrupted = True
    done = [results[files] for files in found if files in results]
    if as_json:
        text = json.dumps(document(done, refusals, interrupted=interrupted), indent=2)
        click.echo(text)
    else:
        print_results(done, refusals, interrupted=interrupted)
    if interrupted:
        sys.exit(_EXIT_INTERRUPTED)
    has_faults = bool(refusals) or any(result.faults for result in done)
    sys.exit(_EXIT_FAULTS if has_faults else 0)


@segment.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, nothing else.")
def repair(paths: tuple[str, ...], *, as_json: bool) -> None:
    """Repair segments that nobody finished, as a recorder does when it starts.

    A `.mkv.part` gets an index, a duration and its final name, with every frame that can be found;
    so does a finished video that lacks them and has no manifest, such as a copy from elsewhere. The
    new file is read back and compared before it takes the place of the old one.

    Refused are files that a running recorder looks after or another repair has in hand, finished
    files with a manifest, which never change, and videos that hold more than one H.264 stream
    without B-frames. A folder's other files are left alone.

    \b
    Exit code: 0 done, 1 something was refused or failed, 2 wrong arguments, 130 interrupted.
    """  # noqa: D301 - click reads the backspace character
    from appliance.segment_files import find_segments

    found, refusals = find_segments(paths)
    named = {Path(path).absolute() for path in paths}
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signum, _: stopped.append(signum))
    results: list[RepairResult] = []
    for result in _repairs(found, named, lambda: bool(stopped)):
        results.append(result)
        if not as_json:
            _tell(result)
    if as_json:
        document = {
            "schema": _REPAIR_SCHEMA,
            "interrupted": bool(stopped),
            "segments": [_entry(result) for result in results],
            "refused": [{"path": str(one.path), "text": one.message} for one in refusals],
        }
        click.echo(json.dumps(document, indent=2))
    else:
        _tell_rest(results, refusals, interrupted=bool(stopped))
    if stopped:
        sys.exit(_EXIT_INTERRUPTED)
    failed = any(result.outcome in ("refused", "failed") for result in results)
    sys.exit(_EXIT_FAULTS if failed or refusals else 0)


def _repairs(
    found: list[SegmentFiles], named: set[Path], is_stopped: Callable[[], bool]
) -> Iterator[RepairResult]:
    """Repair what was named by itself, and the leftovers of named folders, until it is stopped."""
    from appliance.repair_order import repair_files
    from capture_hw.segment_repair import RepairStopped

    for files in found:
        is_named = any(
            files.path(ending).absolute() in named
            for ending in ("", files.video_suffix, ".mkv.part")
        )
        if is_stopped() or not (is_named or files.path(".mkv.part").exists()):
            continue
        try:
            yield repair_files(files, is_stopped)
        except RepairStopped:
            return


def _tell_rest(results: list[RepairResult], refusals: list[Refusal], *, interrupted: bool) -> None:
    for refusal in refusals:
        click.echo(refusal.message, err=True)
    if interrupted:
        click.echo("interrupted: what was begun is as it was, the same command goes on", err=True)
    elif not results and not refusals:
        click.echo("there is nothing to repair")


def _tell(result: RepairResult) -> None:
    is_good = result.outcome not in ("refused", "failed")
    click.echo(result.text, err=not is_good)


def _entry(result: RepairResult) -> dict[str, object]:
    entry: dict[str, object] = {
        "path": str(result.path),
        "outcome": result.outcome,
        "text": result.text,
    }
    if result.repair is not None:
        repair = result.repair
        entry |= {
            "frames": repair.frames,
            "last_ms": repair.last_ms,
            "gaps": [gap.model_dump(exclude={"line"}) for gap in repair.gaps],
            "bytes_behind_the_last_frame": repair.end_bytes,
            "kept": None if repair.kept is None else str(repair.kept),
        }
    return entry
