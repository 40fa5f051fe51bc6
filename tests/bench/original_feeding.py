"""The original software's way of feeding a training, written plainly, as the baseline.

Up to 100 clips are open at once; every frame is decoded in the training's own process and goes
through gray array, crop, pad, resize and table, again in every epoch. One stack of 11 is taken
from each clip in turn, or skipped by its behavior's probability, then augmented. A minibatch is
one stack of the rarest behavior and 15 of the others in turn, float16 and then float32.

What is left out, in its favor: its hand-written probabilities are replaced by those that give the
same minibatches on these clips, and what it stumbles over at the end of an epoch.
"""

import gc
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from tests.bench.original_way import BATCH, STACK, picture_of

OPEN_CLIPS = 100
BEHAVIORS = 8
NONE = 8
Pixels = NDArray[np.float16]
Batch = tuple[NDArray[np.float32], NDArray[np.int64]]


@dataclass
class Labelled:
    """A video and the code of each of its frames."""

    video: Path
    codes: NDArray[np.int64]


class OriginalFeeding:
    """Minibatches without end."""

    def __init__(self, clips: Sequence[Labelled], seed: int) -> None:
        self._clips = list(clips)
        self._random = np.random.default_rng(seed)
        counts = np.zeros(BEHAVIORS)
        for clip in clips:
            for start in range(0, len(clip.codes) - STACK + 1, STACK):
                if (label := label_of(clip.codes, start)) != NONE:
                    counts[label] += 1
        self._rarest = int(counts.argmin())
        self._keep = np.minimum(1, counts.min() * (BATCH - 1) / (BEHAVIORS - 1) / counts)
        self.decoded = 0

    def batches(self) -> Iterator[Batch]:
        """Yield (16, 11, 256, 256) float32 in 0..1, and their behaviors."""
        buffers: list[list[Pixels]] = [[] for _ in range(BEHAVIORS)]
        while True:
            for label, stack in self._epoch():
                buffers[label].append(stack)
                while all(buffers) and sum(map(len, buffers)) - len(buffers[self._rarest]) >= 15:
                    yield self._batch(buffers)

    def _epoch(self) -> Iterator[tuple[int, Pixels]]:
        waiting = list(self._random.permutation(len(self._clips)))
        readers: list[Iterator[tuple[int, Pixels]]] = []
        while waiting or readers:
            while waiting and len(readers) < OPEN_CLIPS:
                readers.append(self._kept_stacks(self._clips[waiting.pop()]))
            for reader in list(readers):
                found = next(reader, None)
                if found is None:
                    readers.remove(reader)
                else:
                    yield found

    def _kept_stacks(self, clip: Labelled) -> Iterator[tuple[int, Pixels]]:
        frames: list[NDArray[np.uint8]] = []
        start = 0
        with av.open(str(clip.video)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "FRAME"
            for packet in container.demux(stream):
                for frame in packet.decode():
                    assert isinstance(frame, av.VideoFrame)
                    frames.append(picture_of(frame))
                    if len(frames) < STACK:
                        continue
                    self.decoded += 1
                    label = label_of(clip.codes, start)
                    if label != NONE and self._random.random() < self._keep[label]:
                        pixels: Pixels = np.stack(frames).astype(np.float16)
                        yield label, self._augmented(np.divide(pixels, np.float16(256)))
                    frames, start = [], start + STACK

    def _augmented(self, stack: Pixels) -> Pixels:
        if self._random.random() < 0.9:
            right = int(self._random.integers(0, 21)) * int(self._random.choice([-1, 1]))
            down = int(self._random.integers(0, 81)) * int(self._random.choice([-1, 1]))
            moved = np.zeros_like(stack)
            moved[:, max(0, down) : 256 + min(0, down), max(0, right) : 256 + min(0, right)] = (
                stack[:, max(0, -down) : 256 + min(0, -down), max(0, -right) : 256 + min(0, -right)]
            )
            stack = moved
        if self._random.random() < 0.2:
            stack = np.flip(stack, axis=2)
        return stack

    def _batch(self, buffers: list[list[Pixels]]) -> Batch:
        tracemalloc.start()
        gc.collect()
        batch = np.zeros((BATCH, STACK, 256, 256), np.float16)
        labels = [self._rarest]
        batch[0] = buffers[self._rarest].pop(0)
        turn = 0
        while len(labels) < BATCH:
            label = turn % BEHAVIORS
            turn += 1
            if label != self._rarest and buffers[label]:
                batch[len(labels)] = buffers[label].pop(0)
                labels.append(label)
        gc.collect()
        return batch.astype(np.float32), np.array(labels)


def label_of(codes: NDArray[np.int64], start: int) -> int:
    """Return the behavior of a stack, or none if it is not learned from."""
    counts = np.bincount(codes[start : start + STACK], minlength=BEHAVIORS + 1)
    return NONE if counts[NONE] else int(counts.argmax())
