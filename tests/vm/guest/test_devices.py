"""`ethoprofiler devices` against the kernel developers' own tool, on twelve cards."""

import json
import re
import subprocess
from functools import cache
from typing import Any

import pytest

from tests.vm.guest.card import ALL_CARDS, Card, v4l2_ctl

_DEVICES = ["python3", "-c", "from appliance.main import main; main()", "devices", "--json"]
_PLAIN_KINDS = {"int": "integer", "bool": "boolean", "menu": "menu"}
_CONTROL = re.compile(r"^ +(\w+) 0x([0-9a-f]{8}) \((\w+)\) *: (.*)$", re.MULTILINE)
_FORMAT = re.compile(r"^\s+\[\d+\]: '(.{4})(-BE)?' \(", re.MULTILINE)
_SIZE = re.compile(r"Size: Discrete (\d+)x(\d+)")
_RATE = re.compile(r"\((\d+\.\d+) fps\)")


@cache
def _listing() -> dict[str, dict[str, Any]]:
    """Run the command once; what it says of each bus path."""
    done = subprocess.run(_DEVICES, capture_output=True, text=True, timeout=240, check=True)
    document = json.loads(done.stdout)
    assert document["schema"] == "ethoprofiler.devices/1"
    assert document["refusals"] == []
    return {device["device"]: device for device in document["devices"]}


def test_every_card_is_listed_once_and_nothing_else_is_taken_for_a_camera() -> None:
    assert sorted(_listing()) == [Card(number).bus_path for number in ALL_CARDS]
    for number in ALL_CARDS:
        device = _listing()[Card(number).bus_path]
        assert device["node"] == 0
        assert device["driver"] == device["card"] == "vivid"
        assert device["serial"] is None
        assert device["path"] == Card(number).node()


@pytest.mark.parametrize("number", [0, 10, 11])
def test_inputs_are_the_driver_s(number: int) -> None:
    shown = v4l2_ctl("-d", Card(number).node(), "--list-inputs")
    names = re.findall(r"Name +: (.*)", shown)
    assert [it["name"] for it in _listing()[Card(number).bus_path]["inputs"]] == names
    assert len(names) == {0: 1, 10: 4, 11: 2}[number]


def test_standards_are_the_driver_s() -> None:
    shown = v4l2_ctl("-d", Card(0).node(), "--list-standards")
    device = _listing()[Card(0).bus_path]
    assert [it["name"] for it in device["standards"]] == re.findall(r"Name +: (.*)", shown)
    assert [it["lines"] for it in device["standards"]] == [
        int(lines) for lines in re.findall(r"Frame lines : (\d+)", shown)
    ]
    assert device["present_standard"] == 0xFF  # PAL
    assert {it["fps"] for it in device["standards"] if it["lines"] == 625} == {25.0}


@pytest.mark.parametrize("number", [0, 11])
def test_formats_are_the_driver_s(number: int) -> None:
    shown = _FORMAT.findall(v4l2_ctl("-d", Card(number).node(), "--list-formats"))
    assert len(shown) > 80
    codes = [int.from_bytes(code.encode(), "little") | bool(big) << 31 for code, big in shown]
    offered = _listing()[Card(number).bus_path]["formats"]
    assert [it["code"] for it in offered] == codes
    assert {"GREY", "NV12", "YUYV"} <= {it["name"] for it in offered}
    assert len({it["name"] for it in offered}) == len(offered)
    assert all(it["name"].isascii() for it in offered)


def test_sizes_and_rates_of_a_webcam_are_the_driver_s() -> None:
    shown = v4l2_ctl("-d", Card(11).node(), "--list-formats-ext")
    of_yuyv = shown.split("'YUYV'")[1].split("[1]:")[0]
    sizes = of_yuyv.split("Size: ")[1:]
    offered = next(it for it in _listing()[Card(11).bus_path]["formats"] if it["name"] == "YUYV")
    assert len(sizes) == len(offered["sizes"]) == 6
    for text, offer in zip(sizes, offered["sizes"], strict=True):
        width, height = map(int, _SIZE.findall(f"Size: {text}")[0])
        assert offer["widths"] == {"least": width, "most": width, "step": 1}
        assert offer["heights"] == {"least": height, "most": height, "step": 1}
        rates = [float(rate) for rate in _RATE.findall(text)]
        assert [rate[0] for rate in offer["fps"]] == pytest.approx(rates, abs=0.001)


@pytest.mark.parametrize("number", [0, 11])
def test_plain_controls_are_the_driver_s_with_their_ranges(number: int) -> None:
    shown = v4l2_ctl("-d", Card(number).node(), "--list-ctrls")
    offered = {it["id"]: it for it in _listing()[Card(number).bus_path]["controls"]}
    compared = 0
    for name, identifier, kind, told in _CONTROL.findall(shown):
        if kind not in _PLAIN_KINDS:
            continue
        control = offered[int(identifier, 16)]
        assert (control["name"], control["kind"]) == (name, _PLAIN_KINDS[kind])
        numbers = {key: int(value) for key, value in re.findall(r"(\w+)=(-?\d+)", told)}
        assert control["default"] == numbers["default"]
        assert control["minimum"] == numbers.get("min", 0)
        assert control["maximum"] == numbers.get("max", 1)
        compared += 1
    assert compared > 20


def test_a_listing_disturbs_nobody() -> None:
    before = v4l2_ctl("-d", Card(0).node(), "--get-fmt-video")
    _listing.cache_clear()
    _listing()
    assert v4l2_ctl("-d", Card(0).node(), "--get-fmt-video") == before
