"""Whether the folders of a rack are writable, on the right disk, and large enough."""

import os
import tempfile
from pathlib import Path
from typing import Final

from appliance.config import RackConfig
from appliance.data_folder import existing, shares_volume
from appliance.mount_table import Mount, meant_mount, mount_of
from appliance.probe import Finding, Probe
from appliance.rack_volume import is_state_apart, volume_fault
from capture_hw.data_volume import mark_of

_TIMEOUT_S: Final = 10.0
_CAGE_BYTES_PER_S: Final = 125_000
"""1 Mbit/s. Source: measured, 0.4 Mbit/s of a clean picture, 2.2 of a noisy one."""
_NOT_ON_DISK: Final = frozenset({"tmpfs", "ramfs", "overlay", "squashfs"})
_REMOTE: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "fuse.sshfs"})
_MOUNT_PLACES: Final = (Path("/mnt"), Path("/media"), Path("/run/media"))
_GB: Final = 1e9
_S_PER_H: Final = 3600


def folder_probes(config: RackConfig) -> list[Probe]:
    """Return the looks at the folders of data, state and spool."""
    spool = config.recording.spool
    looks = [
        Probe("data folder", _TIMEOUT_S, lambda: check_folder(config.rack.data)),
        Probe("volume", _TIMEOUT_S, lambda: check_volume(config)),
        Probe("state folder", _TIMEOUT_S, lambda: check_folder(config.state)),
        Probe("free space", _TIMEOUT_S, lambda: _check_space(config, config.rack.data)),
    ]
    if spool is not None:
        looks += [
            Probe("spool folder", _TIMEOUT_S, lambda: _check_spool(spool, config.rack.data)),
            Probe("spool space", _TIMEOUT_S, lambda: _check_space(config, spool)),
        ]
    return looks


def check_folder(folder: Path) -> Finding:
    """Say whether files written to a folder are there to stay."""
    there = existing(folder)
    try:
        _try_to_write(folder, there)
        mount = mount_of(there)
    except OSError as error:
        return Finding("failed", f"{folder}: cannot be written to: {error.strerror}")
    place = f"{folder}: on {mount.kind}, mounted at {mount.folder}"
    if absence := missing_mount(folder, mount):
        return Finding("warning", f"{place}; {absence}")
    if mount.kind in _NOT_ON_DISK:
        return Finding("warning", f"{place}, which may not outlive a restart")
    if mount.kind in _REMOTE:
        return Finding("warning", f"{place}, a network file system; recording wants a local disk")
    return Finding("ok", place if folder.exists() else f"{place}; will be made at the start")


def check_volume(config: RackConfig) -> Finding:
    """Say whether the right volume is there, and what happens when it is not."""
    data, wanted = config.rack.data, config.recording.volume
    if fault := volume_fault(config):
        return Finding("failed", fault)
    try:
        mark = mark_of(data)
        mount = mount_of(existing(data))
    except OSError as error:
        return Finding("failed", f"{data}: cannot be read: {error.strerror}")
    if wanted is not None and not is_state_apart(config):
        return Finding(
            "warning",
            f"{data}: is `{wanted}`, but the rack cannot start without it: set rack.state to a "
            "folder on another volume",
        )
    if wanted is not None:
        return Finding("ok", f"{data}: is `{wanted}`")
    marked = f"{data}: its mark is `{mark}`" if mark else f"{data}: has no mark before the start"
    if mount.folder == Path("/"):
        return Finding("ok", marked)
    advice = f'set recording.volume = "{mark}"' if mark else "set recording.volume to it then"
    return Finding(
        "warning",
        f"{marked}; when {mount.folder} is not mounted, recordings, locks and logs would land on "
        f"the disk below it: {advice}, and rack.state to a folder on another volume",
    )


def _check_spool(spool: Path, data: Path) -> Finding:
    if shares_volume(spool, data):
        return Finding("failed", f"{spool}: is no spool, it is on the same volume as {data}")
    return check_folder(spool)


def missing_mount(folder: Path, mount: Mount) -> str:
    """Say which other file system should probably be there; nothing if `mount` is right."""
    meant = meant_mount(folder)
    if meant is not None and not mount.folder.is_relative_to(meant):
        return f"{meant} is in /etc/fstab but not mounted"
    if mount.folder == Path("/") and any(map(folder.is_relative_to, _MOUNT_PLACES)):
        return "nothing is mounted there, though the place is one for other disks"
    return ""


def _try_to_write(folder: Path, there: Path) -> None:
    """Write and sync a nameless file, or see whether the folder could be made. Raises OSError."""
    if there != folder:
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(13, "it does not exist and may not be made")
        return
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"\0")
        file.flush()
        os.fsync(file.fileno())


def _check_space(config: RackConfig, folder: Path) -> Finding:
    volume = os.statvfs(existing(folder))
    free_bytes = volume.f_bavail * volume.f_frsize
    usable_bytes = free_bytes - config.recording.keep_free_gb * _GB
    hours = usable_bytes / (_CAGE_BYTES_PER_S * len(config.cage)) / _S_PER_H
    free = f"{free_bytes / _GB:.1f} GB free"
    if hours <= 0:
        return Finding(
            "failed",
            f"{free}, where recording.keep_free_gb is {config.recording.keep_free_gb:g}: "
            "no frame would be recorded",
        )
    text = f"{free}, {hours:.0f} h of {len(config.cage)} cages at 1 Mbit/s each"
    is_short = hours < max(config.alerts.disk_hours, default=0)
    return Finding("warning" if is_short else "ok", text)
