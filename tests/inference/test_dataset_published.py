"""The published layout is read as its authors named it; every defect of names is told."""

import os
from pathlib import Path

import numpy as np
import pytest

from inference.dataset.annotation import AnnotationKind, kind_of
from inference.dataset.published import read_published
from inference.dataset.source import ClipSource, DataSet
from inference.error import DataSetError
from inference.label_file import write_annotation

CLIP = "07_20180418_1200_s45000_n60"
PATTERN = "NN_YYYYMMDD_HHMM_sSTART_nCOUNT"
ENDINGS = "_map.csv, _map_new.csv, _map_new_v2.csv"


def _clips(folder: Path, *names: str, endings: tuple[str, ...] = ("_map.csv",)) -> DataSet:
    """Write videos that nobody opens, and annotations, and read the folder."""
    for name in names:
        (folder / name).touch()
        for ending in endings:
            write_annotation((folder / name).with_name(Path(name).stem + ending), [1] * 60)
    return read_published(folder)


def _only(data_set: DataSet) -> ClipSource:
    (clip,) = data_set.clips
    return clip


def _told(data_set: DataSet) -> list[tuple[str, str]]:
    return [(fault.path.name, fault.text) for fault in data_set.faults]


@pytest.mark.parametrize("suffix", [".avi", ".mkv", ".mp4", ".AVI", ".Mkv"])
def test_a_clip_is_what_its_name_says(suffix: str, tmp_path: Path) -> None:
    found = _clips(tmp_path, f"{CLIP}{suffix}")
    clip = _only(found)
    assert (clip.name, clip.video) == (CLIP, tmp_path / f"{CLIP}{suffix}")
    assert (clip.animal, clip.recording, clip.stated_frames) == ("07", "07_20180418_1200", 60)
    assert found.faults == ()


def test_a_clip_s_name_may_be_in_capitals_but_there_is_one_of_them(tmp_path: Path) -> None:
    stem = CLIP.upper()
    found = _clips(tmp_path, f"{stem}.AVI")
    assert (_only(found).name, _only(found).recording) == (stem, "07_20180418_1200")
    assert found.faults == ()
    other = CLIP.replace("n", "N")
    (tmp_path / f"{other}.mkv").touch()
    assert _told(read_published(tmp_path)) == [
        (f"{other}.mkv", f"is the same clip as {stem}.AVI: one of them must go")
    ]


def test_clips_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    names = ["02_20180418_1200_s0_n60.mkv", "01_20180419_0600_s0_n60.avi", f"{CLIP}.mp4"]
    found = _clips(tmp_path, *names)
    assert [clip.animal for clip in found.clips] == ["01", "02", "07"]


@pytest.mark.parametrize(
    ("endings", "learned", "judge"),
    [
        (("_map.csv",), "_map.csv", "_map.csv"),
        (("_map.csv", "_map_new.csv"), "_map_new.csv", "_map_new.csv"),
        (("_map.csv", "_map_new_v2.csv"), "_map_new_v2.csv", "_map.csv"),
        (("_map.csv", "_map_new.csv", "_map_new_v2.csv"), "_map_new_v2.csv", "_map_new.csv"),
        (("_map_new.csv",), "_map_new.csv", "_map_new.csv"),
        (("_map_new_v2.csv",), "_map_new_v2.csv", None),
        (("_MAP.CSV", "_Map_New.csv"), "_Map_New.csv", "_Map_New.csv"),
    ],
)
def test_the_most_reviewed_annotation_is_learned_and_review_2_never_judges(
    endings: tuple[str, ...], learned: str, judge: str | None, tmp_path: Path
) -> None:
    clip = _only(_clips(tmp_path, f"{CLIP}.avi", endings=endings))
    assert clip.annotation.path.name == f"{CLIP}{learned}"
    found = clip.held_out_annotation
    assert (found.path.name if found else None) == (f"{CLIP}{judge}" if judge else None)


def test_the_kind_of_an_annotation_is_in_its_name() -> None:
    assert kind_of(Path("a_map.csv")) is AnnotationKind.INITIAL
    assert kind_of(Path("a_map_new.csv")) is AnnotationKind.REVIEW_1
    assert kind_of(Path("a_map_NEW_v2.csv")) is AnnotationKind.REVIEW_2
    assert kind_of(Path("clip.mpg")) is AnnotationKind.INITIAL


def test_the_oldest_files_with_ten_classes_are_read(tmp_path: Path) -> None:
    (tmp_path / f"{CLIP}.avi").touch()
    legend = (
        "0:none; 1:drink; 2:eat; 3:groom back; 4:groom; 5:hang; 6:micromovement; 7:rear; "
        "8:rest; 9:walk;"
    )
    rows = "".join(f"{frame};{code}\n" for frame, code in enumerate(range(10)))
    (tmp_path / f"{CLIP}_map.csv").write_text(f"{legend}\nframe;annotation\n{rows}")
    codes = _only(read_published(tmp_path)).annotation.read(10)
    np.testing.assert_array_equal(codes, [8, 0, 1, 2, 2, 3, 4, 5, 6, 7])


def test_a_missing_pair_is_told_in_both_directions(tmp_path: Path) -> None:
    (tmp_path / f"{CLIP}.avi").touch()
    write_annotation(tmp_path / "01_20180418_1200_s0_n60_map_new.csv", [1] * 60)
    found = read_published(tmp_path)
    assert found.clips == ()
    assert _told(found) == [
        (
            "01_20180418_1200_s0_n60_map_new.csv",
            "has no video 01_20180418_1200_s0_n60.avi (or .mkv, .mp4)",
        ),
        (f"{CLIP}.avi", f"has no annotation {CLIP}_map.csv"),
    ]
    assert not any(fault.is_remark for fault in found.faults)


def test_a_clip_that_is_there_twice_is_one_clip_and_a_fault(tmp_path: Path) -> None:
    found = _clips(tmp_path, f"{CLIP}.avi", f"{CLIP}.mkv")
    assert _only(found).video.name == f"{CLIP}.avi"
    assert _told(found) == [(f"{CLIP}.mkv", f"is the same clip as {CLIP}.avi: one of them must go")]


def test_clips_that_overlap_in_their_recording_are_told_but_neighbors_not(tmp_path: Path) -> None:
    found = _clips(
        tmp_path,
        "01_20180418_1200_s0_n100.avi",
        "01_20180418_1200_s10_n20.avi",
        "01_20180418_1200_s90_n20.avi",
        "01_20180418_1200_s110_n20.avi",
        "01_20180418_1800_s0_n100.avi",
        "02_20180418_1200_s0_n100.avi",
    )
    assert len(found.clips) == 6
    assert _told(found) == [
        (
            "01_20180418_1200_s10_n20.avi",
            "shows 20 frames of its recording that 01_20180418_1200_s0_n100.avi shows too",
        ),
        (
            "01_20180418_1200_s90_n20.avi",
            "shows 10 frames of its recording that 01_20180418_1200_s0_n100.avi shows too",
        ),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "7_20180418_1200_s0_n60.avi",
        "07_20180418_1200_s0.avi",
        "07-20180418-1200-s0-n60.avi",
        "07_180418_1200_s0_n60.mkv",
        "07_20180418_1200_s0_n60 (1).avi",
        "07_20180418_1200_s0_n60.mpg",
        "mouse07_20180418_1200.avi",
    ],
)
def test_a_name_that_is_nearly_a_clip_s_is_a_fault(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    found = read_published(tmp_path)
    assert _told(found) == [
        (
            name,
            f"is nearly named as a clip, which is {PATTERN} with one of .avi, .mkv, .mp4",
        )
    ]
    assert not found.faults[0].is_remark


def test_an_annotated_video_of_any_name_was_meant_as_a_clip(tmp_path: Path) -> None:
    (found,) = _clips(tmp_path, "holiday.mp4").faults
    assert found.path.name == "holiday.mp4"
    assert found.text.startswith("is nearly named as a clip")


@pytest.mark.parametrize(
    ("stem", "text"),
    [
        ("00_20180418_1200_s0_n60", "names cage 00: cages are 01 to 99"),
        ("07_20181341_1200_s0_n60", "names a day or a time that does not exist"),
        ("07_20180418_2560_s0_n60", "names a day or a time that does not exist"),
        ("07_20180418_1200_s0_n0", "says that it has no frame"),
    ],
)
def test_a_name_that_says_something_impossible_is_a_fault(
    stem: str, text: str, tmp_path: Path
) -> None:
    found = _clips(tmp_path, f"{stem}.avi")
    assert found.clips == ()
    assert _told(found) == [(f"{stem}.avi", f"cannot be right: `{stem}` {text}")]


def test_an_annotation_of_an_unknown_ending_is_a_fault(tmp_path: Path) -> None:
    _clips(tmp_path, f"{CLIP}.avi")
    write_annotation(tmp_path / f"{CLIP}_map_new_v3.csv", [1] * 60)
    assert _told(read_published(tmp_path)) == [
        (
            f"{CLIP}_map_new_v3.csv",
            f"is no annotation by its name, which ends with one of {ENDINGS}",
        )
    ]


def test_two_annotations_that_differ_in_capitals_are_a_fault(tmp_path: Path) -> None:
    _clips(tmp_path, f"{CLIP}.avi", endings=("_map.csv", "_MAP.csv"))
    assert _told(read_published(tmp_path)) == [
        (f"{CLIP}_map.csv", f"is the same annotation as {CLIP}_MAP.csv: one of them must go")
    ]


def test_clips_in_folders_beside_clips_are_not_left_out_in_silence(tmp_path: Path) -> None:
    _clips(tmp_path, f"{CLIP}.avi")
    inner = tmp_path / "more" / "still"
    inner.mkdir(parents=True)
    for name in ("01_20180418_1200_s0_n60.mkv", "00_20180418_1200_s0_n60.MKV", "notes.mkv"):
        (inner / name).touch()
    for name in (".hidden", "pictures"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{CLIP}.png").touch()
    (tmp_path / ".hidden" / f"{CLIP}.mkv").touch()
    found = read_published(tmp_path)
    text = "holds clips (00_20180418_1200_s0_n60.MKV, 2 in all): all must lie in one folder"
    assert [(fault.path, fault.text, fault.is_remark) for fault in found.faults] == [
        (inner, text, False)
    ]


def test_folders_of_clips_without_a_clip_beside_them_are_another_layout_s(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    _clips(tmp_path / "inner", f"{CLIP}.avi")
    assert read_published(tmp_path).faults == ()


def test_a_pipe_is_no_annotation(tmp_path: Path) -> None:
    (tmp_path / f"{CLIP}.avi").touch()
    os.mkfifo(tmp_path / f"{CLIP}_map.csv")
    found = read_published(tmp_path)
    assert _told(found) == [(f"{CLIP}.avi", f"has no annotation {CLIP}_map.csv")]


def test_strange_files_are_remarks_or_nothing(tmp_path: Path) -> None:
    for name in [
        "holiday.mov",
        "notes.txt",
        f"{CLIP}_results_v5.csv",
        ".hidden.avi",
        "heat_map.csv",
    ]:
        (tmp_path / name).touch()
    (tmp_path / "07_20180418_1200_s0_n60.avi").mkdir()
    found = read_published(tmp_path)
    assert [(fault.path.name, fault.is_remark) for fault in found.faults] == [
        ("heat_map.csv", True),
        ("holiday.mov", True),
    ]


def test_a_folder_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataSetError, match="file cannot be read: Not a directory"):
        read_published(tmp_path / "file")
