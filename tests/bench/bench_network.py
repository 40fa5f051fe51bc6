"""Measure the networks alone: stacks a second, and processor time a stack.

    python -m tests.bench.bench_network [--rounds 3]

Random weights. The ways are interleaved; of each the best round counts. Ratios are to torch as
the original runs it (eager, batches of 16).
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from inference.determinism import random_stacks
from inference.preprocessing import Gray, Preprocessing
from inference.train.ethocnn import EthoCNN
from inference.train.export import Attribution, export_model
from inference.train.folding import convolution_arrays, linear_arrays, scale_shift
from inference.train.graph import GraphWriter
from inference.train.network import create_network, logits_of

THREADS = 2
STACKS = 16


@dataclass
class Way:
    """A way to run a network on 16 stacks, which it does with one thread or two at once."""

    name: str
    run: Callable[[Gray], object]
    at_once: int
    best_s: float = np.inf
    best_cpu_s: float = np.inf

    def measure(self, stacks: Gray) -> None:
        """Keep the best time of judging `STACKS` stacks."""
        with ThreadPoolExecutor(self.at_once) as pool:
            started_s, started_cpu_s = time.perf_counter(), time.process_time()
            list(pool.map(self.run, [stacks] * self.at_once))
            self.best_s = min(self.best_s, (time.perf_counter() - started_s) / self.at_once)
            used_s = (time.process_time() - started_cpu_s) / self.at_once
            self.best_cpu_s = min(self.best_cpu_s, used_s)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    stacks = random_stacks(STACKS, (11, 128, 256), seed=0)
    with tempfile.TemporaryDirectory(prefix="ethoprofiler-bench-") as folder:
        ways = _ways(Path(folder))
        for _ in range(options.rounds + 1):  # the first round warms up and is rarely the best
            for way in ways:
                way.measure(stacks)
    print(f"{'':34} stacks/s   ratio   CPU ms/stack   ratio")
    for way in ways:
        print(
            f"{way.name:34} {STACKS / way.best_s:8.1f} {ways[0].best_s / way.best_s:7.2f}"
            f" {way.best_cpu_s / STACKS * 1e3:14.2f} {ways[0].best_cpu_s / way.best_cpu_s:7.2f}"
        )


def _ways(folder: Path) -> list[Way]:
    spec = Preprocessing()
    network = create_network("ethocnn").eval()
    assert isinstance(network, EthoCNN)

    def eager(stacks: Gray) -> object:
        with torch.inference_mode():
            return logits_of(network, torch.from_numpy(stacks), spec)

    plain, rewritten, lite = (folder / f"{name}.onnx" for name in ("plain", "rewritten", "lite"))
    plain.write_bytes(_plain(network, spec, batch=8))
    attribution = Attribution("bench", "0", "random weights", "none")
    export_model(network, attribution, rewritten)
    export_model(create_network("ethocnn-lite").eval(), attribution, lite)
    return [
        Way("torch eager, batch 16, 2 threads", eager, 1),
        Way("ONNX Runtime, unchanged", _session_run(plain), THREADS),
        Way("ONNX Runtime, rewritten", _session_run(rewritten), THREADS),
        Way("ONNX Runtime, ethocnn-lite", _session_run(lite), THREADS),
    ]


def _session_run(path: Path) -> Callable[[Gray], object]:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options)
    batch = session.get_inputs()[0].shape[0]

    def run(stacks: Gray) -> object:
        parts = [stacks[first : first + batch] for first in range(0, STACKS, batch)]
        return [session.run(None, {"stacks": part}) for part in parts]

    return run


def _plain(network: EthoCNN, spec: Preprocessing, batch: int) -> bytes:
    """Return the network as an ordinary exporter writes it, on whole pictures."""
    graph = GraphWriter()
    first, end = spec.band_rows
    rows = graph.shape(0, 0, first, 0, 0, 0, spec.size - end, 0)
    picture = graph.add("Pad", [graph.to_float("stacks"), rows])
    scale, shift = (values[:, None, None] for values in scale_shift(network.bn1))
    picture = graph.add("Mul", [picture, graph.numbers(scale / spec.divisor)])
    picture = graph.add("Add", [picture, graph.numbers(shift)])
    stem = []
    for layer in (network.c11, network.c13, network.c14, network.c12):
        down, right = (side // 2 for side in layer.kernel_size)
        weight, bias = convolution_arrays(layer)
        stem.append(
            graph.relu(
                graph.convolve(picture, weight, bias, stride=2, padding=(down, right, down, right))
            )
        )
    features = _pool(graph, graph.add("Concat", stem, axis=1))
    for layer, norm in ((network.c2, network.bn2), (network.c3, network.bn3)):
        scale, shift = (values[:, None, None] for values in scale_shift(norm))
        features = graph.add("Mul", [features, graph.numbers(scale)])
        features = graph.add("Add", [features, graph.numbers(shift)])
        features = _pool(graph, graph.relu(graph.convolve(features, *convolution_arrays(layer))))
    features = graph.relu(graph.convolve(features, *convolution_arrays(network.c32)))
    features = _pool(graph, graph.relu(graph.convolve(features, *convolution_arrays(network.c4))))
    features = graph.add("Flatten", [features])
    for connected in (network.fc1, network.fc12):
        features = graph.relu(graph.connect(features, *linear_arrays(connected)))
    logits = graph.connect(features, *linear_arrays(network.fc2))
    model = graph.finish(logits, (batch, *spec.stack_shape), (batch, 8))
    content: bytes = model.SerializeToString()
    return content


def _pool(graph: GraphWriter, source: str) -> str:
    return graph.add("MaxPool", [source], kernel_shape=[3, 3], strides=[2, 2])


if __name__ == "__main__":
    main()
