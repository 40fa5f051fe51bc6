"""The virtual machine on this disk: made when its recipe changes, saved when it is ready."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.vm.machine import READY, MachineError, running

_SCRIPTS: Final = Path(__file__).parents[2] / "scripts" / "vm"
_RECIPE: Final = (*sorted(_SCRIPTS.glob("*.sh")), Path(__file__).with_name("machine.py"))
_BUILD_TIMEOUT_S: Final = 1800.0
_PREPARATION_TIMEOUT_S: Final = 300.0


def ready_image() -> Path:
    """Give the folder of a machine with a saved state; makes it if there is none of this recipe.

    Raises MachineError. Making it takes two minutes and needs root.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "ethoprofiler-vm"
    folder, mark = cache / "machine", cache / "recipe"
    recipe = _recipe_hash()
    if mark.is_file() and mark.read_text() == recipe:
        return folder
    if os.geteuid() != 0:
        raise MachineError("only root can make the virtual machine: run `make vm` as root once")
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir(parents=True)
    _build(folder)
    _save_ready(folder)
    mark.write_text(recipe)
    return folder


def _recipe_hash() -> str:
    content = hashlib.sha256()
    for file in _RECIPE:
        content.update(file.name.encode() + file.read_bytes())
    return content.hexdigest()


def _build(folder: Path) -> None:
    command = [str(_SCRIPTS / "build.sh"), str(folder), sys.executable]
    if subprocess.run(command, timeout=_BUILD_TIMEOUT_S, check=False).returncode != 0:
        raise MachineError(f"the virtual machine could not be made: {' '.join(command)}")


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
