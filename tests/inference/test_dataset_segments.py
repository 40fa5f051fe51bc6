"""Annotated segments of a rack are a data set."""

import json
from pathlib import Path
from typing import Any

import pytest

from inference.dataset.segment import read_segments
from inference.dataset.source import DataSet
from inference.label_file import write_annotation
from tests.recorded_segment import STEM, write_recorded


def _segment(data: Path, stem: str, manifest: dict[str, Any] | str | None = None) -> Path:
    day = f"{stem[3:7]}-{stem[7:9]}-{stem[9:11]}"
    video = data / stem[:2] / day / f"{stem}.mkv"
    video.parent.mkdir(parents=True, exist_ok=True)
    video.touch()
    if manifest is not None:
        text = manifest if isinstance(manifest, str) else json.dumps(manifest)
        video.with_suffix(".json").write_text(text)
    return video


def _annotate(video: Path, ending: str = "_map.csv") -> None:
    write_annotation(video.with_name(video.stem + ending), [1] * 100)


def _told(data_set: DataSet) -> list[tuple[str, str, bool]]:
    return [(fault.path.name, fault.text, fault.is_remark) for fault in data_set.faults]


def test_a_segment_of_a_rack_is_a_clip_once_somebody_annotated_it(tmp_path: Path) -> None:
    video = write_recorded(tmp_path)
    assert read_segments(tmp_path).clips == ()
    _annotate(video)
    found = read_segments(tmp_path)
    (clip,) = found.clips
    assert (clip.name, clip.recording, clip.video) == (STEM, STEM, video)
    assert (clip.animal, clip.strain, clip.stated_frames) == ("03", "", 100)
    assert clip.held_out_annotation == clip.annotation
    assert found.faults == ()


def test_the_manifest_names_the_animal_and_its_strain(tmp_path: Path) -> None:
    manifest = {"animal": "m17", "strain": "SWISS", "frame_count": 100, "gaps": [], "later": 1}
    video = _segment(tmp_path, "03_20261122_110000", manifest)
    _annotate(video)
    _annotate(video, "_map_new.csv")
    (clip,) = read_segments(tmp_path).clips
    assert (clip.animal, clip.strain) == ("m17", "SWISS")
    assert clip.annotation.path.name == "03_20261122_110000_map_new.csv"


@pytest.mark.parametrize("folder", [".", "03", "03/2026-11-22"])
def test_a_cage_s_folder_or_a_day_s_is_a_data_set_too(folder: str, tmp_path: Path) -> None:
    _annotate(_segment(tmp_path, "03_20261122_110000", {"frame_count": 100}))
    assert len(read_segments(tmp_path / folder).clips) == 1


def test_segments_without_annotation_are_counted(tmp_path: Path) -> None:
    _annotate(_segment(tmp_path, "03_20261122_110000", {"frame_count": 100}))
    for stem in ("03_20261122_120000", "04_20261123_120000"):
        _segment(tmp_path, stem, {"frame_count": 100})
    growing = _segment(tmp_path, "04_20261123_180000")
    growing.rename(growing.with_name(f"{growing.name}.part"))
    found = read_segments(tmp_path)
    assert len(found.clips) == 1
    assert _told(found) == [(tmp_path.name, "holds 2 segments without annotation: left out", True)]


def test_a_cage_with_and_without_a_name_is_not_taken_for_two_animals(tmp_path: Path) -> None:
    manifests: dict[str, dict[str, Any]] = {
        "03_20261122_110000": {"animal": "m17", "frame_count": 100},
        "03_20261122_120000": {"frame_count": 100},
        "04_20261122_110000": {"animal": "m18", "frame_count": 100},
        "05_20261122_110000": {"frame_count": 100},
    }
    for stem, manifest in manifests.items():
        _annotate(_segment(tmp_path, stem, manifest))
    assert _told(read_segments(tmp_path)) == [
        (
            "03_20261122_120000.mkv",
            "names no animal, 03_20261122_110000 of the same cage names m17",
            False,
        )
    ]


def test_annotations_that_are_nearly_named_so_are_told(tmp_path: Path) -> None:
    video = _segment(tmp_path, "03_20261122_110000", {"frame_count": 100})
    for ending in ("_map.csv", "_MAP.csv", "_map_new2.csv"):
        _annotate(video, ending)
    (video.parent / "heat_map_2.csv").touch()
    endings = "_map.csv, _map_new.csv, _map_new_v2.csv"
    assert _told(read_segments(tmp_path)) == [
        (
            "03_20261122_110000_map.csv",
            "is the same annotation as 03_20261122_110000_MAP.csv: one of them must go",
            False,
        ),
        (
            "03_20261122_110000_map_new2.csv",
            f"is no annotation by its name, which ends with one of {endings}",
            False,
        ),
    ]


def test_defects_of_segments_are_all_told(tmp_path: Path) -> None:
    _annotate(_segment(tmp_path, "01_20261122_110000"))
    _annotate(_segment(tmp_path, "02_20261122_110000", "{"))
    _annotate(_segment(tmp_path, "03_20261122_110000", {"frame_count": "many"}))
    lone = _segment(tmp_path, "04_20261122_110000")
    _annotate(lone)
    lone.unlink()
    found = read_segments(tmp_path)
    assert [clip.animal for clip in found.clips] == ["01", "02", "03"]
    told = _told(found)
    assert told[0] == (
        "01_20261122_110000.mkv",
        "has no manifest 01_20261122_110000.json: its animal is taken to be that of cage 01",
        True,
    )
    assert told[1][0] == "02_20261122_110000.json"
    assert told[1][1].startswith("is no manifest: Invalid JSON")
    assert told[2][0] == "03_20261122_110000.json"
    assert told[2][1].startswith("is no manifest: frame_count: Input should be a valid integer")
    assert told[3] == ("04_20261122_110000_map.csv", "has no video 04_20261122_110000.mkv", False)
    assert len(told) == 4
