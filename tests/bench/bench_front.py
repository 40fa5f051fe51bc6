"""Find the front of accuracy against cost of small networks, on cages that differ strongly.

    python -m tests.bench.bench_front [--out FOLDER] [--mice 10] [--held-out 3] [--epochs N]
                                      [--steps N] [--variants NAME...] [--threads N]

Variants of `ethocnn-lite` learn from simulated mice and are judged on mice in cages that they never
saw (spread 1.8). Prints a table and writes front.svg: multiplications and processor time a stack of
the model file on one thread. With the same `--out` it goes on where it was stopped.
"""

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference.classifier import Classifier
from inference.dataset.opening import open_data_set
from inference.determinism import random_stacks
from inference.ethogram import BEHAVIORS
from inference.evaluate.bootstrap import Interval, figure_intervals
from inference.evaluate.confusion import confusion_by_animal
from inference.evaluate.drawing import cost_front
from inference.evaluate.picture_point import CostPoint
from inference.preprocessing import Preprocessing
from inference.train.dataset import Split, load_clips
from inference.train.export import Attribution, export_model
from inference.train.lite_shape import LiteShape
from inference.train.loop import train
from inference.train.plan import changed, plan_of
from inference.train.progress import Progress, Watch
from tests.bench.simulated_data_set import Cages, simulate

VARIANTS = {
    "shipped": LiteShape(),
    "narrow-0.5": LiteShape(width=0.5),
    "narrow-0.75": LiteShape(width=0.75),
    "wide-1.5": LiteShape(width=1.5),
    "shallow": LiteShape(repeats=0),
    "deep": LiteShape(repeats=2),
    "deep-narrow-0.5": LiteShape(width=0.5, repeats=2),
    "stem-stride-8": LiteShape(stem_stride=8),
    "stem-stride-8-wide-2": LiteShape(stem_stride=8, width=2),
    "stem-stride-3": LiteShape(stem_stride=3),
    "no-change-basis": LiteShape(sees_change=False),
}
_TIMED = 200


@dataclass(frozen=True, slots=True)
class Result:
    """What a variant costs and brings."""

    name: str
    multiplications: int
    parameters: int
    cpu_ms: float
    frames: Interval
    macro: Interval


def main() -> None:
    """Train what is not trained yet, print the table and draw the front."""
    options = _options()
    out: Path = options.out
    cages = Cages(options.mice, 2, options.seconds, seed=2027, spread=1.8)
    data_set = open_data_set(simulate(out / "clips", cages))
    clips = load_clips(data_set.clips, out / "bands", Preprocessing())
    animals = sorted({clip.source.animal for clip in clips})
    left_out = set(animals[-options.held_out :])
    split = Split(
        training=tuple(clip for clip in clips if clip.source.animal not in left_out),
        held_out=tuple(clip for clip in clips if clip.source.animal in left_out),
    )
    refuse_lacking(split)
    results = [_result(name, split, options) for name in options.variants]
    _print(results, len(left_out))
    for cost, values in (
        ("M multiplications a stack", [result.multiplications / 1e6 for result in results]),
        ("ms of processor time a stack", [result.cpu_ms for result in results]),
    ):
        points = [
            CostPoint(result.name, value, result.macro.value, result.macro.low, result.macro.high)
            for result, value in zip(results, values, strict=True)
        ]
        path = out / ("front.svg" if cost.startswith("M") else "front-time.svg")
        path.write_bytes(cost_front(points, cost))
        print(path)


def refuse_lacking(split: Split) -> None:
    """End with a sentence if the mice to learn from do not show all eight behaviors."""
    shown = {int(code) for clip in split.training for code in np.unique(clip.codes)}
    lacking = [name for code, name in enumerate(BEHAVIORS) if code not in shown]
    if lacking:
        raise SystemExit(
            f"the mice to learn from show no {', no '.join(lacking)}: more --mice or --seconds"
        )


def _result(name: str, split: Split, options: argparse.Namespace) -> Result:
    plan = changed(
        plan_of("ours", "ethocnn-lite"),
        {
            "shape": VARIANTS[name],
            "threads": options.threads,
            **{
                option: getattr(options, option)
                for option in ("epochs", "steps", "minibatch")
                if getattr(options, option) is not None
            },
        },
    )

    def show(progress: Progress) -> None:
        if progress.record is not None:
            print(f"{name}: epoch {progress.epoch}, loss {progress.loss:.3f}", flush=True)

    folder: Path = options.out / name
    watch = Watch(report=show, validation_stacks=0)
    trained = train(split, plan, Preprocessing(), folder, watch=watch)
    card = export_model(
        trained.network, Attribution(name, "1", "bench", "none"), folder / "model.onnx"
    )
    intervals = figure_intervals(confusion_by_animal(trained.predictions))
    assert intervals.frame_accuracy is not None
    assert intervals.macro_accuracy is not None
    return Result(
        name,
        card.multiplications,
        card.parameters,
        _cpu_ms(Classifier(folder / "model.onnx", "cpu")),
        intervals.frame_accuracy,
        intervals.macro_accuracy,
    )


def _cpu_ms(classifier: Classifier) -> float:
    """Return the median processor time of a stack."""
    (stack,) = random_stacks(1, classifier.card.preprocessing.stack_shape, seed=0)
    times_s = []
    for _ in range(_TIMED):
        begin_s = time.thread_time()
        classifier.probabilities(stack[None])
        times_s.append(time.thread_time() - begin_s)
    return float(np.median(times_s)) * 1000


def _print(results: list[Result], animals: int) -> None:
    print(f"\njudged on {animals} mice in cages that no network saw; in brackets 95 % over mice\n")
    print("| variant              | M mult. | parameters | CPU ms | frames |             macro |")
    print("|----------------------|--------:|-----------:|-------:|-------:|------------------:|")
    for result in sorted(results, key=lambda one: one.multiplications):
        print(
            f"| {result.name:20} | {result.multiplications / 1e6:7.1f} | {result.parameters:10,} "
            f"| {result.cpu_ms:6.2f} | {result.frames.value:6.1%} | {result.macro.value:6.1%} "
            f"({result.macro.low:.0%}-{result.macro.high:.0%}) |"
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("front"))
    parser.add_argument("--mice", type=int, default=10)
    parser.add_argument("--held-out", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--minibatch", type=int)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--variants", nargs="*", choices=VARIANTS, default=list(VARIANTS))
    options = parser.parse_args()
    if not 2 <= options.held_out < options.mice:
        parser.error("--held-out: two mice at least, and fewer than there are")
    return options


if __name__ == "__main__":
    main()
