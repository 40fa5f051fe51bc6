"""Clips get published names, one number an animal; their videos arrive whole."""

from pathlib import Path
from typing import Final

import numpy as np
import pytest

from inference.dataset.annotation import AnnotationFile
from inference.dataset.boris_project import read_project
from inference.dataset.export import ExportFormat, export_data_set
from inference.dataset.export_clip import ExportedClip
from inference.dataset.export_published import published_names, write_published
from inference.dataset.opening import open_data_set
from inference.dataset.source import ClipSource, Layout
from inference.error import DataSetError
from inference.label_file import write_annotation
from tests.video_factory import moving_square, write_video

PICTURES: Final = moving_square(12, width=64, height=48)


def _clip(name: str, animal: str, recording: str, frames: int = 9) -> ExportedClip:
    annotation = AnnotationFile(Path("x.csv"))
    source = ClipSource(name, Path(f"{name}.avi"), animal, recording, annotation, annotation)
    codes = np.zeros(frames, np.int64)
    return ExportedClip(source, codes, codes)


def test_published_names_keep_what_names_say() -> None:
    clips = [
        _clip("03_20180418_1200_s0_n9", "03", "03_20180418_1200"),
        _clip("20080321162447", "20080321162447", "20080321162447"),
        _clip("x1", "bob", "x", 5),
        _clip("x2", "bob", "x", 5),
        _clip("y", "bob", "20181399_9999"),
    ]
    assert published_names(clips) == {
        "03_20180418_1200_s0_n9": "03_20180418_1200_s0_n9.avi",
        "20080321162447": "01_20080321_1624_s0_n9.avi",
        "x1": "02_20000101_0000_s0_n5.avi",
        "x2": "02_20000101_0000_s5_n5.avi",
        "y": "02_20000102_0000_s0_n9.avi",
    }


def test_more_animals_than_names_are_refused() -> None:
    clips = [_clip(f"c{number}", f"m{number}", "r") for number in range(100)]
    with pytest.raises(DataSetError) as caught:
        published_names(clips)
    assert str(caught.value) == "100 animals: the published layout has room for 99"


def test_a_published_name_stays_only_with_the_number_of_its_animal() -> None:
    # B has two cages, and A none.
    clips = [
        _clip("01_20260101_0600_s0_n9", "B", "01_20260101_0600"),
        _clip("02_20260101_0600_s0_n9", "B", "02_20260101_0600"),
        _clip("foo", "A", "foo"),
    ]
    assert published_names(clips) == {
        "01_20260101_0600_s0_n9": "01_20260101_0600_s0_n9.avi",
        "02_20260101_0600_s0_n9": "01_20000101_0000_s0_n9.avi",
        "foo": "02_20000101_0000_s0_n9.avi",
    }


def test_two_animals_of_one_number_are_told_apart() -> None:
    clips = [
        _clip("01_20260101_0600_s0_n9", "A", "01_20260101_0600"),
        _clip("01_20260102_0600_s0_n9", "B", "01_20260102_0600"),
    ]
    assert published_names(clips) == {
        "01_20260101_0600_s0_n9": "01_20260101_0600_s0_n9.avi",
        "01_20260102_0600_s0_n9": "02_20260102_0600_s0_n9.avi",
    }


def test_a_recording_is_never_put_into_another_one() -> None:
    clips = [
        _clip("01_20260101_0600_s0_n9", "01", "01_20260101_0600"),
        _clip("x_20260101_0600", "01", "x_20260101_0600"),
    ]
    assert published_names(clips)["x_20260101_0600"] == "01_20000101_0000_s0_n9.avi"


def test_a_published_name_gets_the_right_count() -> None:
    clips = [_clip("01_20260101_0600_s40_n9", "01", "01_20260101_0600", frames=8)]
    assert published_names(clips) == {"01_20260101_0600_s40_n9": "01_20260101_0600_s40_n8.avi"}


def test_a_video_that_does_not_arrive_whole_is_refused(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mpg", PICTURES, codec="mpeg1video", options={})
    annotation = AnnotationFile(tmp_path / "x.csv")
    source = ClipSource("a", video, "m", "a", annotation, annotation)
    codes = np.zeros(13, np.int64)
    (tmp_path / "out").mkdir()
    with pytest.raises(DataSetError) as caught:
        write_published([ExportedClip(source, codes, codes)], tmp_path / "out")
    assert str(caught.value) == f"{video} put into Matroska has 12 frames, not 13"


def test_a_video_of_reordered_frames_without_times_is_exported(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    stem = "01_20260101_0600_s0_n12"
    write_video(folder / f"{stem}.avi", PICTURES, codec="mpeg1video", options={"bf": "2"})
    write_annotation(folder / f"{stem}_map.csv", [6] * 5 + [7] * 7)
    found = open_data_set(folder)
    assert export_data_set(found, tmp_path / "out", ExportFormat.PUBLISHED) == 1
    export_data_set(found, tmp_path / "out.csv", ExportFormat.BOUTS)
    assert (tmp_path / "out.csv").read_text().splitlines()[2].endswith(";walk;5;12;0.200;0.280")


def test_names_that_are_no_utf_8_are_escaped(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    name = b"k\xe4fig_walk.mkv".decode(errors="surrogateescape")
    write_video(folder / name, PICTURES)
    found = open_data_set(folder)
    export_data_set(found, tmp_path / "out.csv", ExportFormat.BOUTS)
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[1].startswith("k\\udce4")
    export_data_set(found, tmp_path / "out", ExportFormat.PUBLISHED)
    assert "k\\udce4fig_walk;" in (tmp_path / "out" / "clips.csv").read_text(encoding="utf-8")


def test_times_in_an_export_are_those_of_the_video(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    stem = "01_20260101_0600_s0_n32"
    times_ms = [*range(0, 240, 40), *range(1240, 2280, 40)]
    write_video(folder / f"{stem}.mkv", moving_square(32, width=64, height=48), times_ms=times_ms)
    write_annotation(folder / f"{stem}_map.csv", [6] * 8 + [7] * 24)
    found = open_data_set(folder)
    export_data_set(found, tmp_path / "out.csv", ExportFormat.BOUTS)
    rows = (tmp_path / "out.csv").read_text().splitlines()
    assert [row.partition(";;")[2] for row in rows[1:]] == [
        "rest;0;8;0.000;1.320",
        "walk;8;32;1.320;0.960",
    ]
    export_data_set(found, folder / "all.boris", ExportFormat.BORIS)
    (observation,) = read_project(folder / "all.boris").observations()
    assert [event.time_s for event in observation.events] == [0, 1.32, 1.32, 2.28]
    assert (observation.media[0].length_s, observation.media[0].frames_per_second) == (2.28, 25)
    (clip,) = open_data_set(folder, Layout.BORIS).clips
    assert clip.annotation.read(32).tolist() == [6] * 8 + [7] * 24
