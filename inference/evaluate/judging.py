"""Judging a model file by annotated clips, exactly as `classify` labels videos."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.classifier import Classifier
from inference.dataset.band_cache import Clip, load_clip
from inference.dataset.source import ClipSource
from inference.error import EvaluationError
from inference.evaluate.prediction import ClipPrediction
from inference.evaluate.report import ModelFacts
from inference.judge import Judge, answer_of
from inference.preprocessing import Preprocessing
from inference.stack import BandFrame, Stack, stacks_of

_READ_FRAMES: Final = 176
"""Read from the cache at once; 5.5 MiB."""


def model_facts(path: Path, classifier: Classifier) -> ModelFacts:
    """Return what a report says of a model file; raises OSError."""
    card = classifier.card
    return ModelFacts(
        identity=classifier.identity(),
        version=card.version,
        network=card.network,
        parameters=card.parameters,
        multiplications=card.multiplications,
        file_bytes=path.stat().st_size,
        sha256=classifier.seal,
        provenance=card.provenance,
        license=card.license,
    )


def judge_clips(
    classifier: Classifier,
    sources: Sequence[ClipSource],
    cache: Path,
    threads: int,
    progress: Callable[[int, int], None],
) -> Iterator[ClipPrediction]:
    """Yield a model's answers on the clips, in order; those that never validate are left out.

    Clips that are not in the folder `cache` are decoded into it. `progress` is told how many clips
    of how many are judged. Raises EvaluationError if none may validate, DataSetError, ModelError.
    """
    judged = [source for source in sources if source.held_out_annotation is not None]
    if not judged:
        raise EvaluationError("no clip has an annotation that a model may be judged by")
    spec = classifier.card.preprocessing
    pool = ThreadPoolExecutor(threads, thread_name_prefix="decoder")
    try:
        with Judge(classifier, threads) as judge:
            clips = pool.map(lambda source: load_clip(source, cache, spec), judged)
            for done, clip in enumerate(clips, start=1):
                yield _judge(clip, judge, spec)
                progress(done, len(judged))
    finally:
        pool.shutdown(cancel_futures=True)


def _judge(clip: Clip, judge: Judge, spec: Preprocessing) -> ClipPrediction:
    assert clip.truth is not None
    stacks = stacks_of(_frames(clip, spec), spec)
    stack_of_frame: NDArray[np.int64] = np.empty(len(clip.truth), np.int64)
    verdicts = []
    count = 0
    while batch := list(islice(stacks, judge.classifier.card.batch)):
        for number, stack in enumerate(batch, start=count):
            stack_of_frame[[member.index for member in stack.members]] = number
        count += len(batch)
        verdicts.append(judge.submit(np.stack([_bands(stack) for stack in batch])))
    return ClipPrediction(
        clip=clip.source.name,
        animal=clip.source.animal,
        strain=clip.source.strain,
        recording=clip.source.recording,
        truth=clip.truth,
        probabilities=np.concatenate([answer_of(verdict) for verdict in verdicts]),
        stack_of_frame=stack_of_frame,
    )


def _frames(clip: Clip, spec: Preprocessing) -> Iterator[BandFrame]:
    """Yield the bands of a clip, which has the model's frame rate: nothing else is cached."""
    for first in range(0, len(clip.bands), _READ_FRAMES):
        for index, band in enumerate(clip.bands[first : first + _READ_FRAMES], start=first):
            yield BandFrame(index, index * 1000 // spec.frames_per_second, band)


def _bands(stack: Stack) -> NDArray[np.uint8]:
    assert stack.bands is not None  # every frame of the cache has a band
    return stack.bands
