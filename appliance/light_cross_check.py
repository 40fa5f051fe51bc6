"""Infrared light as the cameras see it, against what its panel says: pure."""

from collections.abc import Iterator
from typing import Final

from appliance.alert import Finding
from appliance.report import PanelDetail
from appliance.status import CageStatus, RackStatus

_FRESH_S: Final = 10.0
"""A picture that is older says nothing of now."""
_FEWEST: Final = 2
"""One black picture is its camera's own alert; all of several before one panel are the panel's."""
_AFTER_S: Final = 2.0


def unseen_light(status: RackStatus) -> Iterator[Finding]:
    """Yield panels whose infrared light no camera sees though they say that they give it.

    White light is invisible to the cameras, so only the panel's own sensor can tell of it.
    """
    for panel in status.lights.panels if status.lights else ():
        light = panel.ir_commanded if panel.ir_measured is None else panel.ir_measured
        if panel.reason or light is None:
            continue
        cages = [cage for cage in status.cages if cage.panel == panel.panel and _is_fresh(cage)]
        if len(cages) >= _FEWEST and all(_is_black(cage) for cage in cages):
            text = (
                f"panel {panel.panel}: its {len(cages)} cages see no infrared light though "
                f"{_words(panel)}"
            )
            yield Finding(f"panel-{panel.panel}-unseen", "lights", "critical", text, _AFTER_S)


def _words(panel: PanelDetail) -> str:
    if panel.ir_measured is None:
        return f"{panel.ir_commanded} % is commanded"
    return f"it measures {panel.ir_measured} %"


def _is_fresh(cage: CageStatus) -> bool:
    picture, recorder = cage.picture, cage.recorder
    if picture is None or picture.age_s is None or recorder is None:
        return False
    return recorder.state == "recording" and picture.age_s <= _FRESH_S


def _is_black(cage: CageStatus) -> bool:
    return cage.picture is not None and "black" in cage.picture.faults
