"""Stacks: the runs of 11 pictures, 25 a second, that the network judges at once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

import numpy as np

from inference.frame_rate import RATE_SAMPLE_FRAMES, interval_of, is_at_rate
from inference.preprocessing import Gray, Preprocessing

_LONGEST_INTERVAL_MS: Final = 1000
"""A longer pause between frames counts as this long, so that a gap does not make stacks."""


@dataclass(frozen=True, slots=True)
class BandFrame:
    """A frame reduced to its band (height, width); None if the frame is undecodable."""

    index: int
    time_ms: int
    band: Gray | None


@dataclass(frozen=True, slots=True)
class Member:
    """A frame that gets the label of its stack."""

    index: int
    time_ms: int
    is_decodable: bool


@dataclass(frozen=True, slots=True)
class Stack:
    """What the network sees at once, with the frames that get its label.

    `bands` (stack_length, height, width), oldest first; None if no frame of it is decodable.
    """

    members: tuple[Member, ...]
    bands: Gray | None


def stacks_of(frames: Iterable[BandFrame], spec: Preprocessing) -> Iterator[Stack]:
    """Cut a video's frames, in order, into non-overlapping stacks.

    A video at the model's frame rate: 11 consecutive frames a stack, whatever their jitter. Any
    other: the picture on screen at each 1/25 s. An undecodable frame shows the picture before
    it. What is left at the end is judged with the pictures before it, 11 in all; a video shorter
    than 11 frames repeats its last picture. Each frame belongs to exactly one stack. The first
    stack comes when the first 51 frames, which decide the rate, are known.
    """
    length = spec.stack_length
    iterator = iter(frames)
    head = list(islice(iterator, RATE_SAMPLE_FRAMES))
    timeline = _Timeline(spec.frames_per_second, [frame.time_ms for frame in head])
    cutter = _Cutter(length)
    for frame in chain(head, iterator):
        yield from cutter.add(frame, *timeline.ticks_of(frame))
    yield from cutter.finish()


class _Timeline:
    """Place frames on the model's time axis, in ticks of one picture."""

    def __init__(self, frames_per_second: int, first_times_ms: Sequence[int]) -> None:
        self._rate = frames_per_second
        self._sampled = _needs_sampling(frames_per_second, first_times_ms)
        self._elapsed_ms = 0
        self._last_ms: int | None = None

    def ticks_of(self, frame: BandFrame) -> tuple[int, int]:
        """Return the tick that the frame falls into and the first that can show its picture."""
        if not self._sampled:
            return frame.index, frame.index
        if self._last_ms is not None:
            step_ms = frame.time_ms - self._last_ms
            self._elapsed_ms += min(max(step_ms, 0), _LONGEST_INTERVAL_MS)
        self._last_ms = frame.time_ms
        # Time stamps are rounded to 1 ms: half of it belongs to either side.
        doubled = 2 * self._elapsed_ms * self._rate
        belongs = (doubled + self._rate) // 2000
        shown_from = -((self._rate - doubled) // 2000)
        return belongs, shown_from


class _Cutter:
    """Collect the pictures of ticks and cut them into stacks."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._first_tick = 0
        self._ticks: list[Gray | None] = []
        self._members: list[tuple[int, Member]] = []
        self._shown: Gray | None = None
        self._before: list[Gray | None] = []

    def add(self, frame: BandFrame, belongs: int, shown_from: int) -> Iterator[Stack]:
        self._show_until(shown_from)
        while belongs >= self._first_tick + self._length:
            yield from self._cut()
        member = Member(frame.index, frame.time_ms, frame.band is not None)
        self._members.append((belongs, member))
        if frame.band is not None:
            self._shown = frame.band

    def finish(self) -> Iterator[Stack]:
        if not self._members:
            return
        self._show_until(self._members[-1][0] + 1)
        left = self._ticks[: self._length]
        context = (self._before + left)[-self._length :]
        self._ticks = context + [self._shown] * (self._length - len(context))
        yield from self._cut()

    def _show_until(self, tick: int) -> None:
        self._ticks += [self._shown] * (tick - self._first_tick - len(self._ticks))

    def _cut(self) -> Iterator[Stack]:
        pictures = self._ticks[: self._length]
        del self._ticks[: self._length]
        self._first_tick += self._length
        members = tuple(m for tick, m in self._members if tick < self._first_tick)
        del self._members[: len(members)]
        self._before = pictures
        if members:
            yield Stack(members, _fill(pictures))


def _fill(pictures: Sequence[Gray | None]) -> Gray | None:
    """Stack the pictures; those before the first decodable one show that one."""
    first = next((picture for picture in pictures if picture is not None), None)
    if first is None:
        return None
    return np.stack([first if picture is None else picture for picture in pictures])


def _needs_sampling(frames_per_second: int, times_ms: Sequence[int]) -> bool:
    interval_ms = interval_of(times_ms)
    return interval_ms is not None and not is_at_rate(interval_ms, frames_per_second)
