"""What becomes of a rack whose cameras misbehave."""

from functools import partial
from pathlib import Path
from typing import Final

from appliance.status import RackStatus
from capture_hw.camera_config import CameraFault, FaultKind
from capture_hw.driver.camera_fault import begin_faults
from tests.mosquitto import Mosquitto
from tests.mqtt_reader import MqttReader
from tests.rack.rack_text import ROOT, rack_text, simulated
from tests.rack.stage import RackStage, everything_runs
from tests.rack.test_rack import messages
from tests.rack_validator import Verdict, judge_data, judge_events

FAULT_S: Final = 4.0
STATES: Final[dict[FaultKind, str]] = {"stall": "stalled", "disconnect": "lost"}


def test_a_silent_camera_is_noticed_recorded_as_a_gap_and_harms_nobody_else(
    tmp_path: Path,
) -> None:
    files, verdict = [tmp_path / f"{kind}.json" for kind in STATES], Verdict()
    faulty = [simulated(1).replace(" }", f', fault_file = "{file}" }}') for file in files]
    config = tmp_path / "rack.toml"
    (tmp_path / "store").mkdir()
    with Mosquitto(tmp_path / "broker") as broker, MqttReader(broker.port, ROOT) as reader:
        config.write_text(rack_text([*faulty, simulated(2)], port=broker.port))
        with RackStage(config) as stage:
            stage.await_that(everything_runs, "everything runs")
            for file, kind in zip(files, STATES, strict=True):
                begin_faults(file, [CameraFault(kind=kind, after_s=0, for_s=FAULT_S)])
            seen: set[tuple[int, str | None]] = set()
            stage.await_that(partial(are_seen, seen=seen), "the faults are seen", 20)
            assert {state for index, state in seen if index == 2} == {"recording"}
            stage.await_that(everything_runs, "recorded again")
            stage.end_recordings()
            stage.await_that(
                lambda s: s.publisher is not None and s.publisher.waiting == 0, "events are out"
            )
            stage.stop(in_haste=True)
        judge_data(tmp_path / "data", verdict)
        judge_events(tmp_path / "data", messages(reader), verdict)
    assert verdict.faults == []
    assert verdict.longest_loss["01"] >= FAULT_S * 25 - 1
    assert verdict.longest_loss["02"] >= FAULT_S * 25 - 1
    assert verdict.longest_loss["03"] == 0


def are_seen(status: RackStatus, seen: set[tuple[int, str | None]]) -> bool:
    """Note the state of each recorder; say whether each fault was noticed by now."""
    for index, cage in enumerate(status.cages):
        seen.add((index, None if cage.recorder is None else cage.recorder.state))
    return set(enumerate(STATES.values())) <= seen
