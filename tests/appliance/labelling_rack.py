"""A rack's data folder, its configuration and its event ledger, for tests of the classifier."""

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from appliance.config import RackConfig, read_config
from appliance.rack_path import event_ledger

LIMIT_S: Final = 60.0
_CONFIG: Final = """
[rack]
facility = "test-site"
name = "rack-a"
data = "data"
utc_offset = "+01:00"

[classifier]
model = "{model}"
provider = "cpu"

[[cage]]
number = 3
animal = "m-17"
strain = "C57BL/6J"
camera = {{ driver = "simulated" }}
"""


def write_config(folder: Path, model: Path, more: str = "") -> Path:
    path = folder / "rack.toml"
    path.write_text(_CONFIG.format(model=model) + more)
    return path


def rack_config(folder: Path, model: Path) -> RackConfig:
    return read_config(write_config(folder, model))


def video_path(config: RackConfig, clock: str, day: str = "2026-11-18") -> Path:
    """Return a segment's final name; `clock` such as `060000`."""
    return config.rack.data / "03" / day / f"03_{day.replace('-', '')}_{clock}.mkv"


def changing_pictures(count: int) -> list[NDArray[np.uint8]]:
    """Return dark and bright pictures, 50 of a kind, which random weights tell apart."""
    random = np.random.default_rng(7)
    pictures = []
    for number in range(count):
        is_bright = (number + 25) // 50 % 2
        level = 60 + number if is_bright else 16 + number // 5
        pictures.append(random.integers(level, level + 30, (96, 96), dtype=np.uint8))
    return pictures


def events_in(config: RackConfig, topic: str = "%") -> list[dict[str, Any]]:
    """Return the events of the ledger in order, each with its topic, without its id."""
    path = event_ledger(config)
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT topic, retained, body FROM event WHERE topic LIKE ? ORDER BY row", (topic,)
        ).fetchall()
    events = []
    for topic_, retained, body in rows:
        document = json.loads(body)
        del document["id"]
        events.append({"topic": topic_, "retained": retained, **document})
    return events


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def is_labelled(videos: Sequence[Path]) -> bool:
    return all(
        video.with_suffix(".json").exists()
        and not video.with_name(f"{video.stem}.journal.part").exists()
        for video in videos
    )
