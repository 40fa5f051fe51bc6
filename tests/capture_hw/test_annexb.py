"""Access units of a stream as a camera sends them."""

import io
import time

import av

from capture_hw.driver.annexb import AccessUnits, ParameterSets
from tests.capture_hw.scripted_camera import access_units, decoded_units


def test_zeros_behind_a_unit_are_not_delivered() -> None:
    plain = [unit for unit, _ in access_units(20)]
    padded = b"".join(unit.replace(b"\0\0\0\1", b"\0\0\0\0\0\0\0\1") + bytes(7) for unit in plain)
    with av.open(io.BytesIO(padded), "r", format="h264") as container:
        stream = container.streams.video[0]
        converter = AccessUnits(stream)
        units = [converter.convert(packet) for packet in container.demux(stream) if packet.size]
    contents = [unit.content for unit in units if unit is not None]
    assert len(contents) == 20
    assert not any(b"\0\0\0\0" in content or content.endswith(b"\0") for content in contents)
    assert decoded_units(contents) == decoded_units(plain)


def test_a_buffer_full_of_zeros_costs_no_more_than_another() -> None:
    begun_s = time.process_time()
    assert ParameterSets().complete(bytes(2_000_000), flagged=False) is None
    assert time.process_time() - begun_s < 1.0
