"""Writing a data set of simulated clips in the published layout."""

import json
import math
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, get_args

import cv2

from capture_hw.h264 import H264Writer
from capture_hw.simulation.behavior import Fur, Routine
from capture_hw.simulation.cage import SimulatedCage
from capture_hw.simulation.mouse_day import day_from
from capture_hw.simulation.rig import FPS, HEIGHT, WIDTH
from disk.durable_file import write_durably
from inference.dataset.animal_table import ANIMAL_TABLE, complete_animal_table
from inference.error import DataSetError
from inference.ethogram import BEHAVIORS
from inference.label_file import write_annotation

CLIP_SPACING: Final = 45_000
"""Frames from the start of a clip to the next one's; 30 min. Source: paper, Behavior database."""
_CLIPS_A_RECORDING: Final = 12
"""Recordings are 6 h long."""
_RECORDING_H: Final = 6
_FIRST_RECORDING: Final = datetime(2025, 1, 13, 18, 0, tzinfo=UTC)
_FIRST_ZT_H: Final = 12.0
"""Zeitgeber time of the first recording, lights off: a small data set shows a busy mouse."""
_MOST_MICE: Final = 99
_DESCRIPTION: Final = "dataset.json"
_SCHEMA: Final = 1
_STRAINS: Final[dict[Fur, str]] = {"black": "C57BL/6", "white": "SWISS"}
"""Those of the paper, after which the two furs are drawn."""


class SimulationError(Exception):
    """The data set cannot be written as asked; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class _Clip:
    """One clip to write; crosses to a worker process."""

    video: Path
    annotation: Path
    cage_seed: int
    fur: Fur
    spread: float
    routine: Routine
    first_frame: int
    frames: int


def simulate_dataset(
    out: Path,
    *,
    mice: int,
    clips: int,
    seconds: float,
    seed: int,
    spread: float,
    routine: str,
    jobs: int,
    progress: Callable[[str, int, int], None],
) -> list[Path]:
    """Write `clips` clips of `seconds` of each of `mice` mice into `out`; return the videos' paths.

    Mouse 01 and every other odd one is black, the even ones are white. Clips that are already there
    are kept, so an interrupted run goes on where it stopped. `progress` is called from this thread
    with a clip's name, the number of finished clips and the number of all. `jobs` processes share
    the work. Raises SimulationError for impossible numbers or a folder with other clips,
    CaptureError when the disk refuses.
    """
    frames = _checked_frames(mice, clips, seconds, spread, seed, jobs)
    if routine not in get_args(Routine):
        raise SimulationError(f"routine `{routine}` is not one of {', '.join(get_args(Routine))}")
    known: Routine = "busy" if routine == "busy" else "circadian"
    description: dict[str, object] = {
        "schema": _SCHEMA,
        "seed": seed,
        "frames": frames,
        "spread": spread,
        "routine": known,
    }
    _claim(out, description)
    _name_strains(out, mice)
    wanted = list(_clips(out, mice, clips, frames, seed, spread, known))
    missing = [clip for clip in wanted if not (clip.video.exists() and clip.annotation.exists())]
    finished = len(wanted) - len(missing)
    for name in _written(missing, jobs):
        finished += 1
        progress(name, finished, len(wanted))
    return [clip.video for clip in wanted]


def _checked_frames(
    mice: int, clips: int, seconds: float, spread: float, seed: int, jobs: int
) -> int:
    """Return the frames of a clip."""
    if not (math.isfinite(seconds) and math.isfinite(spread)):
        raise SimulationError(f"{seconds} s, spread {spread}: these must be numbers")
    frames = round(seconds * FPS)
    if not 1 <= mice <= _MOST_MICE:
        raise SimulationError(f"{mice} mice: 1 to {_MOST_MICE} are possible")
    if not 1 <= frames <= CLIP_SPACING:
        raise SimulationError(
            f"clips of {seconds} s: 1 frame to {CLIP_SPACING // FPS} s are possible"
        )
    if clips < 1 or jobs < 1 or seed < 0:
        raise SimulationError(f"{clips} clips, {jobs} jobs, seed {seed}: at least 1, 1 and 0")
    return frames


def _claim(out: Path, description: dict[str, object]) -> None:
    """Make sure that `out` holds nothing but clips of the same description."""
    path = out / _DESCRIPTION
    try:
        out.mkdir(parents=True, exist_ok=True)
        if path.exists():
            found = json.loads(path.read_text(encoding="utf-8"))
            if found != description:
                raise SimulationError(f"{out} holds clips of another simulation: {found}")
            return
        if any(out.glob("*.mkv")) or any(out.glob("*_map.csv")):
            raise SimulationError(f"{out} holds clips but no {_DESCRIPTION} that says whose")
        write_durably(path, (json.dumps(description, indent=1) + "\n").encode())
    except OSError as error:
        raise SimulationError(f"{out} cannot be used: {error.strerror}") from error
    except ValueError as error:
        raise SimulationError(f"{path} is not a description of clips: {error}") from error


def _name_strains(out: Path, mice: int) -> None:
    """Write the strains into the animal table, also into a folder that was begun without one."""
    strains = {f"{mouse:02d}": _STRAINS[_fur_of(mouse)] for mouse in range(1, mice + 1)}
    try:
        complete_animal_table(out / ANIMAL_TABLE, strains)
    except DataSetError as error:
        raise SimulationError(str(error)) from error


def _fur_of(mouse: int) -> Fur:
    return "black" if mouse % 2 else "white"


def _clips(
    out: Path, mice: int, clips: int, frames: int, seed: int, spread: float, routine: Routine
) -> Iterator[_Clip]:
    for index in range(clips):
        recording, part = divmod(index, _CLIPS_A_RECORDING)
        moment = _FIRST_RECORDING + timedelta(hours=_RECORDING_H * recording)
        for mouse in range(1, mice + 1):
            start = part * CLIP_SPACING
            stem = f"{mouse:02d}_{moment:%Y%m%d_%H%M}_s{start}_n{frames}"
            yield _Clip(
                video=out / f"{stem}.mkv",
                annotation=out / f"{stem}_map.csv",
                cage_seed=seed * (_MOST_MICE + 1) + mouse,
                fur=_fur_of(mouse),
                spread=spread,
                routine=routine,
                first_frame=index * CLIP_SPACING,
                frames=frames,
            )


def _written(clips: list[_Clip], jobs: int) -> Iterator[str]:
    """Write clips in processes of their own; yield the name of each finished one."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, max(1, len(clips))), mp_context=context) as pool:
        waiting: list[Future[str]] = [pool.submit(_write_clip, clip) for clip in clips]
        try:
            for done in as_completed(waiting):
                yield done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _write_clip(clip: _Clip) -> str:
    """Write a clip's video, then its annotation; return the video's name."""
    cv2.setNumThreads(1)
    cage = SimulatedCage(
        clip.cage_seed,
        fur=clip.fur,
        day=day_from(_FIRST_ZT_H),
        spread=clip.spread,
        routine=clip.routine,
    )
    shown = range(clip.first_frame, clip.first_frame + clip.frames)
    with H264Writer(clip.video, WIDTH, HEIGHT, FPS, {"SOURCE": "simulated"}) as writer:
        for number, frame in enumerate(shown):
            writer.write(cage.picture(frame), number * 1000 // FPS)
    codes = {name: code for code, name in enumerate(BEHAVIORS)}
    write_annotation(clip.annotation, [codes[cage.behavior(frame)] for frame in shown])
    return clip.video.name
