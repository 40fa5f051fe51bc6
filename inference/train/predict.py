"""A network's answers on whole clips."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from torch.nn import functional

from inference.dataset.band_cache import Clip
from inference.dataset.band_file import Bands
from inference.error import TrainingError
from inference.evaluate.prediction import ClipPrediction, Probabilities, stacks_of_frames
from inference.preprocessing import Gray, Preprocessing
from inference.train.network import Network, logits_of

_BATCH = 16


def predict(
    network: Network,
    clips: Iterable[Clip],
    spec: Preprocessing,
    every: int = 1,
    goes_on: Callable[[], None] = lambda: None,
) -> Iterator[ClipPrediction]:
    """Yield the answers on the clips that may validate, stack by stack as `classify` cuts them.

    What is left at a clip's end is judged with its last `stack_length` frames. `every` > 1 judges
    only each so many-th stack, for a quick estimate; the other frames are then left out. `goes_on`
    is called after some stacks each: what it raises ends the judging. Raises TrainingError if an
    answer is no number.
    """
    network.eval()
    for clip in clips:
        if clip.truth is None:
            continue
        length = spec.stack_length
        stack_of_frame = stacks_of_frames(len(clip.truth), length)
        chosen = np.arange(0, stack_of_frame[-1] + 1, every)
        kept = np.isin(stack_of_frame, chosen)
        probabilities = _probabilities(network, clip.bands, chosen * length, spec, goes_on)
        if not np.isfinite(probabilities).all():
            raise TrainingError(f"the network's answers on {clip.source.name} are no numbers")
        yield ClipPrediction(
            clip=clip.source.name,
            animal=clip.source.animal,
            strain=clip.source.strain,
            recording=clip.source.recording,
            truth=clip.truth[kept],
            probabilities=probabilities,
            stack_of_frame=np.searchsorted(chosen, stack_of_frame[kept]),
        )


def stacks_in(clips: Iterable[Clip], length: int) -> int:
    """Return how many stacks of the clips that may validate there are to judge."""
    return sum(-(-len(clip.codes) // length) for clip in clips if clip.truth is not None)


def stack_at(bands: Bands, start: int, length: int) -> Gray:
    """Return the stack (length, height, width) that labels the frames from `start` on.

    At a clip's end its last `length` frames; a clip shorter than that repeats its last frame.
    """
    start = min(start, max(0, len(bands) - length))
    found = bands[start : start + length]
    return found[np.minimum(np.arange(length), len(found) - 1)]


def _probabilities(
    network: Network,
    bands: Bands,
    starts: Iterable[int],
    spec: Preprocessing,
    goes_on: Callable[[], None],
) -> Probabilities:
    device = next(network.parameters()).device
    waiting = list(starts)
    answers = []
    for first in range(0, len(waiting), _BATCH):
        part = waiting[first : first + _BATCH]
        stacks = np.stack([stack_at(bands, int(start), spec.stack_length) for start in part])
        with torch.inference_mode():
            logits = logits_of(network, torch.from_numpy(stacks).to(device), spec)
            answers.append(functional.softmax(logits.double(), dim=1).cpu().numpy())
        goes_on()
    return np.concatenate(answers)
