"""A real ext4 volume that can be made to refuse or to hang, where this process may mount one."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

_SHUTDOWN: Final = 0x8004587D
"""EXT4_IOC_SHUTDOWN. Source: Linux, fs/ext4/ext4.h, _IOR('X', 125, __u32)."""
_NOLOGFLUSH: Final = (2).to_bytes(4, "little")
"""What is not on the disk yet is lost, as behind a cable that comes off. Source: ibid."""
_LONGEST_HANG_S: Final = 30


class SickDisk:
    """Every access fails with EIO from `break_down` until `heal`."""

    def __init__(self, image: Path, folder: Path) -> None:
        self.folder: Final = folder
        self._image: Final = image
        self._end: subprocess.Popen[bytes] | None = None

    def break_down(self) -> None:
        """Be gone, at once."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, _NOLOGFLUSH)
        finally:
            os.close(descriptor)

    def hang(self) -> None:
        """Let every write wait until `answer`, or for a time that no test needs.

        Another process ends the hang: this one may be what hangs.
        """
        end = f'sleep {_LONGEST_HANG_S} && fsfreeze --unfreeze "$0"'
        self._end = subprocess.Popen(["sh", "-c", end, str(self.folder)])
        subprocess.run(["fsfreeze", "--freeze", str(self.folder)], check=True)

    def answer(self) -> None:
        """End a hang, if there is one."""
        if self._end is None:
            return
        self._end.terminate()
        self._end.wait()
        self._end = None
        thaw = ["fsfreeze", "--unfreeze", str(self.folder)]
        subprocess.run(thaw, check=False, capture_output=True)

    def heal(self) -> None:
        """Be mounted anew, with what had come to the disk; nobody may have a file open."""
        subprocess.run(["umount", str(self.folder)], check=True)
        self.mount()

    def mount(self) -> None:
        """Be there."""
        subprocess.run(["mount", "-o", "loop", str(self._image), str(self.folder)], check=True)


@contextmanager
def sick_disk(place: Path, size: int) -> Iterator[SickDisk]:
    """Mount an ext4 of `size` bytes on `<place>/disk` while the block runs, or skip the test."""
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        pytest.skip("making a volume of its own is not permitted here")
    image, folder = place / "image", place / "disk"
    folder.mkdir(parents=True)
    with image.open("wb") as file:
        file.truncate(size)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
    disk = SickDisk(image, folder)
    try:
        disk.mount()
    except subprocess.CalledProcessError:
        pytest.skip("mounting a volume is not permitted here")
    try:
        yield disk
    finally:
        disk.answer()
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
