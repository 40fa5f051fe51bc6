"""What becomes of a rack whose cameras deliver frames, but not the picture that they should."""

import time
from functools import partial
from pathlib import Path
from typing import Final

from appliance.rack_path import reference_path
from appliance.status import RackStatus
from capture_hw.camera_config import CameraFault, FaultKind
from capture_hw.driver.camera_fault import begin_faults
from capture_hw.picture_fault import PictureFault
from capture_hw.reference import learn, save_reference
from capture_hw.simulation.cage import SimulatedCage
from tests.mosquitto import Mosquitto
from tests.mqtt_reader import MqttReader, wait_until
from tests.rack.rack_text import ROOT, rack_text, simulated
from tests.rack.stage import RackStage, everything_runs

SEEN_S: Final = 10.0
"""Contract, from the onset in the picture."""
FAULT_S: Final = 11.0
CLEARED_S: Final = 60.0
FAULTS: Final[tuple[tuple[FaultKind, PictureFault], ...]] = (
    ("freeze", "frozen"),
    ("blur", "unfocused"),
    ("black", "black"),
)


def test_a_frozen_blurred_or_black_picture_is_told_within_ten_seconds_and_cleared_afterwards(
    tmp_path: Path,
) -> None:
    config, file = tmp_path / "rack.toml", tmp_path / "faults.json"
    (tmp_path / "store").mkdir()
    camera = simulated(1).replace(" }", f', fault_file = "{file}" }}')
    with Mosquitto(tmp_path / "broker") as broker, MqttReader(broker.port, ROOT) as reader:
        config.write_text(rack_text([camera], port=broker.port, segment_s=3600))
        with RackStage(config) as stage:
            commission(stage, 1)
            stage.await_that(everything_runs, "everything runs")
            stage.await_that(is_watched, "the picture is watched")
            for kind, expected in FAULTS:
                begin_faults(file, [CameraFault(kind=kind, after_s=0, for_s=FAULT_S)])
                begun_s, topic = time.monotonic(), f"alert/cage-01-{expected}"
                wait_until(partial(has_come, reader, topic), topic, wait_s=FAULT_S)
                assert time.monotonic() - begun_s <= SEEN_S + 0.5
                assert f"cage-01-{expected}" in picture_alerts(stage.client.status())
            begin_faults(file, [])
            stage.await_that(lambda s: not picture_alerts(s), "the alerts are over", CLEARED_S)
            wait_until(partial(has_come, reader, "telemetry/cage/01/picture"), "figures")
            wait_until(partial(all_emptied, reader), "emptied alerts")
            stage.stop(in_haste=True)


def has_come(reader: MqttReader, topic: str) -> bool:
    return bool(reader.of(topic))


def all_emptied(reader: MqttReader) -> bool:
    return all(not reader.of(f"alert/cage-01-{fault}")[-1].body for _, fault in FAULTS)


def commission(stage: RackStage, number: int) -> None:
    """Learn what a cage looks like, while the rack runs."""
    cage = SimulatedCage(number, routine="busy")
    pictures = [cage.picture(frame) for frame in range(0, 1000, 100)]
    save_reference(reference_path(stage.config, number), learn(pictures))


def is_watched(status: RackStatus) -> bool:
    picture = status.cages[0].picture
    return picture is not None and picture.is_commissioned and picture.likeness is not None


def picture_alerts(status: RackStatus) -> set[str]:
    return {alert.id for alert in status.alerts if alert.kind == "picture"}
