"""The whole rack end to end, judged by what it leaves behind."""

import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.mosquitto import Mosquitto
from tests.mqtt_reader import MqttReader, Read, wait_until
from tests.rack.rack_text import PREFIX, ROOT, folder_hashes, rack_text, simulated
from tests.rack.stage import STOP_S, RackStage, everything_runs
from tests.rack_validator import Message, Verdict, judge_data, judge_events, judge_store
from tests.seaweed import BUCKET, Seaweed, raw_client, running_seaweed, store_keys

REAL_VIDEOS = (".mp4", ".wmv", ".mkv", ".mpg")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running Mosquitto."""
    with Mosquitto(tmp_path / "broker") as mosquitto:
        yield mosquitto


def messages(reader: MqttReader) -> list[Message]:
    """Return what came; a message that empties a topic carries its number as a property."""
    return [
        Message(read.topic.removeprefix(ROOT), read.fields if read.body else emptying(read))
        for read in reader.read
    ]


def emptying(read: Read) -> dict[str, Any]:
    """Return the number of a message without a body, and an id that says which it is."""
    seq = int(dict(read.properties["UserProperty"])["seq"])
    return {"id": f"{read.topic} {seq}", "seq": seq}


def test_two_cages_are_recorded_labelled_published_stored_and_nothing_runs_afterwards(
    tmp_path: Path, broker: Mosquitto
) -> None:
    config = tmp_path / "rack.toml"
    # Shorter than the wait for bouts, so that segments follow each other meanwhile.
    cameras = [simulated(1), simulated(2)]
    config.write_text(rack_text(cameras, port=broker.port, segment_s=10))
    (tmp_path / "store").mkdir()
    verdict = Verdict()
    with MqttReader(broker.port, ROOT) as reader, RackStage(config) as stage:
        stage.await_that(everything_runs, "everything runs")
        wait_until(lambda: bouts_of(reader, cages=("01", "02")) > 5, "bouts", wait_s=60)
        data = tmp_path / "data"
        wait_until(lambda: len(list(data.glob("01/*/*.mkv"))) > 1, "segments", wait_s=60)
        stage.end_recordings()
        stage.await_that(
            lambda s: s.publisher is not None and s.publisher.waiting == 0, "events are out"
        )
        wait_until(
            lambda: len(folder_hashes(tmp_path / "store")) >= len(list(data.glob("0*/*/*.*"))),
            "files are stored",
        )
        took_s = stage.stop()
        assert [stage.pid_of(name) for name in stage.names()] == [None] * 7
        judge_data(data, verdict)
        judge_events(data, messages(reader), verdict)
        judge_store(data, folder_hashes(tmp_path / "store"), verdict)
    assert verdict.faults == []
    assert verdict.longest_loss == {"01": 0, "02": 0}
    assert verdict.bouts > 5
    assert took_s < STOP_S


def bouts_of(reader: MqttReader, cages: tuple[str, ...]) -> int:
    counts = [len(reader.of(f"cage/{cage}/bout")) for cage in cages]
    return sum(counts) if all(counts) else 0


def test_live_labels_are_those_of_classify(tmp_path: Path, broker: Mosquitto) -> None:
    config = tmp_path / "rack.toml"
    config.write_text(rack_text([simulated(3)], port=broker.port))
    (tmp_path / "store").mkdir()
    with RackStage(config) as stage:
        stage.await_that(everything_runs, "everything runs")
        stage.end_recordings()
        stage.stop(in_haste=True)
    again = tmp_path / "again"
    subprocess.run(
        [sys.executable, "-m", "appliance", "classify", str(tmp_path / "data"), "--out", again],
        check=True,
        capture_output=True,
    )
    live = {path.name: path.read_bytes() for path in tmp_path.glob("data/0*/*/*.csv")}
    assert live
    assert {path.name: path.read_bytes() for path in again.rglob("*.csv")} == live


def test_real_videos_go_all_the_way_to_a_real_store(
    tmp_path: Path, broker: Mosquitto, shared_data: Path
) -> None:
    videos = sorted(
        path for path in (shared_data / "video").iterdir() if path.suffix in REAL_VIDEOS
    )
    cameras = [f'{{ driver = "replay", file = "{video}" }}' for video in videos]
    verdict = Verdict()
    with store_keys(), running_seaweed(tmp_path / "seaweed") as server:
        store = f'kind = "s3"\nbucket = "{BUCKET}"\nendpoint = "{server.endpoint}"'
        config = tmp_path / "rack.toml"
        config.write_text(rack_text(cameras, port=broker.port, store=store))
        with MqttReader(broker.port, ROOT) as reader, RackStage(config) as stage:
            stage.await_that(everything_runs, "everything runs")
            stage.end_recordings()
            stage.await_that(
                lambda s: s.publisher is not None and s.publisher.waiting == 0, "events are out"
            )
            data = tmp_path / "data"
            files = {str(path.relative_to(data)) for path in data.glob("0*/*/*.*")}
            wait_until(lambda: set(bucket_hashes(server)) >= files, "stored", wait_s=60)
            stage.stop(in_haste=True)
            judge_data(data, verdict, real_time_cameras=False)
            judge_events(data, messages(reader), verdict)
            judge_store(data, bucket_hashes(server), verdict)
    assert verdict.faults == []
    assert len({name[:2] for name in files}) == len(videos)


def bucket_hashes(server: Seaweed) -> dict[str, str]:
    """Read every object of the rack back; return key below the rack to SHA-256."""
    client = raw_client(server.endpoint)
    try:
        listed = client.list_objects_v2(Bucket=BUCKET, Prefix=PREFIX).get("Contents", [])
        return {
            entry["Key"].removeprefix(f"{PREFIX}/"): sha256(
                client.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
            ).hexdigest()
            for entry in listed
        }
    finally:
        client.close()
