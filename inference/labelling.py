"""The way from a video's frames to labelled rows: cut into stacks, judge, in order."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from inference.crop import CropRectangle
from inference.ethogram import NONE_CODE
from inference.judge import Judge, Verdict, answer_of
from inference.label_file import CONFIDENCE_DECIMALS, LabelRow
from inference.preprocessing import Preprocessor
from inference.stack import BandFrame, Member, Stack, stacks_of
from inference.video import VideoFrame


@dataclass(frozen=True, slots=True)
class _Group:
    """Stacks that were submitted together: their members, and whether each one was judged."""

    members: Sequence[tuple[Sequence[Member], bool]]
    verdict: Verdict | None


def label_frames(
    frames: Iterable[VideoFrame],
    judge: Judge,
    *,
    crop: CropRectangle | None = None,
    done_frames: int = 0,
    ahead: int = 0,
) -> Iterator[list[LabelRow]]:
    """Yield the rows of a video, in order, some stacks at a time.

    Decoding and preprocessing run on the caller's thread. `ahead` = 0 judges each stack as soon as
    it is cut and waits for its label, for a video that is being written; otherwise stacks go to
    the judge a batch at a time, and the caller reads on while up to `ahead` batches wait. Rows of
    the first `done_frames` frames are left out and not judged again. Raises VideoError from
    `frames`, ModelError.
    """
    card = judge.classifier.card
    preprocessor = Preprocessor(card.preprocessing, crop)
    bands = (_band_of(frame, preprocessor) for frame in frames)
    stacks = (
        stack
        for stack in stacks_of(bands, card.preprocessing)
        if stack.members[-1].index >= done_frames
    )
    waiting: deque[_Group] = deque()
    while batch := list(islice(stacks, card.batch if ahead else 1)):
        waiting.append(_submit(judge, batch))
        if len(waiting) > ahead:
            yield _rows(waiting.popleft(), done_frames)
    while waiting:
        yield _rows(waiting.popleft(), done_frames)


def _band_of(frame: VideoFrame, preprocessor: Preprocessor) -> BandFrame:
    if frame.picture is None:
        return BandFrame(frame.index, frame.time_ms, None)
    band = preprocessor.band(frame.picture.luma, full_range=frame.picture.full_range)
    return BandFrame(frame.index, frame.time_ms, band)


def _submit(judge: Judge, batch: Sequence[Stack]) -> _Group:
    judged = [stack.bands for stack in batch if stack.bands is not None]
    return _Group(
        members=[(stack.members, stack.bands is not None) for stack in batch],
        verdict=judge.submit(np.stack(judged)) if judged else None,
    )


def _rows(group: _Group, done_frames: int) -> list[LabelRow]:
    answers = iter(() if group.verdict is None else answer_of(group.verdict))
    rows: list[LabelRow] = []
    for members, is_judged in group.members:
        code, confidence = _label_of(next(answers)) if is_judged else (NONE_CODE, 0.0)
        rows += [
            LabelRow(member.index, code, member.time_ms, confidence)
            if member.is_decodable
            else LabelRow(member.index, NONE_CODE, member.time_ms, 0.0)
            for member in members
            if member.index >= done_frames
        ]
    return rows


def _label_of(probabilities: NDArray[np.float64]) -> tuple[int, float]:
    code = int(probabilities.argmax())
    return code, round(float(probabilities[code]), CONFIDENCE_DECIMALS)
