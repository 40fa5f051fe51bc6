"""Whether cameras deliver and panels answer."""

from contextlib import closing
from functools import partial
from typing import Final

from appliance.cage_plan import panel_plan
from appliance.config import CageSection, RackConfig
from appliance.control_client import ControlClient, ControlError
from appliance.instance_lock import holder_of
from appliance.panel_access import patient_identity
from appliance.probe import Finding, Probe
from appliance.rack_path import control_socket, lock_path, panel_memory
from capture_hw.camera import open_camera
from capture_hw.error import CaptureError
from capture_hw.light_plan_text import plan_text
from capture_hw.panel.opening import open_panel
from capture_hw.panel_config import PanelConfig, SerialPanelConfig
from capture_hw.v4l2.kernel import Machine
from capture_hw.v4l2.survey import unset_input_doubt

_FRAME_S: Final = 5.0
_CAMERA_S: Final = 16.0
"""Ten seconds to open, as `open_camera` promises, and the first frame."""
_PANEL_S: Final = 8.0
"""Who it is, which takes 5.5 s at most, and opening."""
_STATUS_S: Final = 3.0
_KEEPS_NONE: Final = "keeps no schedule: its light stays as it is when this machine stops"


def device_probes(config: RackConfig) -> list[Probe]:
    """Return a look at each camera and each panel."""
    cameras = [
        Probe(f"camera {cage.label}", _CAMERA_S, partial(_check_camera, config, cage))
        for cage in config.cage
    ]
    panels = [
        Probe(f"panel {panel.name}", _PANEL_S, partial(_check_panel, config, panel))
        for panel in config.lights.panel
    ]
    return cameras + panels + _swap_probes(config)


def _swap_probes(config: RackConfig) -> list[Probe]:
    """Return a warning of panels that nobody could tell apart and that must not be swapped."""
    unnamed = [
        panel.name
        for panel in config.lights.panel
        if isinstance(panel, SerialPanelConfig) and panel.serial_number is None
    ]
    plans = {plan_text(panel_plan(config, name)) for name in unnamed}
    if len(plans) < 2:
        return []
    text = (
        f"{', '.join(unnamed)} have different plans and no `serial_number`, so nobody notices if "
        "they are swapped while the rack is stopped"
    )
    return [Probe("panels", _STATUS_S, lambda: Finding("warning", text))]


def _check_camera(config: RackConfig, cage: CageSection) -> Finding:
    recorder = _worker_at_work(config, f"recorder-{cage.label}")
    if recorder is not None:
        return Finding("ok", f"in use by its recorder, process {recorder}; not looked at")
    try:
        camera = open_camera(cage.camera)
    except CaptureError as error:
        return Finding("failed", str(error))
    try:
        camera.read(_FRAME_S)
        given = camera.format
        doubt = _doubt(cage)
    except CaptureError as error:
        return Finding("failed", str(error))
    finally:
        camera.close()
    text = f"{cage.camera.driver}, {given.width}x{given.height}, {given.fps:g} frames/s, "
    text += "H.264, copied" if given.codec == "h264" else "pictures, encoded by the recorder"
    crop = cage.crop
    if crop is not None and (
        crop.left + crop.width > given.width or crop.top + crop.height > given.height
    ):
        return Finding("failed", f"{text}; the configured crop reaches beyond the picture")
    return Finding("warning", f"{text}; {doubt}") if doubt else Finding("ok", text)


def _doubt(cage: CageSection) -> str | None:
    """Return what may make another camera of this one after a restart. Raises DeviceLost."""
    if cage.camera.driver != "v4l2":
        return None
    return unset_input_doubt(cage.camera, Machine())


def _check_panel(config: RackConfig, panel: PanelConfig) -> Finding:
    worker = _worker_at_work(config, "lights")
    if worker is not None:
        return _panel_at_work(config, panel.name, f"in use by the lights worker, process {worker}")
    try:
        with closing(open_panel(panel, panel_memory(config, panel.name))) as opened:
            identity, port = patient_identity(opened), opened.port
            keeps_schedule = opened.keeps_schedule
            is_reset = opened.line_count.resets_by_opening > 0
    except CaptureError as error:
        return Finding("failed", str(error))
    text = (
        f"{identity.model}, firmware {identity.firmware}, serial number {identity.serial_number}, "
        f"protocol {identity.protocol}, on {port}"
    )
    if not keeps_schedule:
        return Finding("warning", f"{text}; {_KEEPS_NONE}")
    if is_reset:
        return Finding("warning", f"{text}; opening its line resets it, so its wiring is wrong")
    if not identity.has_rtc:
        return Finding("ok", f"{text}; keeps its schedule, but no time over a power cut")
    return Finding("ok", f"{text}; keeps its schedule and the time by itself")


def _panel_at_work(config: RackConfig, name: str, user: str) -> Finding:
    """Return what the lights worker has told the supervisor of a panel."""
    try:
        with ControlClient(control_socket(config), _STATUS_S) as client:
            lights = client.status().lights
    except ControlError:
        lights = None
    told = next((one for one in lights.panels if one.panel == name), None) if lights else None
    if told is None:
        return Finding("ok", f"{user}; not looked at")
    if told.reason:
        return Finding("failed", f"{user}, which says: {told.reason}")
    text = f"{user}: serial number {told.serial_number}, on {told.port}"
    if not told.keeps_schedule:
        return Finding("warning", f"{text}; {_KEEPS_NONE}")
    return Finding("ok", f"{text}; light is as scheduled")


def _worker_at_work(config: RackConfig, name: str) -> int | None:
    """Return the process that has the device; None if there is none, nor a place for its lock."""
    try:
        return holder_of(lock_path(config, name))
    except OSError:
        return None
