"""Simulated data sets: the published layout, whole files, resumable."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from appliance.dataset_simulation import SimulationError, simulate_dataset
from capture_hw.simulation.cage import SimulatedCage
from capture_hw.simulation.mouse_day import day_from
from inference.label_file import read_labels

_LEGEND = "0:drink; 1:eat; 2:groom; 3:hang; 4:micromovement; 5:rear; 6:rest; 7:walk; "
_NAMES = ["drink", "eat", "groom", "hang", "micromovement", "rear", "rest", "walk"]
_ASKED: dict[str, Any] = {
    "mice": 2,
    "clips": 1,
    "seconds": 0.8,
    "seed": 7,
    "spread": 1.0,
    "routine": "busy",
    "jobs": 1,
}


def _silent(_name: str, _finished: int, _total: int) -> None:
    return


def _simulate(
    out: Path, progress: Callable[[str, int, int], None] = _silent, **changed: Any
) -> list[Path]:
    return simulate_dataset(out, **(_ASKED | changed), progress=progress)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small data set."""
    out = tmp_path_factory.mktemp("dataset")
    _simulate(out, clips=2)
    return out


def test_files_are_named_as_in_the_published_data_set(dataset: Path) -> None:
    assert sorted(path.name for path in dataset.iterdir()) == [
        "01_20250113_1800_s0_n20.mkv",
        "01_20250113_1800_s0_n20_map.csv",
        "01_20250113_1800_s45000_n20.mkv",
        "01_20250113_1800_s45000_n20_map.csv",
        "02_20250113_1800_s0_n20.mkv",
        "02_20250113_1800_s0_n20_map.csv",
        "02_20250113_1800_s45000_n20.mkv",
        "02_20250113_1800_s45000_n20_map.csv",
        "animals.csv",
        "dataset.json",
    ]


def test_the_map_has_the_published_legend_and_a_row_for_each_frame(dataset: Path) -> None:
    path = dataset / "02_20250113_1800_s45000_n20_map.csv"
    lines = path.read_bytes().decode().split("\n")
    assert lines[:2] == [_LEGEND, "frame;annotation"]
    cage = SimulatedCage(702, fur="white", day=day_from(12.0), routine="busy")
    expected = [f"{n};{_NAMES.index(cage.behavior(45_000 + n))}" for n in range(20)]
    assert lines[2:] == [*expected, ""]
    assert len(read_labels(path).codes) == 20


def test_the_video_shows_the_cage_frame_by_frame(dataset: Path) -> None:
    cage = SimulatedCage(701, fur="black", day=day_from(12.0), routine="busy")
    with av.open(str(dataset / "01_20250113_1800_s45000_n20.mkv")) as container:
        frames = list(container.decode(video=0))
    assert [frame.pts for frame in frames] == list(range(0, 800, 40))
    for number, frame in enumerate(frames):
        plane = frame.planes[0]
        samples = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
        luma = samples.reshape(-1, plane.line_size)[:576, :704]
        shown = cage.picture(45_000 + number).astype(np.int16)
        assert float(np.abs(luma - shown).mean()) < 6


def test_mice_are_black_and_white_in_turn(dataset: Path) -> None:
    with av.open(str(dataset / "02_20250113_1800_s0_n20.mkv")) as container:
        white = next(container.decode(video=0)).to_ndarray(format="gray")
    black = SimulatedCage(702, fur="black", day=day_from(12.0), routine="busy").picture(0)
    assert float((white[160:440] < 45).mean()) < float((black[160:440] < 45).mean())


def test_an_interrupted_run_is_resumed_without_touching_finished_clips(tmp_path: Path) -> None:
    first = _simulate(tmp_path)
    untouched = first[0].stat()
    (tmp_path / f"{first[1].stem}_map.csv").unlink()
    told: list[tuple[str, int, int]] = []
    again = _simulate(tmp_path, lambda *step: told.append(step))
    assert again == first
    assert told == [(first[1].name, 2, 2)]
    assert first[0].stat().st_mtime_ns == untouched.st_mtime_ns
    assert (tmp_path / f"{first[1].stem}_map.csv").exists()


def test_the_animal_table_names_the_strains_that_the_furs_are_drawn_after(dataset: Path) -> None:
    assert (dataset / "animals.csv").read_bytes() == b"animal;strain\n01;C57BL/6\n02;SWISS\n"


def test_a_folder_from_before_there_was_an_animal_table_gets_one(
    dataset: Path, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(dataset, tmp_path / "out"))
    (out / "animals.csv").unlink()
    _simulate(out, clips=2)
    assert (out / "animals.csv").read_bytes() == (dataset / "animals.csv").read_bytes()


def test_more_mice_are_added_to_what_a_person_wrote(dataset: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(dataset, tmp_path / "out"))
    table = out / "animals.csv"
    table.write_text("animal;sex;strain\n1;f;C57BL/6")
    _simulate(out, clips=2)
    assert table.read_text() == "animal;sex;strain\n1;f;C57BL/6\n02;;SWISS\n"
    table.write_text("animal;strain\n01;SWISS\n")
    with pytest.raises(SimulationError, match="says that animal 01 is SWISS, not C57BL/6"):
        _simulate(out, clips=2)


@pytest.mark.parametrize("changed", [{"seed": 8}, {"spread": 0.5}, {"routine": "circadian"}])
def test_a_folder_with_other_clips_is_refused(dataset: Path, changed: dict[str, Any]) -> None:
    with pytest.raises(SimulationError, match="holds clips of another simulation"):
        _simulate(dataset, **changed)


def test_a_folder_with_clips_of_unknown_origin_is_refused(tmp_path: Path) -> None:
    (tmp_path / "01_20180418_1800_s0_n7500.mkv").touch()
    with pytest.raises(SimulationError, match=r"no dataset\.json"):
        _simulate(tmp_path)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"mice": 0}, "0 mice: 1 to 99"),
        ({"mice": 100}, "100 mice: 1 to 99"),
        ({"seconds": 0.0}, "clips of 0.0 s"),
        ({"seconds": 1801.0}, "clips of 1801.0 s"),
        ({"clips": 0}, "0 clips"),
        ({"jobs": 0}, "0 jobs"),
        ({"seed": -1}, "seed -1"),
        ({"routine": "lazy"}, "routine `lazy` is not one of circadian, busy"),
    ],
)
def test_impossible_wishes_are_refused(
    tmp_path: Path, changed: dict[str, Any], reason: str
) -> None:
    with pytest.raises(SimulationError, match=reason):
        _simulate(tmp_path / "out", **changed)
    assert not (tmp_path / "out").exists()
