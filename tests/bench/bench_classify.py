"""Measure labelling end to end against the original's way, both in the same run.

    python -m tests.bench.bench_classify [--seconds 120] [--files 4] [--rounds 3]

Every figure is the wall clock of whole programs on all cores, start-up included, on clips of the
simulated cage as the recorder compresses them; medians of the rounds, engines taking turns.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper

from appliance.model_folder import DEFAULT_MODEL, find_model
from capture_hw.h264 import H264Writer
from capture_hw.simulation.cage import SimulatedCage
from inference.label_file import read_codes
from inference.model_card import METADATA_KEY, ModelCard
from inference.seal import seal
from inference.train.ethocnn import EthoCNN
from inference.train.export import Attribution, export_model
from tests.bench.original_way import batches_of

BASELINE: Final = "tests.bench.original_way"
FPS: Final = 25


def main() -> None:
    """Write the clips and models, measure in turns, print the table."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="ethoprofiler-bench-") as name:
        folder = Path(name)
        clips = _write_clips(folder / "clips", options.files, options.seconds)
        frames = round(options.seconds * FPS)
        weights, big = _big_network(folder, clips[0])
        null = _null_model(folder)
        runs: dict[str, Callable[[], float]] = {
            "original way, 1 file": lambda: _original(weights, clips[0], folder / "original.csv"),
            "ethocnn, 1 file": lambda: _classify(big, clips[:1], folder / "big"),
            "ethocnn-lite, 1 file": lambda: _classify(_lite(), clips[:1], folder / "lite"),
            "no network, 1 file": lambda: _classify(null, clips[:1], folder / "null"),
            f"ethocnn, {len(clips)} files": lambda: _classify(big, clips, folder / "bigs"),
            f"ethocnn-lite, {len(clips)} files": lambda: _classify(
                _lite(), clips, folder / "lites"
            ),
            f"no network, {len(clips)} files": lambda: _classify(null, clips, folder / "nulls"),
        }
        taken_s: dict[str, list[float]] = {label: [] for label in runs}
        for _ in range(options.rounds):
            for label, run in runs.items():
                taken_s[label].append(run())
        rates = {
            label: (len(clips) if "files" in label else 1) * frames / statistics.median(times_s)
            for label, times_s in taken_s.items()
        }
        _print_table(rates)
        _print_agreement(folder / "original.csv", folder / "big" / f"{clips[0].stem}.csv")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def _write_clips(folder: Path, count: int, seconds: float) -> list[Path]:
    folder.mkdir()
    paths = []
    for number in range(count):
        cage = SimulatedCage(9000 + number, routine="busy")
        path = folder / f"{number + 1:02d}.mkv"
        with H264Writer(path, 704, 576, FPS) as writer:
            for frame in range(round(seconds * FPS)):
                writer.write(cage.picture(frame), frame * 1000 // FPS)
        paths.append(path)
    return paths


def _big_network(folder: Path, clip: Path) -> tuple[Path, Path]:
    """Write the paper's network twice, as weights for torch and as our model file.

    Its weights are random, with the statistics of the batch norms measured on a clip, so that its
    labels vary; accuracy plays no part here.
    """
    torch.manual_seed(1)
    network = EthoCNN()
    _measure_norms(network, clip)
    weights = folder / "ethocnn.pt"
    torch.save(network.state_dict(), weights)
    attribution = Attribution("ethocnn-random", "0", "random weights", "BSD-3-Clause")
    export_model(network, attribution, folder / "ethocnn-random.onnx")
    return weights, folder / "ethocnn-random.onnx"


def _measure_norms(network: EthoCNN, clip: Path) -> None:
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim > 1:
                torch.nn.init.kaiming_normal_(parameter)
        network.train()
        batches = list(islice(batches_of(clip), 4))
        for batch in batches:
            network(torch.from_numpy(batch).float())
        network.eval()
        logits = [network(torch.from_numpy(batch).float()) for batch in batches]
        network.fc2.bias.sub_(torch.cat(logits).mean(dim=0))  # or one behavior would win always


def _null_model(folder: Path) -> Path:
    """Write a model that does next to nothing, run as ethocnn-lite is: the rest is what is left."""
    card = {p.key: p.value for p in onnx.load(str(_lite())).metadata_props}[METADATA_KEY]
    batch = ModelCard.model_validate_json(card).batch
    graph = helper.make_graph(
        [
            helper.make_node("Slice", ["stacks", "start", "end", "axes"], ["corner"]),
            helper.make_node("Cast", ["corner"], ["floats"], to=TensorProto.FLOAT),
            helper.make_node("Reshape", ["floats", "shape"], ["logits"]),
        ],
        "null",
        [helper.make_tensor_value_info("stacks", TensorProto.UINT8, [batch, 11, 128, 256])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [batch, 8])],
        [
            helper.make_tensor("start", TensorProto.INT64, [3], [0, 0, 0]),
            helper.make_tensor("end", TensorProto.INT64, [3], [1, 1, 8]),
            helper.make_tensor("axes", TensorProto.INT64, [3], [1, 2, 3]),
            helper.make_tensor("shape", TensorProto.INT64, [2], [batch, 8]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {METADATA_KEY: card})
    path = folder / "null.onnx"
    path.write_bytes(seal(model.SerializeToString()))
    return path


def _lite() -> Path:
    return find_model(DEFAULT_MODEL)


def _original(weights: Path, clip: Path, output: Path) -> float:
    return _wall_s([sys.executable, "-m", BASELINE, str(weights), str(clip), str(output)])


def _classify(model: Path, clips: list[Path], out: Path) -> float:
    program = [sys.executable, "-m", "appliance", "classify", "--overwrite", "--json"]
    return _wall_s([*program, "--model", str(model), "--out", str(out), *map(str, clips)])


def _wall_s(command: list[str]) -> float:
    started_s = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started_s


def _print_table(rates: dict[str, float]) -> None:
    base = rates["original way, 1 file"]
    print(f"{'':28} {'frames/s':>9} {'x original':>11} {'of no network':>14}")
    for label, rate in rates.items():
        alone = rates["no network, " + label.split(", ")[1]]
        print(f"{label:28} {rate:9.0f} {rate / base:11.2f} {rate / alone:14.2f}")


def _print_agreement(original: Path, ours: Path) -> None:
    theirs = np.loadtxt(original, delimiter=";", skiprows=2, dtype=np.int64)[:, 1]
    same = (read_codes(ours)[: len(theirs)] == theirs).mean()
    print(f"labels of ethocnn equal to plain torch: {same:.2%} of {len(theirs)} frames,")
    print(f"which use {len(set(theirs.tolist()))} of the 8 behaviors")


if __name__ == "__main__":
    main()
