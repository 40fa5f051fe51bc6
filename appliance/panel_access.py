"""Reaching a panel for a moment: who it is, and its infrared light, whoever holds the line."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final, TypeAlias

from appliance.config import RackConfig
from appliance.control_client import ControlClient, ControlError, RequestRefused
from appliance.instance_lock import holder_of
from appliance.rack_path import lights_socket, lock_path, panel_memory
from capture_hw.error import PanelLost, PanelRefused, PanelSilent
from capture_hw.panel.opening import open_panel
from capture_hw.panel.panel import Panel
from capture_hw.panel.state import PanelIdentity
from capture_hw.panel_config import PanelConfig

Dim: TypeAlias = Callable[[int, float], None]
"""Dims to so many percent for so many seconds. Raises PanelSilent, PanelRefused."""
_BOOT_S: Final = 3.5
"""A board that opening its line resets first runs a bootloader for a second or two."""
_ASK_AGAIN_S: Final = 0.05


def patient_identity(
    panel: Panel, monotonic_s: Callable[[], float] = time.monotonic
) -> PanelIdentity:
    """Return who answers, asked again for some seconds: its board may just be starting.

    Takes 5.5 s at most; a port that is not there is no matter of time. Raises PanelSilent,
    PanelRefused.
    """
    until_s = monotonic_s() + _BOOT_S
    while True:
        try:
            return panel.identify()
        except PanelSilent as error:
            is_absent = isinstance(error, PanelLost) and not panel.line_count.openings
            if is_absent or monotonic_s() >= until_s:
                raise
        time.sleep(_ASK_AGAIN_S)


@contextmanager
def infrared_dimmer(config: RackConfig, panel: PanelConfig) -> Iterator[Dim]:
    """Give what dims a panel: an order to the lights worker, which has the line while it runs.

    Else the line is opened here, which changes no light, and closed again. Raises PanelSilent,
    PanelRefused.
    """
    if holder_of(lock_path(config, "lights")) is not None:
        with ControlClient(lights_socket(config)) as client:
            yield lambda percent, for_s: _order(client, panel.name, percent, for_s)
        return
    with closing(open_panel(panel, panel_memory(config, panel.name))) as opened:
        patient_identity(opened)
        yield lambda percent, for_s: opened.dim_infrared(percent * 10, for_s)


def _order(client: ControlClient, panel: str, percent: int, for_s: float) -> None:
    try:
        client.dim_infrared(panel, percent, for_s)
    except RequestRefused as error:
        raise PanelRefused(str(error)) from error
    except ControlError as error:
        raise PanelSilent(f"the lights worker does not answer: {error}") from error
