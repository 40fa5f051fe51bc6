"""Run the tests of tests/vm/guest in the virtual machine: `python -m tests.vm.run [GROUP ...]`.

Every group starts from the same saved state. A group in which nothing passes, a test is skipped
for a reason nobody expects, or the machine breaks has failed; the others are run all the same.
Exits with 1 if something has failed, with 2 if the machine could not be made.
"""

import argparse
import io
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Final

from tests.vm.error import MachineError
from tests.vm.image import check_image, ready_image
from tests.vm.machine import READY, SHARE, Machine, running
from tests.vm.panel_bench import panel_bench
from tests.vm.project import pack_project
from tests.vm.result import Outcome, failed, judged, read_outcomes

_TESTS: Final = Path(__file__).parents[1]
GROUPS: Final = {
    "conformance": Path("capture_hw/test_camera_conformance.py"),
    **{
        file.stem.removeprefix("test_"): file.relative_to(_TESTS)
        for file in sorted((_TESTS / "vm" / "guest").glob("test_*.py"))
    },
}
"""Files of tests by the names that people call them."""
_WITH_PANEL: Final = ("lights", "panel")
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
    outcomes: list[Outcome] = []
    try:
        image = ready_image()
        for outcome in run_groups(asked.group or list(GROUPS), partial(_run_group, image)):
            outcomes.append(outcome)
            _show(outcome)
        outcomes += _check(image)
    except MachineError as error:
        outcomes.append(failed("machine", "is made", str(error)))
        print(f"vm: {error}", file=sys.stderr)
        return 2
    finally:
        if asked.json is not None:
            found = [outcome.to_json() for outcome in outcomes]
            asked.json.write_text(json.dumps(found, indent=2) + "\n")
    counts = Counter(outcome.state for outcome in outcomes)
    print(
        f"vm: {counts['ok']} tests passed, {counts['FAILED']} failed, {counts['skipped']} skipped"
    )
    return 1 if counts["FAILED"] or not counts["ok"] else 0


def run_groups(
    groups: Sequence[str], run_group: Callable[[str], list[Outcome]]
) -> Iterator[Outcome]:
    """Yield what each group finds; one that breaks has failed, and the others are still run."""
    for group in groups:
        try:
            found = run_group(group)
        except MachineError as error:
            found = [failed(group, "the group", str(error))]
        yield from found


def _run_group(image: Path, group: str) -> list[Outcome]:
    with tempfile.TemporaryDirectory(prefix="ethoprofiler-vm-") as folder:
        share = Path(folder)
        pack_project(share / "project.tar")
        begun_s = time.monotonic()
        with running(image, share, saved_state=READY) as machine:
            awake_s = time.monotonic() - begun_s
            with _bench(group, machine, share):
                exit_code = _test(machine, group)
            log = machine.run("dmesg", timeout_s=30.0).stdout
        print(f"vm: {group}: awake in {awake_s:.1f} s, {time.monotonic() - begun_s:.0f} s in all")
        report = share / f"{group}.xml"
        if not report.is_file():
            said = _text_of(share / f"{group}.log")
            raise MachineError(f"{group}: the tests have not come to their end:\n{said}")
        outcomes = judged(read_outcomes(report, group), group, exit_code)
    if any(outcome.state == "FAILED" for outcome in outcomes):
        print(f"the guest's kernel said:\n{log}")
    return outcomes


def _bench(group: str, machine: Machine, share: Path) -> AbstractContextManager[None]:
    """Give what a group needs beside the machine."""
    return panel_bench(machine, share) if group in _WITH_PANEL else nullcontext()


def _test(machine: Machine, group: str) -> int:
    """Hand the project over and test; return pytest's exit code."""
    entered = machine.run(_ENTER.format(now=int(time.time()), share=SHARE), timeout_s=60.0)
    if entered.returncode != 0:
        raise MachineError(f"the guest does not take the project: {entered.stdout.strip()}")
    command = _TEST.format(share=SHARE, group=group, file="tests" / GROUPS[group])
    return machine.run(command, timeout_s=_GROUP_TIMEOUT_S).returncode


def _check(image: Path) -> list[Outcome]:
    try:
        check_image(image)
    except MachineError as error:
        outcome = failed("machine", "its disk is in order", str(error))
        _show(outcome)
        return [outcome]
    return []


def _text_of(log: Path) -> str:
    return log.read_text(errors="replace").strip() if log.is_file() else "nothing"


def _show(outcome: Outcome) -> None:
    print(f"  {outcome.state:7} {outcome.name} ({outcome.seconds:.1f} s)")
    for name, value in outcome.figures.items():
        print(f"           {name}: {value}")
    if outcome.message:
        print(outcome.message)


if __name__ == "__main__":
    sys.exit(main())
