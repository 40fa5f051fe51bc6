"""`ethoprofiler classify`: from videos to label files."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from appliance.classify_job import Job, Outcome, Settings
from appliance.classify_queue import ClassifyQueue
from appliance.classify_screen import ClassifyScreen
from appliance.model_folder import DEFAULT_MODEL, find_model
from appliance.video_search import Refusal, find_jobs
from inference.crop import CropRectangle
from inference.error import ModelError
from inference.provider import PROVIDERS, Provider

_EXIT_FAILED: Final = 1
_EXIT_DAMAGED: Final = 3
_EXIT_INTERRUPTED: Final = 130
_MOST_JOBS: Final = 8
"""More workers than this by default would fill the memory rather than the processor."""


class _CropType(click.ParamType[CropRectangle]):
    name = "LEFT,TOP,WIDTH,HEIGHT"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> CropRectangle:
        try:
            left, top, width, height = (int(number) for number in value.split(","))
            return CropRectangle(left=left, top=top, width=width, height=height)
        except ValueError:
            self.fail(f"`{value}` is not four whole numbers {self.name} of pixels", param, ctx)


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the results."
)
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    help="A shipped model's name or a model file.",
)
@click.option("--provider", type=click.Choice(PROVIDERS), default="auto", show_default=True)
@click.option("--threads", type=click.IntRange(1), help="Network threads in all.  [default: cores]")
@click.option("--jobs", type=click.IntRange(1), help="Videos at a time.  [default: threads, 8]")
@click.option("--crop", type=_CropType(), help="The part of the picture to judge, in pixels.")
@click.option("--overwrite", is_flag=True, help="Start over, replacing results of any model.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, nothing else.")
def classify(
    paths: tuple[str, ...],
    out: Path | None,
    model: str,
    provider: Provider,
    threads: int | None,
    jobs: int | None,
    crop: CropRectangle | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Label videos: files, folders or patterns such as 'rack/**/*.mkv'.

    Beside each video appear a .csv (a behavior for every frame) and a .json (what was found,
    what was lost, checksums). What is done is skipped; what was interrupted goes on.

    \b
    Exit code: 0 all videos labelled, 1 some could not be, 2 wrong arguments,
    3 all labelled, but some are damaged, 130 interrupted.
    """  # noqa: D301 - click reads the backspace character
    found, refusals = find_jobs(paths, out)
    threads = threads or len(os.sched_getaffinity(0))
    workers = max(1, min(jobs or min(threads, _MOST_JOBS), len(found)))
    screen = ClassifyScreen(found, quiet=as_json)
    for refusal in refusals:
        screen.refuse(refusal)
    try:
        settings = Settings(
            find_model(model), provider, max(1, threads // workers), crop, overwrite
        )
        interrupted = _run(found, settings, workers, screen)
    except ModelError as error:
        _fail(str(error), as_json=as_json)
    if as_json:
        click.echo(json.dumps(_document(screen.outcomes, refusals, interrupted), indent=2))
    else:
        screen.summarize(interrupted=interrupted)
    sys.exit(_exit_code(screen.outcomes, refusals, interrupted=interrupted))


def _run(found: list[Job], settings: Settings, workers: int, screen: ClassifyScreen) -> bool:
    """Label all videos; say whether a person interrupted it."""
    queue = ClassifyQueue(
        settings,
        on_ready=lambda ready: screen.ready(ready, workers, settings.threads),
        on_progress=screen.progress,
        on_outcome=screen.outcome,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service stop is a Ctrl-C
    try:
        with screen:
            queue.run(found, workers)
    except KeyboardInterrupt:
        return True
    return False


def _fail(message: str, *, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps({"error": message}))
        sys.exit(_EXIT_FAILED)
    raise click.ClickException(message)


def _exit_code(outcomes: list[Outcome], refusals: list[Refusal], *, interrupted: bool) -> int:
    if interrupted:
        return _EXIT_INTERRUPTED
    if refusals or any(outcome.status == "failed" for outcome in outcomes):
        return _EXIT_FAILED
    return _EXIT_DAMAGED if any(outcome.message for outcome in outcomes) else 0


def _document(
    outcomes: list[Outcome], refusals: list[Refusal], interrupted: bool
) -> dict[str, Any]:
    refused = [{"video": str(r.path), "status": "failed", "message": r.message} for r in refusals]
    return {"interrupted": interrupted, "videos": [_entry(o) for o in outcomes] + refused}


def _entry(outcome: Outcome) -> dict[str, Any]:
    entry: dict[str, Any] = {"video": str(outcome.job.video), "status": outcome.status}
    if outcome.message:
        entry["message"] = outcome.message
    if outcome.manifest is not None:
        entry["labels"] = str(outcome.job.labels)
        entry["manifest"] = outcome.manifest.model_dump(mode="json", by_alias=True)
    return entry
