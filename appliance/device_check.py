"""Whether cameras deliver and panels answer."""

from functools import partial
from typing import Final

from appliance.config import CageSection, RackConfig
from appliance.instance_lock import holder_of
from appliance.probe import Finding, Probe
from appliance.rack_path import lock_path, panel_memory
from capture_hw.camera import open_camera
from capture_hw.error import CaptureError
from capture_hw.light_config import PanelConfig
from capture_hw.simulated_panel import SimulatedPanel
from capture_hw.v4l2.kernel import Machine
from capture_hw.v4l2.survey import unset_input_doubt

_FRAME_S: Final = 5.0
_CAMERA_S: Final = 16.0
"""Ten seconds to open, as `open_camera` promises, and the first frame."""
_PANEL_S: Final = 5.0


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
    return cameras + panels


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
        return Finding("ok", f"in use by the lights worker, process {worker}; not looked at")
    try:
        identity = SimulatedPanel(panel, panel_memory(config, panel.name)).identify()
    except CaptureError as error:
        return Finding("failed", str(error))
    return Finding("ok", f"{identity.model}, firmware {identity.firmware}")


def _worker_at_work(config: RackConfig, name: str) -> int | None:
    """Return the process that has the device; None if there is none, nor a place for its lock."""
    try:
        return holder_of(lock_path(config, name))
    except OSError:
        return None
