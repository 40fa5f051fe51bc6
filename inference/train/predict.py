"""A network's answers on whole clips."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch.nn import functional

from inference.dataset.band_cache import Clip
from inference.evaluate.prediction import ClipPrediction, Probabilities, stacks_of_frames
from inference.preprocessing import Gray, Preprocessing
from inference.train.network import Network, logits_of

_BATCH = 16


def predict(
    network: Network, clips: Iterable[Clip], spec: Preprocessing, every: int = 1
) -> Iterator[ClipPrediction]:
    """Yield the answers on the clips that may validate, stack by stack as `classify` cuts them.

    What is left at a clip's end is judged with its last `stack_length` frames. `every` > 1 judges
    only each so many-th stack, for a quick estimate; the other frames are then left out.
    """
    network.eval()
    for clip in clips:
        if clip.truth is None:
            continue
        length = spec.stack_length
        stack_of_frame = stacks_of_frames(len(clip.truth), length)
        chosen = np.arange(0, stack_of_frame[-1] + 1, every)
        kept = np.isin(stack_of_frame, chosen)
        yield ClipPrediction(
            clip=clip.source.name,
            animal=clip.source.animal,
            strain=clip.source.strain,
            recording=clip.source.recording,
            truth=clip.truth[kept],
            probabilities=_probabilities(network, clip.bands, chosen * length, spec),
            stack_of_frame=np.searchsorted(chosen, stack_of_frame[kept]),
        )


def stack_at(bands: Gray, start: int, length: int) -> Gray:
    """Return the stack (length, height, width) that labels the frames from `start` on.

    At a clip's end its last `length` frames; a clip shorter than that repeats its last frame.
    """
    last = len(bands) - 1
    start = min(start, max(0, last + 1 - length))
    return bands[np.minimum(np.arange(start, start + length), last)]


def _probabilities(
    network: Network, bands: Gray, starts: Iterable[int], spec: Preprocessing
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
    return np.concatenate(answers)
