"""The folders of a rack that starts: made and marked, so that recorders see they are there."""

import logging
from pathlib import Path

from appliance.config import RackConfig
from appliance.mount_table import meant_mount, mount_of
from appliance.rack_volume import volume_fault
from capture_hw.data_volume import is_marked, mark_data_folder

_log = logging.getLogger(__name__)


def prepare_folders(config: RackConfig) -> None:
    """Make and mark the folders of data and spool, where it is certain that they belong there.

    Without the mark recorders wait for the volume. Raises OSError for the data folder.
    """
    if fault := volume_fault(config):
        _log.error("%s", fault)
    else:
        prepare_data_folder(config.rack.data)
    if config.recording.spool is not None:
        _prepare_spool(config.recording.spool, config.rack.data)


def prepare_data_folder(data: Path) -> None:
    """Make and mark a folder; not where /etc/fstab means a volume to be that is not mounted.

    Raises OSError.
    """
    data.mkdir(parents=True, exist_ok=True)
    meant = meant_mount(data)
    if meant is not None and not mount_of(data).folder.is_relative_to(meant):
        _log.error("%s: %s is in /etc/fstab but not mounted", data, meant)
        return
    mark_data_folder(data)


def shares_volume(spool: Path, data: Path) -> bool:
    """Say whether two folders, or what there is of them, are on one file system.

    A data folder without its mark is away, so nobody can say. Raises OSError.
    """
    return is_marked(data) and existing(spool).stat().st_dev == existing(data).stat().st_dev


def existing(folder: Path) -> Path:
    """Return the folder, or the closest one around it that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _prepare_spool(spool: Path, data: Path) -> None:
    """Make and mark the spool; a rack runs without it, so a fault is not the end."""
    try:
        if not is_marked(data):
            return  # nobody can say whether the spool is on a volume of its own
        if shares_volume(spool, data):
            _log.error("%s: is no spool, it is on the same volume as %s", spool, data)
            return
        prepare_data_folder(spool)
    except OSError as error:
        _log.error("%s: cannot be used as a spool: %s", spool, error.strerror)
