"""A real ext4 on a block device whose every write and flush is written into a log.

QEMU's storage daemon shows a disk image as a file (FUSE) and logs what is written to it
(`blklogwrites`); a loop device makes that file a block device.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_WAIT_S: Final = 20.0
_FUSE_CONNECTIONS: Final = Path("/sys/fs/fuse/connections")
_PROGRAMS: Final = ("qemu-storage-daemon", "mkfs.ext4", "losetup", "mount", "umount")
_DISK_BYTES: Final = 512 << 20
_LOG_BYTES: Final = 64 << 30
"""Of a sparse file: never full."""
_EACH_WRITE: Final = "log-sector-size=4096,log-super-update-interval=1"
"""The log's head tells at once how long the log is."""


class LaboratoryError(Exception):
    """This machine cannot run the laboratory, or a program of it failed."""


@dataclass(frozen=True, slots=True)
class DiskFiles:
    """The three files of a logged disk."""

    base: Path
    """The disk before its first mount."""
    disk: Path
    """The disk now."""
    log: Path


@contextmanager
def logged_disk(folder: Path, mount: Path) -> Iterator[DiskFiles]:
    """Make a disk, mount it on `mount` and log it while the block runs; its files stay.

    Raises LaboratoryError.
    """
    demand_means()
    files = DiskFiles(folder / "base.img", folder / "disk.img", folder / "log.img")
    for path, size in ((files.disk, _DISK_BYTES), (files.log, _LOG_BYTES)):
        with path.open("wb") as file:
            file.truncate(size)
    # Everything is written now, so that the kernel does not go on making the file system later.
    run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", files.disk)
    run("cp", "--sparse=always", files.disk, files.base)
    with ExitStack() as stack:
        shown = stack.enter_context(_shown_as_file(folder, files))
        device = stack.enter_context(_loop_device(shown, "--direct-io=on"))
        stack.enter_context(_mounted(device, mount))
        yield files


@contextmanager
def mounted_image(image: Path, mount: Path) -> Iterator[Path]:
    """Mount a disk's image while the block runs, as a machine does that comes back.

    Raises LaboratoryError: it cannot be mounted.
    """
    with _loop_device(image) as device, _mounted(device, mount):
        yield mount


def demand_means() -> None:
    """Raise LaboratoryError, one sentence, unless this machine can run the laboratory."""
    missing = [name for name in _PROGRAMS if not _is_there(name)]
    if missing:
        raise LaboratoryError(
            f"the power-loss laboratory needs {', '.join(missing)}: install the Debian packages "
            "qemu-system-common, qemu-utils, e2fsprogs and mount"
        )
    if os.geteuid():
        raise LaboratoryError("the power-loss laboratory mounts disks: run it as root")
    for device in ("/dev/fuse", "/dev/loop-control"):
        if not Path(device).exists():
            raise LaboratoryError(f"the power-loss laboratory needs {device}, which is not here")


def run(program: str, *arguments: str | Path) -> str:
    """Run a program to its end and return what it says; raises LaboratoryError."""
    command = [program, *map(str, arguments)]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LaboratoryError(f"{' '.join(command)}: {error}") from error
    if done.returncode:
        raise LaboratoryError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout.strip()


@contextmanager
def _shown_as_file(folder: Path, files: DiskFiles) -> Iterator[Path]:
    shown = folder / "shown.img"
    shown.touch()
    command = [
        "qemu-storage-daemon",
        *("--blockdev", f"driver=file,filename={files.disk},node-name=disk"),
        *("--blockdev", f"driver=file,filename={files.log},node-name=log"),
        *("--blockdev", f"driver=blklogwrites,file=disk,log=log,{_EACH_WRITE},node-name=logged"),
        *("--export", f"type=fuse,id=shown,node-name=logged,mountpoint={shown},writable=on"),
    ]  # fmt: skip
    with (folder / "storage-daemon.log").open("wb") as said:
        daemon = subprocess.Popen(command, stdout=said, stderr=said)
    try:
        deadline_s = time.monotonic() + _WAIT_S
        while not shown.stat().st_size:
            if daemon.poll() is not None or time.monotonic() > deadline_s:
                text = (folder / "storage-daemon.log").read_text()
                raise LaboratoryError(f"qemu-storage-daemon shows no disk: {text.strip()}")
            time.sleep(0.02)
        _write_one_by_one(shown)
        yield shown
    finally:
        daemon.terminate()
        daemon.wait(_WAIT_S)


def _write_one_by_one(shown: Path) -> None:
    """Let the kernel send one request at a time.

    QEMU 7.2 logs wrong content for parallel writes through FUSE: measured, 136 blocks of a run of
    60 MB. The laboratory compares replayed and real disk in every run.
    """
    if not any(_FUSE_CONNECTIONS.iterdir()):
        run("mount", "-t", "fusectl", "none", _FUSE_CONNECTIONS)
    connection = os.minor(shown.stat().st_dev)
    (_FUSE_CONNECTIONS / str(connection) / "max_background").write_text("1")


@contextmanager
def _loop_device(image: Path, *options: str) -> Iterator[str]:
    device = run("losetup", "--find", "--show", *options, image)
    try:
        yield device
    finally:
        run("losetup", "--detach", device)


@contextmanager
def _mounted(device: str, mount: Path) -> Iterator[None]:
    mount.mkdir(exist_ok=True)
    run("mount", "-t", "ext4", "-o", "noatime,commit=5", device, mount)
    try:
        yield
    finally:
        _unmount(mount)


def _unmount(mount: Path) -> None:
    """Unmount as soon as the last file is closed; processes that were killed need a moment."""
    deadline_s = time.monotonic() + _WAIT_S
    while True:
        try:
            run("umount", mount)
        except LaboratoryError:
            if time.monotonic() > deadline_s:
                run("umount", "--lazy", mount)
                raise
            time.sleep(0.1)
        else:
            return


def _is_there(program: str) -> bool:
    folders = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin", "/sbin"]
    return any((Path(folder) / program).exists() for folder in folders)
