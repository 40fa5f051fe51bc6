"""Compare feeding and training with the original's way, in the same run.

    python -m tests.bench.bench_training [--network ethocnn|ethocnn-lite] [--steps 3] [--clips 16]
                                         [--seconds 30] [--rounds 3] [--threads 2]

Simulated clips of 704x576. The original's way decodes every frame in every epoch, in the
training's own process; ours decodes once, into a cache, and assembles minibatches ahead in threads.
Its clips were decoded just before, so they are read from the page cache: a data set larger than
memory comes at the disk's pace. Ways are interleaved in every round; a row gives median and
least .. largest of the rounds.
"""

import argparse
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import torch
from torch.nn import functional

from appliance.dataset_simulation import simulate_dataset
from inference.dataset.band_cache import Clip, load_clip
from inference.dataset.opening import open_data_set
from inference.dataset.source import ClipSource
from inference.preprocessing import Preprocessing
from inference.train.arithmetic import repeatable
from inference.train.ethocnn_lite import EthoCNNLite
from inference.train.minibatch import Minibatch, minibatches
from inference.train.network import NetworkName, create_network
from inference.train.plan import OURS, PAPER, Plan, plan_of
from inference.train.process_group import alone
from inference.train.sampler import Epochs
from inference.train.step import Learner
from tests.bench.original_feeding import Labelled, OriginalFeeding
from tests.bench.spread import Spread

SPEC = Preprocessing()
FEEDING_ORIGINAL = 6
FEEDING_OURS = 60
"""Minibatches a round, when nothing but feeding is measured."""


@dataclass
class Way:
    """A way to learn: minibatches one after the other, and what is done with each."""

    name: str
    feed: Callable[[], object]
    learn: Callable[[object], object]
    stacks: int
    rates: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    def measure(self, steps: int) -> None:
        """Take steps; keep stacks a second and the arithmetic's share of the time."""
        fed_s = learned_s = 0.0
        for _ in range(steps):
            began_s = time.perf_counter()
            batch = self.feed()
            fed_s += time.perf_counter() - began_s
            began_s = time.perf_counter()
            self.learn(batch)
            learned_s += time.perf_counter() - began_s
        tracemalloc.stop()  # the original's way starts it
        self.rates.append(steps * self.stacks / (fed_s + learned_s))
        self.shares.append(learned_s / (fed_s + learned_s))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=get_args(NetworkName), help="default: both")
    parser.add_argument("--steps", type=int, default=3, help="of each training a round")
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each clip")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="of the arithmetic")
    options = parser.parse_args()
    networks = [options.network] if options.network else list(get_args(NetworkName))
    with tempfile.TemporaryDirectory(prefix="ethoprofiler-bench-") as name:
        folder = Path(name)
        sources = _simulate(folder / "clips", options.clips, options.seconds)
        frames = round(options.clips * options.seconds * 25)
        print(f"{options.clips} clips of 704x576, {frames} frames\n")
        print("| | median (least .. largest) | x first | in the network's arithmetic |")
        print("|---|---|---|---|", flush=True)
        clips = _decode(sources, folder, frames, options.rounds)
        _feed(clips, options.rounds)
        with repeatable(options.threads):
            for network in networks:
                _train(network, clips, options.steps, options.rounds)


def _simulate(folder: Path, clips: int, seconds: float) -> tuple[ClipSource, ...]:
    simulate_dataset(
        folder,
        mice=clips,
        clips=1,
        seconds=seconds,
        seed=1,
        spread=1.0,
        routine="busy",
        jobs=2,
        progress=lambda *_: None,
    )
    return open_data_set(folder).clips


def _decode(sources: Sequence[ClipSource], folder: Path, frames: int, rounds: int) -> list[Clip]:
    """Decode all clips with one thread and with two; return those of the last time."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    clips: list[Clip] = []
    for number in range(rounds):
        for threads, measured in rates.items():
            cache = folder / f"cache-{number}-{threads}"
            began_s = time.perf_counter()
            with ThreadPoolExecutor(threads) as pool:
                clips = list(pool.map(lambda one, to=cache: load_clip(one, to, SPEC), sources))
            measured.append(frames / (time.perf_counter() - began_s))
    base = Spread.of(rates[1]).median
    for threads, values in rates.items():
        _print(f"decoding once, threads: {threads}", values, "frames/s", base, None)
    return clips


def _feed(clips: Sequence[Clip], rounds: int) -> None:
    original = _original(clips)
    ways = [Way("feeding, original", original.batches().__next__, _nothing, 16)]
    with (
        closing(_ours(clips, plan_of(PAPER, "ethocnn"))) as paper,
        closing(_ours(clips, plan_of(OURS, "ethocnn-lite"))) as ours,
    ):
        ways.append(Way("feeding, ours, ethocnn, warm page cache", paper.__next__, _nothing, 16))
        ways.append(
            Way("feeding, ours, ethocnn-lite, warm page cache", ours.__next__, _nothing, 64)
        )
        for _ in range(rounds):
            ways[0].measure(FEEDING_ORIGINAL)
            for way in ways[1:]:
                way.measure(FEEDING_OURS)
    _report(ways, has_arithmetic=False)
    used = rounds * FEEDING_ORIGINAL * 16
    print(f"| the original decodes {original.decoded} stacks to feed {used} | | | |", flush=True)


def _train(network: NetworkName, clips: Sequence[Clip], steps: int, rounds: int) -> None:
    original = _original(clips).batches()
    plan = plan_of(PAPER, network)
    learner = Learner(plan, SPEC, alone())
    with closing(_ours(clips, plan)) as parts:
        ways = [
            Way(f"{network}, original", original.__next__, _original_step(network), 16),
            Way(f"{network}, ours", parts.__next__, _our_step(learner, plan), 16),
        ]
        for way in ways:
            way.measure(1)
            way.rates.clear()
            way.shares.clear()
        for _ in range(rounds):
            for way in ways:
                way.measure(steps)
    _report(ways, has_arithmetic=True)


def _original(clips: Sequence[Clip]) -> OriginalFeeding:
    labelled = [Labelled(clip.source.video, clip.codes) for clip in clips]
    return OriginalFeeding(labelled, seed=0)


def _ours(clips: Sequence[Clip], plan: Plan) -> Generator[Minibatch, None, None]:
    endless = plan.model_copy(update={"epochs": 1_000_000})
    epochs = Epochs([clip.codes for clip in clips], endless, SPEC.stack_length)
    return minibatches(clips, endless, SPEC, epochs)


def _nothing(batch: object) -> None:
    """Do nothing with a minibatch."""


def _original_step(name: NetworkName) -> Callable[[object], object]:
    torch.manual_seed(0)
    network = create_network(name).train()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.03)
    first, end = SPEC.band_rows

    def learn(batch: object) -> float:
        assert isinstance(batch, tuple)
        pictures, targets = map(torch.from_numpy, batch)
        if isinstance(network, EthoCNNLite):
            pictures = pictures[:, :, first:end]
        optimizer.zero_grad()
        loss = functional.cross_entropy(network(pictures), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return float(loss.detach())

    return learn


def _our_step(learner: Learner, plan: Plan) -> Callable[[object], object]:
    def learn(part: object) -> object:
        assert isinstance(part, tuple)
        return learner.step([(part[0], part[1])], 0, plan.rate)

    return learn


def _report(ways: Sequence[Way], *, has_arithmetic: bool) -> None:
    base = Spread.of(ways[0].rates).median
    for way in ways:
        share = Spread.of(way.shares).median if has_arithmetic else None
        _print(way.name, way.rates, "stacks/s", base, share)


def _print(name: str, values: Sequence[float], unit: str, base: float, share: float | None) -> None:
    spread = Spread.of(values)
    told = f"{spread.median:,.1f} ({spread.least:,.1f} .. {spread.largest:,.1f}) {unit}"
    arithmetic = "" if share is None else f"{share:.1%}"
    print(f"| {name} | {told} | {spread.median / base:.1f} | {arithmetic} |", flush=True)


if __name__ == "__main__":
    main()
