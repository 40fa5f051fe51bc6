"""Prediction files: what a model said of clips, for every later figure.

Format: `docs/formats.md`, "Predictions".
"""

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from disk.durable_file import write_durably
from inference.error import EvaluationError
from inference.ethogram import BEHAVIORS, NONE_CODE
from inference.evaluate.prediction import ClipPrediction, Probabilities

SCHEMA: Final = "ethoprofiler.predictions/1"
FILE_NAME: Final = "predictions.npz"
"""How the file is called in a run folder or an evaluation's."""

_ARRAYS: Final = ("header", "truth", "probabilities", "stack_of_frame")
_SUM_TOLERANCE: Final = 1e-5
"""Of a row of probabilities: what float32 arithmetic leaves."""


class PredictionsAbout(BaseModel):
    """Where predictions come from; said by who makes them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    """`<name>@<hash>` of a model file, or a network and the SHA-256 of its weights."""
    protocol: str
    """Such as `leave-one-animal-out`; `evaluate` for a model file on a data set."""
    fold: str = ""
    """Empty if there is only one."""
    created: AwareDatetime
    software: str
    """The program's version."""
    frames_per_second: float = Field(default=25.0, gt=0)
    """Of the frames that were judged: turns bouts into seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class PredictionFile:
    """The content of a prediction file."""

    path: Path
    about: PredictionsAbout
    predictions: tuple[ClipPrediction, ...]


class _ClipEntry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    clip: str
    animal: str
    strain: str
    recording: str
    frames: Annotated[int, Field(gt=0)]
    stacks: Annotated[int, Field(gt=0)]


class _Header(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["ethoprofiler.predictions/1"] = Field(default=SCHEMA, alias="schema")
    about: PredictionsAbout
    behaviors: tuple[str, ...]
    clips: Annotated[tuple[_ClipEntry, ...], Field(min_length=1)]


def write_predictions(
    path: Path, predictions: Sequence[ClipPrediction], about: PredictionsAbout
) -> None:
    """Write predictions as one file, whole or not at all; the same content gives the same bytes.

    Raises EvaluationError if there are none or they contradict themselves, OSError.
    """
    if not predictions:
        raise EvaluationError(f"{path}: there is no prediction to write")
    fault = _fault_of(predictions)
    if fault:
        raise EvaluationError(f"{path}: {fault}")
    header = _Header(
        about=about, behaviors=BEHAVIORS, clips=tuple(_entry_of(clip) for clip in predictions)
    )
    content = io.BytesIO()
    np.savez_compressed(
        content,
        header=np.frombuffer(header.model_dump_json(by_alias=True).encode(), np.uint8),
        truth=np.concatenate([clip.truth for clip in predictions]).astype(np.uint8),
        probabilities=np.concatenate([clip.probabilities for clip in predictions]),
        stack_of_frame=np.concatenate([clip.stack_of_frame for clip in predictions]).astype(
            np.int32
        ),
    )
    write_durably(path, content.getvalue())


def read_predictions(path: Path) -> PredictionFile:
    """Read a prediction file; raises EvaluationError, one sentence that names it."""
    try:
        arrays = _arrays_in(path.read_bytes())
        header = _Header.model_validate_json(bytes(arrays["header"]))
        predictions = _clips_of(
            header, arrays["truth"], arrays["probabilities"], arrays["stack_of_frame"]
        )
    except _Damaged as error:
        raise EvaluationError(f"{path} is no whole prediction file: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "header"
        raise EvaluationError(f"{path} is no prediction file: {place}: {first['msg']}") from error
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror or error}") from error
    except _UNREADABLE as error:
        # Their words are for programmers.
        raise EvaluationError(f"{path} is no whole prediction file: it is damaged") from error
    fault = _fault_of(predictions)
    if fault:
        raise EvaluationError(f"{path} is no prediction file: {fault}")
    return PredictionFile(path, header.about, tuple(predictions))


class _Damaged(Exception):
    """Not what a prediction file is made of; the message ends a sentence."""


_UNREADABLE: Final = (
    # What NumPy and zipfile raise for other content and a cut or bad file.
    AttributeError,
    EOFError,
    KeyError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def _arrays_in(content: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays of an archive by name; raises _Damaged or one of _UNREADABLE."""
    # From memory: NumPy leaves a damaged file open.
    file = io.BytesIO(content)
    if not zipfile.is_zipfile(file):
        raise _Damaged("it is no zip archive, or a part of one")
    with np.load(file, allow_pickle=False) as archive:
        for name in _ARRAYS:
            if name not in archive.files:
                raise _Damaged(f"it has no {name}")
        return {name: np.asarray(archive[name]) for name in _ARRAYS}


def _entry_of(clip: ClipPrediction) -> _ClipEntry:
    return _ClipEntry(
        clip=clip.clip,
        animal=clip.animal,
        strain=clip.strain,
        recording=clip.recording,
        frames=len(clip.truth),
        stacks=len(clip.probabilities),
    )


def _clips_of(
    header: _Header,
    truth: NDArray[np.uint8],
    probabilities: Probabilities,
    stack_of_frame: NDArray[np.int32],
) -> list[ClipPrediction]:
    """Cut the arrays of all clips, one after the other, into those of each; raises _Damaged."""
    if header.behaviors != BEHAVIORS:
        raise _Damaged(f"its behaviors are {', '.join(header.behaviors)}")
    frames = sum(entry.frames for entry in header.clips)
    stacks = sum(entry.stacks for entry in header.clips)
    if truth.shape != (frames,) or stack_of_frame.shape != (frames,):
        raise _Damaged(f"its header counts {frames} frames, its arrays others")
    if probabilities.shape != (stacks, len(BEHAVIORS)):
        raise _Damaged(f"its header counts {stacks} stacks, its probabilities others")
    clips = []
    frame, stack = 0, 0
    for entry in header.clips:
        of_clip = slice(frame, frame + entry.frames)
        clips.append(
            ClipPrediction(
                clip=entry.clip,
                animal=entry.animal,
                strain=entry.strain,
                recording=entry.recording,
                truth=truth[of_clip].astype(np.int64),
                probabilities=probabilities[stack : stack + entry.stacks].astype(np.float64),
                stack_of_frame=stack_of_frame[of_clip].astype(np.int64),
            )
        )
        frame, stack = frame + entry.frames, stack + entry.stacks
    return clips


def _fault_of(predictions: Sequence[ClipPrediction]) -> str:
    """Return what is wrong with predictions, empty if nothing."""
    names = sorted(clip.clip for clip in predictions)
    twice = [first for first, second in pairwise(names) if first == second]
    if twice:
        return f"clip {twice[0]} is there twice"
    return next((fault for clip in predictions if (fault := _fault_of_clip(clip))), "")


def _fault_of_clip(clip: ClipPrediction) -> str:
    frames, stacks = len(clip.truth), len(clip.probabilities)
    if not frames or not stacks or len(clip.stack_of_frame) != frames:
        return f"clip {clip.clip} has {frames} frames and {len(clip.stack_of_frame)} labels"
    if not ((clip.truth >= 0) & (clip.truth <= NONE_CODE)).all():
        return f"clip {clip.clip} has a code that is not 0..{NONE_CODE}"
    stack = clip.stack_of_frame
    if stack[0] < 0 or stack[-1] >= stacks or (np.diff(stack) < 0).any():
        return f"clip {clip.clip} has frames of stacks that are not there or not in order"
    shares = clip.probabilities
    if not ((shares >= 0).all() and np.allclose(shares.sum(axis=1), 1, atol=_SUM_TOLERANCE)):
        return f"clip {clip.clip} has probabilities that are no probabilities"
    return ""
