"""A data set is written in other layouts, and read again as it was."""

import csv
import os
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

import av
import numpy as np
import pytest

from inference.dataset.export import ExportFormat, export_data_set
from inference.dataset.frame_time import read_frame_times
from inference.dataset.opening import open_data_set
from inference.dataset.source import DataSet, Fault, Layout
from inference.error import DataSetError
from inference.label_file import write_annotation
from tests.small_disk import small_disk
from tests.video_factory import moving_square, write_video

GOLDEN: Final = Path(__file__).parent / "golden"
CODES: Final = {
    "01_20180418_1200_s0_n12": [6] * 4 + [8] * 2 + [2] * 6,
    "01_20180418_1200_s45000_n12": [1] * 12,
    "02_20180419_1200_s0_n12": [0] * 5 + [7] * 7,
}
SECOND_REVIEW: Final = [8] * 6 + [7] * 6
ANNOTATED_S: Final = 1_700_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A published data set of three clips; the last was reviewed twice."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name, codes in CODES.items():
        write_video(folder / f"{name}.mkv", moving_square(12, width=64, height=48))
        write_annotation(folder / f"{name}_map.csv", codes)
        os.utime(folder / f"{name}_map.csv", (ANNOTATED_S, ANNOTATED_S))
    write_annotation(folder / "02_20180419_1200_s0_n12_map_new_v2.csv", SECOND_REVIEW)
    os.utime(folder / "02_20180419_1200_s0_n12_map_new_v2.csv", (ANNOTATED_S, ANNOTATED_S))
    (folder / "animals.csv").write_text("animal;strain\n01;C57BL/6\n02;SWISS\n")
    return folder


def _export(folder: Path, out: Path, form: str, layout: Layout | None = None) -> Path:
    export_data_set(open_data_set(folder, layout), out, ExportFormat(form))
    return out


def _codes(data_set: DataSet, frames: int = 12) -> dict[str, list[int]]:
    return {clip.name: clip.annotation.read(frames).tolist() for clip in data_set.clips}


def _pictures(path: Path) -> Iterator[bytes]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="gray").tobytes()


def test_bouts_are_a_table_as_documented(folder: Path, tmp_path: Path) -> None:
    out = _export(folder, tmp_path / "out.csv", "bouts")
    assert out.read_text(encoding="utf-8") == (GOLDEN / "bouts.csv").read_text(encoding="utf-8")


def test_the_table_of_bouts_has_every_frame_that_is_not_none(folder: Path, tmp_path: Path) -> None:
    out = _export(folder, tmp_path / "out.csv", "bouts")
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    counted = {
        name: sum(int(row["end_frame"]) - int(row["start_frame"]) for row in group)
        for name, group in groupby(rows, key=lambda row: row["clip"])
    }
    assert counted == {
        "01_20180418_1200_s0_n12": 10,
        "01_20180418_1200_s45000_n12": 12,
        "02_20180419_1200_s0_n12": 6,
    }


def test_a_project_of_boris_is_written_as_documented(folder: Path, tmp_path: Path) -> None:
    out = _export(folder, tmp_path / "out.boris", "boris")
    text = out.read_text(encoding="utf-8").replace(str(folder), "/clips")
    assert text + "\n" == (GOLDEN / "export.boris").read_text(encoding="utf-8")


def test_a_project_of_boris_beside_its_videos_is_the_same_data_set(folder: Path) -> None:
    before = open_data_set(folder)
    _export(folder, folder / "all.boris", "boris")
    after = open_data_set(folder, Layout.BORIS)
    assert after.faults == ()
    assert _codes(after) == _codes(before)
    for old, new in zip(before.clips, after.clips, strict=True):
        assert (new.animal, new.strain, new.recording) == (old.animal, old.strain, old.recording)


def test_the_published_layout_is_read_again_as_it_was(folder: Path, tmp_path: Path) -> None:
    before = open_data_set(folder)
    after = open_data_set(_export(folder, tmp_path / "out", "published"))
    assert after.faults == ()
    assert _codes(after) == _codes(before)
    for old, new in zip(before.clips, after.clips, strict=True):
        assert (new.animal, new.strain, new.recording) == (old.animal, old.strain, old.recording)
        assert new.video.samefile(old.video)  # a link
        assert old.held_out_annotation is not None
        assert new.held_out_annotation is not None
        assert new.held_out_annotation.read(12).tolist() == (
            old.held_out_annotation.read(12).tolist()
        )


def test_clips_that_never_validate_still_do_not(folder: Path, tmp_path: Path) -> None:
    (folder / "02_20180419_1200_s0_n12_map.csv").unlink()
    after = open_data_set(_export(folder, tmp_path / "out", "published"))
    assert [clip.held_out_annotation is None for clip in after.clips] == [False, False, True]


def test_the_clipped_database_is_published_picture_by_picture(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    pictures = moving_square(15, width=64, height=48)
    for shade, name in enumerate(["video5_groom_1.mpg", "video5_eat_2.mpg", "video7_head_1.mpg"]):
        shaded = [picture + np.uint8(9 * shade) for picture in pictures]
        write_video(folder / name, shaded, rate=30, codec="mpeg1video", options={})
    out = _export(folder, tmp_path / "out", "published")
    assert _codes(open_data_set(out), 15) == {
        "01_20000101_0000_s0_n15": [1] * 15,
        "01_20000101_0000_s15_n15": [2] * 15,
        "02_20000101_0000_s0_n15": [4] * 15,
    }
    written = list(_pictures(out / "02_20000101_0000_s0_n15.mkv"))
    assert len(written) == 15
    assert written == list(_pictures(folder / "video7_head_1.mpg"))
    with (out / "clips.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert [(row["clip"], row["original"], row["animal"]) for row in rows] == [
        ("01_20000101_0000_s0_n15.mkv", "video5_eat_2", "video5"),
        ("01_20000101_0000_s15_n15.mkv", "video5_groom_1", "video5"),
        ("02_20000101_0000_s0_n15.mkv", "video7_head_1", "video7"),
    ]


def test_the_real_clips_are_published_picture_by_picture(shared_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    original = shared_data / "video" / "jhuang_video5_groom_163.mpg"
    (folder / "video5_groom_163.mpg").write_bytes(original.read_bytes())
    out = _export(folder, tmp_path / "out", "published")
    (clip,) = open_data_set(out).clips
    assert clip.annotation.read(94).tolist() == [2] * 94
    assert list(_pictures(clip.video)) == list(_pictures(original))
    assert read_frame_times(clip.video, 94).frames_per_second == 30000 / 1001


@pytest.mark.parametrize(
    ("name", "form", "expected"),
    [
        ("there", "published", "{out} exists: an export never overwrites"),
        ("out.csv", "boris", "{out} does not end in .boris: BORIS would not open it"),
        ("out", "bouts", "{out} does not end in .csv"),
        ("no/out", "published", "{out.parent} is not a folder"),
    ],
)
def test_a_bad_place_is_refused(
    folder: Path, tmp_path: Path, name: str, form: str, expected: str
) -> None:
    (tmp_path / "there").write_text("precious")
    out = tmp_path / name
    with pytest.raises(DataSetError) as caught:
        _export(folder, out, form)
    assert str(caught.value) == expected.format(out=out)
    assert (tmp_path / "there").read_text() == "precious"


def test_a_data_set_with_faults_is_not_exported(folder: Path, tmp_path: Path) -> None:
    found = open_data_set(folder)
    fault = Fault(folder / "x.mkv", "has no annotation")
    with pytest.raises(DataSetError) as caught:
        export_data_set(
            DataSet(folder, found.layout, found.clips, (fault, fault)),
            tmp_path / "out.csv",
            ExportFormat.BOUTS,
        )
    assert str(caught.value) == (
        f"{folder / 'x.mkv'} has no annotation (and 1 more: see `dataset check`)"
    )


def test_what_a_check_calls_a_fault_of_a_clip_stops_an_export(folder: Path, tmp_path: Path) -> None:
    name = "03_20180418_1200_s0_n5"
    write_video(folder / f"{name}.mkv", moving_square(5, width=64, height=48))
    write_annotation(folder / f"{name}_map.csv", [1] * 5)
    with pytest.raises(DataSetError, match=rf"{name}\.mkv has 5 frames, fewer than a stack's 11$"):
        _export(folder, tmp_path / "out", "published")


def test_an_export_that_fails_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "16k") as disk:
        with pytest.raises(OSError, match="No space left"):
            _export(folder, disk / "out", "published")
        assert list(disk.iterdir()) == []
