"""Asking a person which capture device, at which of its inputs, a cage has."""

import click

from appliance.device_config import device_config, is_same_make, with_settings_of
from capture_hw.camera_config import CameraConfig
from capture_hw.error import DeviceLost
from capture_hw.v4l2.choice import choose_input
from capture_hw.v4l2.kernel import Machine
from capture_hw.v4l2.survey import SurveyedDevice, survey


def pick_camera(camera: CameraConfig, machine: Machine) -> CameraConfig:
    """Show the devices and ask; return the configured camera if it is to stay."""
    found = survey(machine)
    for refusal in found.refusals:
        click.echo(refusal, err=True)
    if not found.devices:
        click.echo(f"no V4L2 device; the camera stays {camera.driver}")
        return camera
    for number, device in enumerate(found.devices, start=1):
        identity = device.found.identity
        click.echo(f"  {number}  {identity.place}  {identity.title}  ({device.found.path} now)")
    chosen = click.prompt(
        "device, 0 keeps the configured camera",
        type=click.IntRange(0, len(found.devices)),
        default=0,
    )
    if not chosen:
        return camera
    device = found.devices[chosen - 1]
    picked = device_config(device, _pick_input(camera, device))
    if camera.driver == "v4l2" and is_same_make(camera, picked) and camera.standard is not None:
        picked = picked.model_copy(update={"standard": camera.standard})
    return with_settings_of(camera, picked)


def _pick_input(camera: CameraConfig, device: SurveyedDevice) -> int | None:
    """Ask for the input if there are several; the configured or present one is proposed."""
    if len(device.inputs) < 2:
        return device.present_input
    for offer in device.inputs:
        words = [offer.name, *(["in use"] if offer.index == device.present_input else [])]
        click.echo(f"  {offer.index}  {', '.join([*words, *offer.status])}")
    return int(
        click.prompt(
            "input",
            type=click.IntRange(0, len(device.inputs) - 1),
            default=_proposed_input(camera, device),
        )
    )


def _proposed_input(camera: CameraConfig, device: SurveyedDevice) -> int | None:
    present = device_config(device, device.present_input)
    if camera.driver != "v4l2" or not is_same_make(camera, present):
        return device.present_input
    try:
        return choose_input(camera, device.inputs, device.present_input)
    except DeviceLost:
        return device.present_input  # the device has no longer the input of the configuration
