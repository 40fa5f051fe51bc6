"""The way from a video's frames to labelled rows: cut into stacks, judge, in order."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.classifier import Classifier
from inference.crop import CropRectangle
from inference.ethogram import NONE_CODE
from inference.label_file import CONFIDENCE_DECIMALS, LabelRow
from inference.preprocessing import Preprocessor
from inference.stack import BandFrame, Stack, stacks_of
from inference.video import VideoFrame

_WAITING_PER_THREAD: Final = 3
_Batch: TypeAlias = list[Stack]
_Judged: TypeAlias = tuple[_Batch, "Future[NDArray[np.float64]] | None"]


def label_frames(
    frames: Iterable[VideoFrame],
    classifier: Classifier,
    *,
    threads: int,
    crop: CropRectangle | None = None,
    done_frames: int = 0,
) -> Iterator[list[LabelRow]]:
    """Yield the rows of a video, in order, some stacks at a time.

    Decoding and preprocessing run on the caller's thread, the network on `threads` others, each
    with a batch; at most 3 batches a thread wait. Rows of the first `done_frames` frames are
    left out and not judged again. Raises VideoError from `frames`.
    """
    preprocessor = Preprocessor(classifier.card.preprocessing, crop)
    bands = (_band_of(frame, preprocessor) for frame in frames)
    stacks = stacks_of(bands, classifier.card.preprocessing)
    pool = ThreadPoolExecutor(threads, "network")
    try:
        waiting: deque[_Judged] = deque()
        for batch in _batches(stacks, classifier.card.batch):
            waiting.append((batch, _submit(pool, classifier, batch, done_frames)))
            if len(waiting) > _WAITING_PER_THREAD * threads:
                yield _rows(*waiting.popleft(), done_frames)
        while waiting:
            yield _rows(*waiting.popleft(), done_frames)
    finally:
        pool.shutdown(cancel_futures=True)


def _band_of(frame: VideoFrame, preprocessor: Preprocessor) -> BandFrame:
    if frame.picture is None:
        return BandFrame(frame.index, frame.time_ms, None)
    band = preprocessor.band(frame.picture.luma, full_range=frame.picture.full_range)
    return BandFrame(frame.index, frame.time_ms, band)


def _batches(stacks: Iterator[Stack], size: int) -> Iterator[_Batch]:
    while batch := list(islice(stacks, size)):
        yield batch


def _submit(
    pool: ThreadPoolExecutor, classifier: Classifier, batch: _Batch, done_frames: int
) -> Future[NDArray[np.float64]] | None:
    bands = [stack.bands for stack in batch if _is_open(stack, done_frames)]
    judged = [stack_bands for stack_bands in bands if stack_bands is not None]
    return pool.submit(classifier.probabilities, np.stack(judged)) if judged else None


def _is_open(stack: Stack, done_frames: int) -> bool:
    return stack.members[-1].index >= done_frames


def _rows(
    batch: _Batch, future: Future[NDArray[np.float64]] | None, done_frames: int
) -> list[LabelRow]:
    probabilities = iter(() if future is None else future.result())
    rows: list[LabelRow] = []
    for stack in batch:
        if not _is_open(stack, done_frames):
            continue
        code, confidence = NONE_CODE, 0.0
        if stack.bands is not None:
            row = next(probabilities)
            code = int(row.argmax())
            confidence = round(float(row[code]), CONFIDENCE_DECIMALS)
        rows += [
            LabelRow(member.index, code, member.time_ms, confidence)
            if member.is_decodable
            else LabelRow(member.index, NONE_CODE, member.time_ms, 0.0)
            for member in stack.members
            if member.index >= done_frames
        ]
    return rows
