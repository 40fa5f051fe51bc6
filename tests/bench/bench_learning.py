"""Learn from simulated animals and judge each by a network that never saw it, as the paper did.

    python -m tests.bench.bench_learning [--out FOLDER] [--folds 10] [--epochs N] [--steps N]
                                         [--network ethocnn-lite] [--noise 0 10 20 40] [--jobs N]

Ten mice of two strains in ten cages that differ more than usual (cameras, light, bedding, fur),
leave-one-animal-out by `ethoprofiler crossvalidate` itself. With `--noise` the bouts of groom and
micromovement are swapped with these probabilities (percent) in what is learned; what is judged
stays true. With the same `--out` it goes on where it was stopped. `--folds` is the number of mice.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inference.evaluate.bootstrap import Interval
from inference.evaluate.report import Report
from inference.evaluate.report_folder import REPORT_NAME, read_report
from tests.bench.simulated_data_set import Cages, simulate, with_label_noise

_PAPER = (
    ("the paper's network, leave one of 10 mice out", "83.6", "82.9"),
    ("  its C57BL/6", "80", "81"),
    ("  its SWISS", "85.5", "84.5"),
    ("people against people, the paper's reviews", "86.4", "87.8"),
    ("  of C57BL/6", "84.4", "87.0"),
    ("  of SWISS", "87.8", "88.6"),
)
"""Percent of frames, macro, on the paper's own recordings. Source: paper, Results and Table 1."""


def main() -> None:
    """Run all that is asked for and print the tables."""
    options = _options()
    cages = Cages(options.folds, options.clips, options.seconds, seed=2026, spread=1.6)
    with _folder(options.out) as out:
        clean = simulate(out / "clips", cages)
        reports = {}
        for percent in options.noise:
            data_set = (
                clean if percent == 0 else with_label_noise(clean, out / f"{percent}", percent)
            )
            reports[percent] = _cross_validate(data_set, out, f"result-{percent}", options)
        if 0 in reports:
            _print_table(reports[0])
        _print_noise(reports)


def _cross_validate(data_set: Path, out: Path, name: str, options: argparse.Namespace) -> Report:
    command = [sys.executable, "-m", "appliance", "crossvalidate", data_set, out / name]
    command += ["--protocol", "leave-one-animal-out", "--network", options.network]
    command += ["--cache", out / "bands", "--validation-stacks", 0]
    for option in ("epochs", "steps", "jobs", "minibatch"):
        if (value := getattr(options, option)) is not None:
            command += [f"--{option}", value]
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    return read_report(out / name / REPORT_NAME)


def _print_table(report: Report) -> None:
    print(f"\n| {'leave one animal out':45} | frames, % | macro, % |")
    print(f"|{'-' * 47}|----------:|---------:|")
    _row("simulated mice", report.all.frame_accuracy, report.all.macro_accuracy)
    for strain in report.strains:
        _row(f"  {strain.name}", strain.frame_accuracy, strain.macro_accuracy)
    for name, spread in (("frames", report.frame_spread), ("macro", report.macro_spread)):
        if spread is not None:
            print(f"  {name} of the single animals: {spread.lowest:.1%} to {spread.highest:.1%}")
    for name, interval in (
        ("frames", report.intervals.frame_accuracy),
        ("macro", report.intervals.macro_accuracy),
    ):
        print(f"  {name}, interval of 95 % over animals: {_interval(interval)}")
    for name, frames, macro in _PAPER:
        print(f"| {name:45} | {frames:>9} | {macro:>8} |")
    print("\n| behavior       | recall, % |")
    for behavior, recall in report.all.recalls.items():
        print(f"| {behavior:14} | {recall:9.1%} |")


def _print_noise(reports: dict[int, Report]) -> None:
    print(
        "\n| bouts of groom and micromovement swapped, % | frames | macro  | groom  | micromov. |"
    )
    for percent, report in reports.items():
        recalls = report.all.recalls
        print(
            f"| {percent:43} | {report.all.frame_accuracy:6.1%} | "
            f"{report.all.macro_accuracy:6.1%} | {recalls.get('groom', 0):6.1%} | "
            f"{recalls.get('micromovement', 0):9.1%} |"
        )


def _row(name: str, frames: float, macro: float) -> None:
    print(f"| {name:45} | {100 * frames:9.1f} | {100 * macro:8.1f} |")


def _interval(interval: Interval | None) -> str:
    return "-" if interval is None else f"{interval.low:.1%} to {interval.high:.1%}"


@contextmanager
def _folder(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        yield chosen
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="kept, and gone on with")
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--clips", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--network", default="ethocnn-lite")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--minibatch", type=int)
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--noise", type=int, nargs="*", default=[0])
    return parser.parse_args()


if __name__ == "__main__":
    main()
