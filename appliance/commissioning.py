"""Commissioning a cage: what is tried and learnt of its camera and its panel, without questions."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

from appliance.cage_plan import mouse_day
from appliance.config import CageSection, ConfigError, RackConfig
from appliance.instance_lock import holder_of
from appliance.panel_access import infrared_dimmer
from appliance.panel_proof import prove_panel
from appliance.probe import CheckRow
from appliance.rack_path import lock_path, reference_path
from capture_hw.camera import Camera, open_camera
from capture_hw.camera_look import SeenPicture, look
from capture_hw.encoder_config import EncoderConfig
from capture_hw.encoder_setting import setting_of
from capture_hw.error import PanelRefused, PanelSilent
from capture_hw.panel_blink import DIMMED_PERCENT
from capture_hw.panel_config import PanelConfig
from capture_hw.recorded_picture import as_recorded
from capture_hw.reference import (
    MOST_PICTURES,
    Reference,
    learn,
    read_reference,
)

_PICTURE_EVERY_NS: Final = 2_000_000_000
"""As often as the watch looks."""


@dataclass(frozen=True, slots=True)
class PanelTrial:
    """Whether a camera saw a panel blink."""

    panel: str
    is_seen: bool | None
    """None if it could not be blinked."""
    text: str
    depth: float = 0.0
    """By how many levels of luma it darkened the pictures."""
    is_faulty: bool = False
    """It did not answer or refused."""


@contextmanager
def cage_camera(config: RackConfig, cage: CageSection) -> Iterator[Camera]:
    """Open a cage's camera; raises ConfigError while its recorder has it, DeviceLost."""
    recorder = holder_of(lock_path(config, f"recorder-{cage.label}"))
    if recorder is not None:
        raise ConfigError(
            f"cage {cage.label}: its recorder, process {recorder}, has the camera; "
            f"`ethoprofiler cage stop {cage.number}` frees it"
        )
    with closing(open_camera(cage.camera, mouse_day(config, cage))) as camera:
        yield camera


def known_reference(config: RackConfig, number: int) -> Reference | None:
    """Return what was learnt of a cage before; raises ReferenceUnusable."""
    return read_reference(reference_path(config, number))


def try_panels(config: RackConfig, camera: Camera) -> list[PanelTrial]:
    """Blink the infrared light of each panel before a camera, also while the rack runs.

    Raises DeviceLost.
    """
    infrared = config.lights.ir_percent
    if infrared <= DIMMED_PERCENT:
        text = f"infrared light of {infrared} % cannot be dimmed to {DIMMED_PERCENT} %; not blinked"
        return [PanelTrial(panel.name, None, text) for panel in config.lights.panel]
    return [_try_panel(config, panel, camera) for panel in config.lights.panel]


def learn_reference(
    config: RackConfig, camera: Camera, for_s: float, seen: list[SeenPicture]
) -> Reference:
    """Learn a cage's surroundings from pictures as they will be recorded.

    `seen` grows while it lasts. Raises DeviceLost, EncoderError, ReferenceUnusable.
    """
    next_ns = 0
    for picture in look(camera, for_s):
        if picture.is_key and picture.captured_ns >= next_ns and len(seen) < MOST_PICTURES:
            seen.append(picture)
            next_ns = picture.captured_ns + _PICTURE_EVERY_NS
    pictures = [picture.luma for picture in seen]
    if camera.format.codec == "luma":
        recording = config.recording
        encoder = EncoderConfig("libx264", recording.crf, recording.max_kbit_s)
        pictures = as_recorded(pictures, camera.format, setting_of(encoder))
    return learn(pictures, learnt_utc_ns=time.time_ns())


def panel_behind(trials: Sequence[PanelTrial], configured: str | None) -> str | None:
    """Return the panel behind the cage: of those that were seen the one that darkened most.

    A configured panel that could not be blinked stays: light that is seen may be a neighbor's.
    """
    if any(trial.panel == configured and trial.is_seen is None for trial in trials):
        return configured
    seen = [trial for trial in trials if trial.is_seen]
    return max(seen, key=lambda trial: trial.depth).panel if seen else None


def panel_rows(trials: Sequence[PanelTrial], configured: str | None) -> list[CheckRow]:
    """Return a row for each panel; that one is not seen is a failure only if none is."""
    behind = panel_behind(trials, configured)
    chosen = next((trial for trial in trials if trial.panel == behind), None)
    is_found = any(trial.is_seen for trial in trials)
    return [_panel_row(trial, chosen, is_found=is_found) for trial in trials]


def _panel_row(trial: PanelTrial, chosen: PanelTrial | None, *, is_found: bool) -> CheckRow:
    what, text = f"panel {trial.panel}", trial.text
    if trial.is_seen is None:
        is_failure = trial.is_faulty and not is_found
        return CheckRow(what, "failed" if is_failure else "warning", text)
    if not trial.is_seen:
        return CheckRow(what, "ok" if is_found else "failed", text)
    if chosen is None or chosen is trial:
        return CheckRow(what, "ok", text)
    why = f"makes it {chosen.depth:.1f} levels darker and is taken"
    if chosen.is_seen is None:
        why = "could not be blinked and is kept"
    return CheckRow(what, "warning", f"{text}; panel {chosen.panel} {why}")


def _try_panel(config: RackConfig, panel: PanelConfig, camera: Camera) -> PanelTrial:
    try:
        with infrared_dimmer(config, panel) as dim:
            result = prove_panel(dim, camera)
    except (PanelSilent, PanelRefused) as error:
        reason = str(error).removeprefix(f"panel {panel.name}: ")
        return PanelTrial(panel.name, is_seen=None, text=reason, is_faulty=True)
    figures = f"likeness {result.likeness:.2f} with its rhythm, {result.depth:.1f} levels darker"
    seen = "seen" if result.is_seen else "not seen"
    text = f"{seen} by this camera: {figures}"
    return PanelTrial(panel.name, result.is_seen, text, result.depth)
