"""The configuration that means a surveyed device and its input."""

from typing import Final, Literal, TypeAlias

from capture_hw.camera_config import CameraConfig, V4l2CameraConfig
from capture_hw.v4l2.number import Standard
from capture_hw.v4l2.offer import InputOffer
from capture_hw.v4l2.survey import SurveyedDevice

StandardName: TypeAlias = Literal["PAL", "NTSC", "SECAM"]
_STANDARDS: Final[dict[StandardName, Standard]] = {
    "PAL": Standard.PAL,
    "NTSC": Standard.NTSC,
    "SECAM": Standard.SECAM,
}
_SETTINGS: Final = {"pixel_format", "width", "height", "fps", "controls"}


def device_config(device: SurveyedDevice, index: int | None) -> V4l2CameraConfig:
    """Return the configuration by which this device, and no other, is opened.

    `index` is the number of the input. Of several it is written down, and so is the present
    standard of an analog one: a decoder may forget both when the machine starts.
    """
    identity = device.found.identity
    offer = next((it for it in device.inputs if it.index == index), None)
    is_analog = offer is None or offer.has_standards
    return V4l2CameraConfig(
        driver="v4l2",
        device=identity.bus_path,
        node=identity.node,
        card=identity.card,
        serial=identity.serial,
        input=_input_key(device, offer),
        standard=_standard_key(device.present_standard) if is_analog else None,
    )


def with_settings_of(old: CameraConfig, camera: V4l2CameraConfig) -> V4l2CameraConfig:
    """Return a camera with the settings of the one before it, if that was of the same make."""
    if not is_same_make(old, camera):
        return camera
    return camera.model_copy(update=old.model_dump(include=_SETTINGS))


def is_same_make(old: CameraConfig, camera: V4l2CameraConfig) -> bool:
    """Return whether two cameras have the same card name, or the same place if one has no name."""
    if old.driver != "v4l2":
        return False
    if old.card is not None:
        return old.card == camera.card
    return (old.device, old.node) == (camera.device, camera.node)


def _input_key(device: SurveyedDevice, offer: InputOffer | None) -> int | str | None:
    """Return how the configuration names an input; None if there is just one."""
    if offer is None or len(device.inputs) == 1:
        return None
    is_only = [it.name for it in device.inputs].count(offer.name) == 1
    return offer.name if offer.name and is_only else offer.index


def _standard_key(present: int | None) -> StandardName | None:
    """Return the configuration's word for a standard; None if there is none for it alone."""
    names = [name for name, variants in _STANDARDS.items() if (present or 0) & variants]
    return names[0] if len(names) == 1 else None
