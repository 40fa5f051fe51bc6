"""Capture devices as text for people and as a document for programs."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from fractions import Fraction
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from appliance.device_config import device_config
from capture_hw.v4l2.choice import AUTO_ORDER, size_text, standard_of
from capture_hw.v4l2.control import Control
from capture_hw.v4l2.offer import FormatOffer, InputOffer, RateRange
from capture_hw.v4l2.survey import Survey, SurveyedDevice

SCHEMA: Final = "ethoprofiler.devices/1"
_KEYS: Final = {"driver", "device", "node", "card", "serial", "input", "standard"}
"""What says which pictures are recorded; the other keys say how."""


def devices_document(survey: Survey) -> dict[str, Any]:
    """Return the survey as it goes into JSON."""
    return {
        "schema": SCHEMA,
        "devices": [_document(device) for device in survey.devices],
        "refusals": list(survey.refusals),
    }


def devices_screen(survey: Survey) -> RenderableType:
    """Return a block for each device: what to write into a configuration, then what it offers."""
    blocks: list[RenderableType] = []
    for device in survey.devices:
        blocks += [_block(device), Text()]
    return Group(*blocks[:-1])


def _block(device: SurveyedDevice) -> RenderableType:
    identity = device.found.identity
    title = Text(f"{identity.place}: {identity.title}", "bold", overflow="fold")
    rows = Table.grid(padding=(0, 2))
    rows.add_column(no_wrap=True, style="dim")
    rows.add_column(overflow="fold")
    for name, lines in (
        ("now", [f"{device.found.path}, driver {device.found.driver}"]),
        ("write", _keys(device)),
        ("inputs", [_input(it, device.present_input) for it in device.inputs]),
        ("standards", _standards(device)),
        ("formats", _formats(device.formats)),
        ("controls", [_control(it) for it in device.controls]),
    ):
        rows.add_row(f"  {name}", Text("\n".join(lines) or "none"))
    return Group(title, rows)


def _keys(device: SurveyedDevice) -> Iterator[str]:
    """Yield lines of TOML that mean this device at its present input, and no other."""
    yield "[cage.camera]"
    config = device_config(device, device.present_input)
    for name, value in config.model_dump(include=_KEYS, exclude_none=True).items():
        yield f"{name} = {_quoted(value) if isinstance(value, str) else value}"


def _quoted(value: str) -> str:
    """Return a TOML string; JSON's are TOML's for what a driver can print."""
    return json.dumps(value, ensure_ascii=False)


def _input(offer: InputOffer, present: int | None) -> str:
    words = [f"{offer.index} {_quoted(offer.name)}"]
    words += ["analog"] if offer.has_standards else []
    words += ["in use"] if offer.index == present else []
    return ", ".join([*words, *offer.status])


def _standards(device: SurveyedDevice) -> Iterator[str]:
    """Yield a line for each number of lines and frame rate; a decoder has 20 variants of two."""
    present = standard_of(device.present_standard or 0, device.standards)
    names: dict[str, list[str]] = {}
    for it in device.standards:
        name = f"{it.name} (in use)" if it == present else it.name
        names.setdefault(f"{it.lines} lines, {_rate(it.fps)} frames/s", []).append(name)
    for timing, those in names.items():
        yield f"{timing}: {', '.join(those)}"


def _formats(offers: tuple[FormatOffer, ...]) -> Iterator[str]:
    """Yield a line for each format that can be recorded, then one with the names of the others."""
    yield from (_format(it) for it in offers if it.name in AUTO_ORDER)
    others = ", ".join(it.name for it in offers if it.name not in AUTO_ORDER)
    if others:
        yield f"not recorded: {others}"


def _format(offer: FormatOffer) -> str:
    name = f"{offer.name}, emulated" if offer.is_emulated else offer.name
    sizes = ", ".join(
        f"{size_text(size)} at {_rates(size.rates)}" if size.rates else size_text(size)
        for size in offer.sizes
    )
    unit = " frames/s" if any(size.rates for size in offer.sizes) else ""
    return f"{name}: {sizes}{unit}" if sizes else name


def _rates(rates: Iterable[RateRange]) -> str:
    return "/".join(
        _rate(it.fastest)
        if it.slowest == it.fastest
        else f"{_rate(it.slowest)} to {_rate(it.fastest)}"
        for it in rates
    )


def _rate(fps: Fraction) -> str:
    return f"{float(fps):.2f}".rstrip("0").rstrip(".")


def _control(it: Control) -> str:
    value = f" = {it.value}" if it.value is not None else ""
    allowed = f"{it.minimum} to {it.maximum}"
    if it.menu:
        allowed = ", ".join(f"{number} {label}" for number, label in it.menu)
    fixed = ", read only" if it.is_read_only else ""
    return f"{it.name}{value} ({allowed}; default {it.default}{fixed})"


def _document(device: SurveyedDevice) -> dict[str, Any]:
    identity = device.found.identity
    return {
        "device": identity.bus_path,
        "node": identity.node,
        "card": identity.card,
        "serial": identity.serial,
        "driver": device.found.driver,
        "path": str(device.found.path),
        "present_input": device.present_input,
        "inputs": [asdict(it) for it in device.inputs],
        "present_standard": device.present_standard,
        "standards": [{**asdict(it), "fps": float(it.fps)} for it in device.standards],
        "formats": [_format_document(it) for it in device.formats],
        "controls": [asdict(it) for it in device.controls],
    }


def _format_document(offer: FormatOffer) -> dict[str, Any]:
    sizes = [
        {
            "widths": asdict(size.widths),
            "heights": asdict(size.heights),
            "fps": [[float(it.slowest), float(it.fastest)] for it in size.rates],
        }
        for size in offer.sizes
    ]
    return {**asdict(offer), "sizes": sizes}
