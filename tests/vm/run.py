"""Run the tests of tests/vm/guest in the virtual machine: `python -m tests.vm.run [GROUP ...]`.

Every group starts from the same saved state. Exits with 1 if one test has failed, with 2 if the
machine could not be made or does not answer.
"""

import argparse
import io
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

from tests.vm.image import ready_image
from tests.vm.machine import READY, SHARE, MachineError, running
from tests.vm.project import pack_project
from tests.vm.result import Outcome, read_outcomes

_TESTS: Final = Path(__file__).parents[1]
GROUPS: Final = {
    "conformance": Path("capture_hw/test_camera_conformance.py"),
    **{
        file.stem.removeprefix("test_"): file.relative_to(_TESTS)
        for file in sorted((_TESTS / "vm" / "guest").glob("test_*.py"))
    },
}
"""Files of tests by the names that people call them."""
_GROUP_TIMEOUT_S: Final = 400.0
_ENTER: Final = (
    # The guest woke up at the time of its saved state.
    "date -s @{now} >/dev/null; dmesg -C; mkdir -p {share} /run/project && "
    "mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 host0 {share} && "
    "tar -x -C /run/project -f {share}/project.tar"
)
_TEST: Final = (
    "cd /run/project && ETHOPROFILER_VM=1 python3 -m pytest -q -p no:cacheprovider "
    "--tb=short -o junit_family=xunit1 -o junit_logging=all --confcutdir={file.parent} "
    "-o faulthandler_timeout=90 -o faulthandler_exit_on_timeout=true "
    "--junitxml={share}/{group}.xml {file} >{share}/{group}.log 2>&1"
)


def main() -> int:
    """Run the groups named on the command line, all by default."""
    parser = argparse.ArgumentParser(prog="python -m tests.vm.run", description=__doc__)
    parser.add_argument("group", nargs="*", help=", ".join(GROUPS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything found there")
    asked = parser.parse_args()
    assert isinstance(sys.stdout, io.TextIOWrapper)
    sys.stdout.reconfigure(line_buffering=True)  # minutes pass between the groups
    if unknown := set(asked.group) - set(GROUPS):
        parser.error(f"no such group: {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    try:
        image = ready_image()
        outcomes = [
            outcome for group in asked.group or GROUPS for outcome in _run_group(image, group)
        ]
    except MachineError as error:
        print(f"vm: {error}", file=sys.stderr)
        return 2
    if asked.json is not None:
        found = [outcome.to_json() for outcome in outcomes]
        asked.json.write_text(json.dumps(found, indent=2) + "\n")
    counts = Counter(outcome.state for outcome in outcomes)
    print(
        f"vm: {counts['ok']} tests passed, {counts['FAILED']} failed, {counts['skipped']} skipped"
    )
    return 1 if counts["FAILED"] or not counts["ok"] else 0


def _run_group(image: Path, group: str) -> list[Outcome]:
    with tempfile.TemporaryDirectory(prefix="ethoprofiler-vm-") as folder:
        share = Path(folder)
        pack_project(share / "project.tar")
        begun_s = time.monotonic()
        with running(image, share, saved_state=READY) as machine:
            awake_s = time.monotonic() - begun_s
            entered = machine.run(_ENTER.format(now=int(time.time()), share=SHARE), timeout_s=60.0)
            if entered.returncode != 0:
                raise MachineError(f"the guest does not take the project: {entered.stdout.strip()}")
            machine.run(
                _TEST.format(share=SHARE, group=group, file="tests" / GROUPS[group]),
                timeout_s=_GROUP_TIMEOUT_S,
            )
            log = machine.run("dmesg", timeout_s=30.0).stdout
        print(f"vm: {group}: awake in {awake_s:.1f} s, {time.monotonic() - begun_s:.0f} s in all")
        report = share / f"{group}.xml"
        if not report.is_file():
            said = (share / f"{group}.log").read_text(errors="replace").strip()
            raise MachineError(f"{group}: the tests have not come to their end:\n{said}")
        outcomes = read_outcomes(report, group)
    for outcome in outcomes:
        _show(outcome)
    if any(outcome.state == "FAILED" for outcome in outcomes):
        print(f"the guest's kernel said:\n{log}")
    return outcomes


def _show(outcome: Outcome) -> None:
    print(f"  {outcome.state:7} {outcome.name} ({outcome.seconds:.1f} s)")
    for name, value in outcome.figures.items():
        print(f"           {name}: {value}")
    if outcome.message:
        print(outcome.message)


if __name__ == "__main__":
    sys.exit(main())
