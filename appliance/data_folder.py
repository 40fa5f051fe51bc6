"""The data folder of a rack that starts: made and marked, so that recorders see it is there."""

import logging
from pathlib import Path

from appliance.mount_table import meant_mount, mount_of
from capture_hw.data_volume import mark_data_folder

_log = logging.getLogger(__name__)


def prepare_data_folder(data: Path) -> None:
    """Make and mark the folder; not where /etc/fstab means a volume to be that is not mounted.

    Without the mark recorders wait for the volume. Raises OSError.
    """
    data.mkdir(parents=True, exist_ok=True)
    meant = meant_mount(data)
    if meant is not None and not mount_of(data).folder.is_relative_to(meant):
        _log.error("%s: %s is in /etc/fstab but not mounted", data, meant)
        return
    mark_data_folder(data)
