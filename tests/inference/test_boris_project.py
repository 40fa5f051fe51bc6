"""A project of BORIS that is damaged or contradicts itself is refused in a sentence."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from inference.dataset.boris_project import read_project
from inference.dataset.opening import open_data_set
from inference.error import DataSetError


def _project(path: Path, *events: list[Any]) -> Path:
    ethogram = {
        "0": {"type": "State event", "code": "rest"},
        "1": {"type": "Point event", "code": "sniff"},
    }
    observations = {"o": {"events": [*events]}}
    path.write_text(json.dumps({"behaviors_conf": ethogram, "observations": observations}))
    return path


def test_a_behavior_that_the_ethogram_lacks_is_refused(tmp_path: Path) -> None:
    path = _project(tmp_path / "p.boris", [0, "m", "sniff", "", ""], [1, "m", "walk", "", ""])
    with pytest.raises(DataSetError) as caught:
        read_project(path).observations()
    assert str(caught.value) == (
        f"{path}: observation `o`, event 2: `walk` is not in the project's ethogram"
    )


def test_a_bout_may_stop_with_a_blank_beside_its_subject(tmp_path: Path) -> None:
    path = _project(tmp_path / "p.boris", [0, "m", "rest", "", ""], [1, "m ", "rest", "", ""])
    (found,) = read_project(path).observations()
    assert [str(event.status) for event in found.events] == ["START", "STOP"]


def test_a_time_beyond_all_numbers_is_refused(tmp_path: Path) -> None:
    path = _project(tmp_path / "p.boris", [10**400, "m", "rest", "", ""])
    with pytest.raises(DataSetError, match=r"`o` is not as BORIS writes it: "):
        read_project(path).observations()


@pytest.mark.parametrize("name", ["p.boris", "p.boris.gz"])
def test_a_damaged_project_is_a_fault_of_its_data_set(tmp_path: Path, name: str) -> None:
    (tmp_path / "a_walk.avi").touch()
    damaged = {
        "p.boris": b'{"observations":' + b"[" * 100_000,
        "p.boris.gz": gzip.compress(b"x")[:10] + random.Random(1).randbytes(200),
    }
    (tmp_path / name).write_bytes(damaged[name])
    faults = {fault.path.name: fault.text for fault in open_data_set(tmp_path).faults}
    assert faults[name].startswith("not a readable project of BORIS: ")
