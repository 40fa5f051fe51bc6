"""A V4L2 camera on a scripted card, for tests."""

import time
from typing import Any, Final

from capture_hw.camera import CapturedFrame
from capture_hw.camera_config import V4l2CameraConfig
from capture_hw.driver.v4l2 import V4l2Camera
from capture_hw.error import DeviceLost, DeviceStalled
from tests.capture_hw.scripted_camera import access_units
from tests.capture_hw.v4l2_device import (
    ScriptedDevice,
    ScriptedFormat,
)
from tests.capture_hw.v4l2_kernel import ScriptedMachine
from tests.capture_hw.v4l2_pace import paced

BUS: Final = "usb-0000:00:14.0-1"
SIZE: Final = ((64, 48),)
GRAY: Final = ScriptedFormat("GREY", sizes=SIZE)
CODED: Final = ScriptedFormat("H264", sizes=SIZE)
BRIGHT: Final = bytes([200]) * 3072


def card_device(*formats: ScriptedFormat, **details: Any) -> ScriptedDevice:
    """Return an unplugged device of gray pictures, or of these formats."""
    return ScriptedDevice(bus_info=BUS, formats=formats or (GRAY,), **details)


def open_card(card: ScriptedMachine, **keys: Any) -> V4l2Camera:
    """Open the camera that is plugged in."""
    config = V4l2CameraConfig.model_validate({"driver": "v4l2", "device": BUS, **keys})
    return V4l2Camera(config, card.machine)


def opened_card(card: ScriptedMachine, device: ScriptedDevice, **keys: Any) -> V4l2Camera:
    """Plug a device in and open it; it has taken two pictures, which are read already."""
    card.plug(0, device)
    content = access_units(1)[0][0] if device.formats[0].code == "H264" else BRIGHT
    with paced(card.kernel, device, [content], 200):
        camera = open_card(card, **keys)
    drained(camera)
    return camera


def drained(camera: V4l2Camera) -> list[CapturedFrame]:
    """Return all frames that wait."""
    frames = []
    while True:
        try:
            frames.append(camera.read(0.02))
        except DeviceStalled:
            return frames


def until_lost(camera: V4l2Camera, limit_s: float = 8.0) -> tuple[str, float]:
    """Read until the camera is lost; return the reason and how long it took."""
    begun_s = time.monotonic()
    while time.monotonic() - begun_s < limit_s:
        try:
            camera.read(0.1)
        except DeviceStalled:
            continue
        except DeviceLost as error:
            return str(error), time.monotonic() - begun_s
    raise AssertionError("the camera was never lost")


def numbers(frames: list[CapturedFrame]) -> list[int]:
    """Return the frames' numbers, counted from the first one."""
    return [frame.sequence - frames[0].sequence for frame in frames]
