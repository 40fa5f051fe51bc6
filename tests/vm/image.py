"""The virtual machine on this disk: made when its recipe changes, saved when it is ready."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.vm.error import MachineError
from tests.vm.machine import READY, running

_SCRIPTS: Final = Path(__file__).parents[2] / "scripts" / "vm"
_BUILD: Final = _SCRIPTS / "build.sh"
_RECIPE: Final = (*sorted(_SCRIPTS.glob("*.sh")), Path(__file__).with_name("machine.py"))
_MARK: Final = "recipe"
_PROGRAMS: Final = ("qemu-system-x86_64", "qemu-img", "mmdebstrap", "ssh")
_BUILD_TIMEOUT_S: Final = 1800.0
_CHECK_TIMEOUT_S: Final = 60.0
_PREPARATION_TIMEOUT_S: Final = 300.0


def ready_image() -> Path:
    """Give the folder of a machine with a saved state; makes it if there is none of this recipe.

    Raises MachineError. Making it takes two minutes and needs root.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "ethoprofiler-vm"
    folder, mark = cache / "machine", cache / _MARK
    recipe = _recipe_hash()
    if mark.is_file() and mark.read_text() == recipe:
        return folder
    if missing := [name for name in _PROGRAMS if shutil.which(name) is None]:
        raise MachineError(f"the virtual machine needs {', '.join(missing)}; see `make vm`")
    if os.geteuid() != 0:
        raise MachineError("only root can make the virtual machine: run `make vm` as root once")
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir(parents=True)
    build(folder)
    _save_ready(folder)
    mark.write_text(recipe)
    return folder


def check_image(folder: Path) -> None:
    """Raise MachineError if parts of the disk's image are damaged or belong to nobody.

    Such an image is made anew by the next run.
    """
    image = folder / "vm.qcow2"
    try:
        done = subprocess.run(
            ["qemu-img", "check", str(image)],
            capture_output=True,
            text=True,
            timeout=_CHECK_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MachineError(f"{image}: cannot be checked: {error}") from error
    if done.returncode != 0:
        (folder.parent / _MARK).unlink(missing_ok=True)
        said = (done.stdout + done.stderr).strip().splitlines()
        reason = said[0] if said else f"qemu-img ended with {done.returncode}"
        raise MachineError(f"{image}: is not in order, so it will be made anew: {reason}")


def build(folder: Path, *, timeout_s: float = _BUILD_TIMEOUT_S, script: Path = _BUILD) -> None:
    """Make the machine in a folder, with all programs of the script in one group of processes.

    Raises MachineError.
    """
    command = [str(script), str(folder), sys.executable]
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGTERM)  # mmdebstrap takes its mounts away
            raise MachineError(
                f"the virtual machine is not made after {timeout_s:g} s: {' '.join(command)}"
            ) from error
    if code != 0:
        raise MachineError(f"the virtual machine could not be made: {' '.join(command)}")


def _recipe_hash() -> str:
    content = hashlib.sha256()
    for file in _RECIPE:
        content.update(file.name.encode() + file.read_bytes())
    return content.hexdigest()


def _save_ready(folder: Path) -> None:
    """Boot once, load the drivers, save memory and disk."""
    with tempfile.TemporaryDirectory(prefix="ethoprofiler-vm-") as share:
        begun_s = time.monotonic()
        with running(folder, Path(share), saved_state=None) as machine:
            print(f"vm: booted in {time.monotonic() - begun_s:.0f} s", flush=True)
            preparation = (_SCRIPTS / "ready.sh").read_text()
            done = machine.run(preparation, timeout_s=_PREPARATION_TIMEOUT_S)
            if done.returncode != 0:
                raise MachineError(f"the drivers do not load: {done.stdout.strip()}")
            machine.save(READY)
