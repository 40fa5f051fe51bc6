"""What people order of one panel: told to it, read back, answered in one sentence."""

from datetime import timezone
from typing import Final, TypeAlias

from appliance.control_message import (
    CalibratePanelRequest,
    DimInfraredRequest,
    EndOverrideRequest,
    OverrideLightRequest,
)
from appliance.override_book import OrderedOverride
from appliance.override_watch import until_text
from appliance.panel_calibration import full_scale
from appliance.panel_keeper import PanelKeeper
from appliance.panel_look import Happening
from appliance.panel_time import Reading
from appliance.sentence import about
from capture_hw.error import PanelRefused, PanelSilent

LightRequest: TypeAlias = (
    OverrideLightRequest | EndOverrideRequest | DimInfraredRequest | CalibratePanelRequest
)
Done: TypeAlias = tuple[str, Happening | None]
"""One sentence for who asked, and what is to be told and recorded."""
_NS_PER_S: Final = 1_000_000_000


def carry_out(keeper: PanelKeeper, request: LightRequest, standard_time: timezone) -> Done:
    """Do what was ordered; belongs to the panel's thread. Raises PanelSilent, PanelRefused."""
    match request:
        case OverrideLightRequest():
            return _override(keeper, request, standard_time)
        case EndOverrideRequest():
            return _end_override(keeper, request)
        case DimInfraredRequest():
            return _dim(keeper, request)
        case CalibratePanelRequest():
            return _calibrate(keeper, request)


def _override(keeper: PanelKeeper, request: OverrideLightRequest, standard_time: timezone) -> Done:
    name = f"panel {request.panel}"
    identity = keeper.identity or keeper.panel.identify()
    for_s = max(1, round(request.minutes * 60))
    if for_s > identity.longest_override_s:
        raise PanelRefused(
            f"{name}: it gives other light for {identity.longest_override_s / 60:g} min at most, "
            f"not for {request.minutes:g} min"
        )
    reading, remaining_s = _begun(keeper, request, for_s)
    order = OrderedOverride(
        white_percent=request.white_percent,
        until_utc_ns=reading.utc_ns + round(remaining_s * _NS_PER_S),
        author=request.author,
        reason=request.reason,
    )
    fault = keeper.overrides.ordered(order, reading.monotonic_s, remaining_s)
    until = until_text(order.until_utc_ns, standard_time)
    text = f"{name}: {request.white_percent} % white light until {until}, then by the schedule"
    if fault:
        text += f"; after a restart of the worker its author is forgotten: {fault}"
    return text, Happening("override", request.reason, request.author)


def _begun(keeper: PanelKeeper, request: OverrideLightRequest, for_s: int) -> tuple[Reading, float]:
    """Give the order, and return what the panel shows and for how long that goes on.

    What it does not confirm is withdrawn. Raises PanelSilent, PanelRefused.
    """
    permille = request.white_percent * 10
    try:
        keeper.panel.override_white(permille, for_s)
    except PanelSilent as error:
        raise PanelSilent(_withdraw(keeper, request, for_s, str(error))) from error
    try:
        reading = keeper.read()
    except (PanelSilent, PanelRefused) as error:
        raise type(error)(_withdraw(keeper, request, for_s, str(error))) from error
    running = [one for one in reading.state.overrides if one.lamp == "white"]
    if [one.permille for one in running] != [permille]:
        reason = "it took the order and does not show it"
        raise PanelRefused(_withdraw(keeper, request, for_s, reason))
    return reading, running[0].remaining_s


def _withdraw(keeper: PanelKeeper, request: OverrideLightRequest, for_s: int, reason: str) -> str:
    """Take back an order that may run; return what became of it, one sentence.

    If it cannot be taken back, whose it is is remembered for when it is seen running.
    """
    name, what = f"panel {request.panel}", f"{request.white_percent} % white light"
    said = about(name, name, reason)
    try:
        keeper.panel.end_override()
    except (PanelSilent, PanelRefused):
        order = OrderedOverride(
            white_percent=request.white_percent,
            until_utc_ns=0,
            author=request.author,
            reason=request.reason,
        )
        keeper.overrides.unconfirmed(order, for_s)
        return f"{said}; {what} may run for {request.minutes:g} min, for it could not be withdrawn"
    keeper.overrides.ending(
        f"{what} was ordered, not confirmed and withdrawn at once", request.author
    )
    return f"{said}; {what} was withdrawn and the panel is on its schedule"


def _end_override(keeper: PanelKeeper, request: EndOverrideRequest) -> Done:
    name, running = f"panel {request.panel}", keeper.overrides.running
    text = "a person ended the override"
    if running is not None:
        keeper.overrides.ending(text, request.author)
    keeper.panel.end_override()
    if any(one.lamp == "white" for one in keeper.read().state.overrides):
        raise PanelRefused(f"{name}: it took the order and still shows an override")
    keeper.overrides.ended()
    if running is None:
        return f"{name}: no override was running", None
    done = f"{name}: the override is over, light is by the schedule"
    return done, Happening("override-end", text, request.author)


def _dim(keeper: PanelKeeper, request: DimInfraredRequest) -> Done:
    """Dim at once: the panel confirms, and commissioning measures the moment."""
    keeper.panel.dim_infrared(request.percent * 10, request.for_s)
    return f"panel {request.panel}: infrared light is at {request.percent} %", None


def _calibrate(keeper: PanelKeeper, request: CalibratePanelRequest) -> Done:
    name = f"panel {request.panel}"
    state = keeper.read().state
    reading = keeper.panel.sense()
    if not keeper.is_steady(state):
        raise PanelRefused(f"{name}: its light changes just now, and only steady light tells")
    white_full, ir_full, said = full_scale(name, state, reading)
    keeper.panel.calibrate(white_full, ir_full)
    kept = keeper.panel.sense()
    for wanted, found in ((white_full, kept.white_full), (ir_full, kept.ir_full)):
        if wanted is not None and wanted != found:
            raise PanelRefused(f"{name}: it keeps {found} where {wanted} was told")
    return f"{name}: {said}", None
