"""What `make vm` calls a success, without a machine."""

import os
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.vm.error import MachineError
from tests.vm.image import build, check_image
from tests.vm.monitor import ask_monitor
from tests.vm.result import Outcome, failed, judged, read_outcomes
from tests.vm.run import run_groups

GREETING: Final = b'{"QMP": {}}\n{"return": {}}\n'


def outcome(state: str, message: str = "") -> Outcome:
    assert state in {"ok", "FAILED", "skipped"}
    return Outcome("loss", "a test", state, 1.0, {}, message)  # type: ignore[arg-type]


def failures(outcomes: list[Outcome], exit_code: int = 0) -> list[str]:
    found = judged(outcomes, "loss", exit_code)
    return [one.message for one in found if one.state == "FAILED"]


def test_a_group_with_one_passed_test_is_a_success() -> None:
    assert failures([outcome("ok")]) == []


def test_a_group_in_which_nothing_ran_has_failed() -> None:
    assert failures([]) == ["no test has passed"]


def test_a_group_in_which_everything_was_skipped_has_failed() -> None:
    skipped = outcome("skipped", "conformance.py:217: this camera delivers pictures")
    assert failures([skipped]) == ["no test has passed"]
    assert failures([skipped, outcome("ok")]) == []


def test_a_skip_that_nobody_expects_is_a_failure() -> None:
    found = failures([outcome("ok"), outcome("skipped", "no card")])
    assert found == ["skipped: no card"]


def test_an_exit_code_counts_though_all_tests_passed() -> None:
    assert failures([outcome("ok")], exit_code=3) == ["pytest ended with 3"]


def test_half_a_report_is_no_report(tmp_path: Path) -> None:
    report = tmp_path / "loss.xml"
    report.write_text("<testsuites><testsuite><testcase name='a'")
    with pytest.raises(MachineError, match="loss: the report of the tests cannot be read"):
        read_outcomes(report, "loss")


def test_a_group_that_breaks_does_not_keep_the_others_from_running() -> None:
    def run(group: str) -> list[Outcome]:
        if group == "loss":
            raise MachineError("no shell after 300 s")
        return [outcome("ok")]

    found = list(run_groups(["devices", "loss", "fault"], run))
    assert found == [
        outcome("ok"),
        failed("loss", "the group", "no shell after 300 s"),
        outcome("ok"),
    ]


def test_a_machine_that_takes_too_long_to_make_is_given_up(tmp_path: Path) -> None:
    script = tmp_path / "build.sh"
    script.write_text('#!/bin/sh\nsleep 60 &\necho $! >"$1.child"\nwait\n')
    script.chmod(0o755)
    begun_s = time.monotonic()
    with pytest.raises(MachineError, match=r"not made after 0\.5 s"):
        build(tmp_path / "vm", timeout_s=0.5, script=script)
    assert time.monotonic() - begun_s < 30
    child = int((tmp_path / "vm.child").read_text())
    assert has_ended(child)


def test_a_machine_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    script = tmp_path / "build.sh"
    script.write_text("#!/bin/sh\nexit 4\n")
    script.chmod(0o755)
    with pytest.raises(MachineError, match="could not be made"):
        build(tmp_path / "vm", script=script)


def test_a_monitor_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    with (
        monitor(tmp_path / "monitor", GREETING, is_held=True),
        pytest.raises(MachineError, match=r"^QEMU, savevm: no answer in 0\.3 s$"),
    ):
        ask_monitor(tmp_path / "monitor", "savevm", timeout_s=0.3)


def test_a_monitor_that_hangs_up_is_one_sentence(tmp_path: Path) -> None:
    with (
        monitor(tmp_path / "monitor", GREETING, is_held=False),
        pytest.raises(MachineError, match=r"^QEMU, savevm: "),
    ):
        ask_monitor(tmp_path / "monitor", "savevm", timeout_s=5)


def test_a_monitor_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"^QEMU, quit: No such file"):
        ask_monitor(tmp_path / "monitor", "quit", timeout_s=1)


@pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is not on this machine")
def test_a_disk_with_parts_that_belong_to_nobody_is_told_and_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "machine"
    folder.mkdir()
    (tmp_path / "recipe").write_text("as before")
    image, raw = folder / "vm.qcow2", tmp_path / "raw"
    raw.write_bytes(b"x" * 1_000_000)
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", str(raw), str(image)], check=True)
    check_image(folder)
    lose_a_cluster(image)
    with pytest.raises(MachineError, match="is not in order, so it will be made anew"):
        check_image(folder)
    assert not (tmp_path / "recipe").exists()


def lose_a_cluster(image: Path) -> None:
    """Clear the first entry of the second-level table. Source: QEMU, docs/interop/qcow2.txt."""
    content = bytearray(image.read_bytes())
    (first_level,) = struct.unpack_from(">Q", content, 40)
    (entry,) = struct.unpack_from(">Q", content, first_level)
    second_level = entry & 0x00FF_FFFF_FFFF_FE00
    content[second_level : second_level + 8] = bytes(8)
    image.write_bytes(content)


@contextmanager
def monitor(path: Path, content: bytes, *, is_held: bool) -> Iterator[None]:
    """Say what QEMU says at its start, then nothing more: keep the line or hang up."""
    done = threading.Event()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def answer() -> None:
            line, _ = listening.accept()
            with line:
                line.sendall(content)
                if is_held:
                    done.wait(10)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(10)


def has_ended(pid: int) -> bool:
    """Wait for a process that is not our child; a zombie has ended."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    return False
