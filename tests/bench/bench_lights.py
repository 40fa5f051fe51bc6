"""Measure light: when it changes, when faults are told, what clocks and the firmware do.

    python -m tests.bench.bench_lights [--only switching] [--repeats 5] [--changes 500] ...

`switching`: from the instant of a schedule to light on the pins of the real firmware, by the
panel's own clock and by this machine's UTC with the lights worker, against a host that switches by
command; `faults`: from a fault to its event and its alert; `replug`: from plugging in until all is
well; `drift`: of a panel's clock in a week; `firmware`: memory, longest turn of the loop, round
trip; `cost`: what the lights worker takes. Needs simavr and gcc-avr. Exits with 1 if a limit is
broken.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench.light_cost import print_cost
from tests.bench.light_drift import print_drift
from tests.bench.light_faults import print_detections
from tests.bench.light_firmware import print_firmware
from tests.bench.light_replug import print_reconciliation
from tests.bench.light_switching import print_by_own_clock, print_by_wall_clock
from tests.bench.lit_rack import load
from tests.firmware.firmware_build import built_firmware


def main() -> int:
    """Print the figures; return the exit code."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="ethoprofiler-bench-") as name:
        folder = Path(name)
        built = built_firmware(folder)
        parts: dict[str, list[Callable[[], bool]]] = {
            "switching": [
                lambda: print_by_own_clock(built, options.changes),
                lambda: print_by_wall_clock(built, options.starts, options.steps),
            ],
            "faults": [lambda: print_detections(built, options.repeats)],
            "replug": [lambda: print_reconciliation(built, options.replugs)],
            "drift": [lambda: print_drift(folder, options.crystals, options.host_hours)],
            "firmware": [lambda: print_firmware(built, options.questions)],
            "cost": [lambda: print_cost(options.seconds)],
        }
        broken = []
        for part in options.only or parts:
            print(f"\n--- {part}, load {load()}", flush=True)
            held = [measure() for measure in parts[part]]
            if not all(held):
                broken.append(part)
    print(f"\nload at the end {load()}")
    if broken:
        print(f"over the limit: {', '.join(broken)}")
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ["switching", "faults", "replug", "drift", "firmware", "cost"]
    parser.add_argument("--only", nargs="+", choices=names, help="without it everything")
    parser.add_argument("--changes", type=int, default=500, help="by the panel's own clock")
    parser.add_argument("--starts", type=int, default=5, help="of worker and panel, by UTC")
    parser.add_argument("--steps", type=int, default=40, help="of a dawn, for each start")
    parser.add_argument("--repeats", type=int, default=5, help="of each fault")
    parser.add_argument("--replugs", type=int, default=20)
    parser.add_argument(
        "--crystals", type=float, nargs="+", default=[300.0, 5000.0], help="errors in ppm"
    )
    parser.add_argument("--host-hours", type=float, default=3.0, help="simulated, with the host")
    parser.add_argument("--questions", type=int, default=1000, help="for the round trip")
    parser.add_argument("--seconds", type=float, default=30.0, help="for the worker's cost")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
