"""Looking a configuration over before a rack is trusted to it."""

import os
from collections.abc import Mapping

from appliance.config import RackConfig
from appliance.device_check import device_probes
from appliance.folder_check import folder_probes
from appliance.probe import CheckRow, run_probes
from appliance.service_check import service_probes


def check_rack(config: RackConfig, environment: Mapping[str, str] = os.environ) -> list[CheckRow]:
    """Try everything that a configuration names; takes as long as the slowest of it, 1 min each.

    A rack that runs on this configuration is not disturbed.
    """
    return run_probes(
        [
            *folder_probes(config),
            *service_probes(config, environment),
            *device_probes(config),
        ]
    )
