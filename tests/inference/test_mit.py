"""The two parts of the 2010 MIT data set."""

import os
import shutil
from pathlib import Path

import pytest

from inference.dataset.mit_clipped import read_mit_clipped
from inference.dataset.mit_full import MitBoutFile, read_mit_full
from inference.dataset.opening import open_data_set
from inference.dataset.source import Layout
from inference.error import DataSetError
from inference.ethogram import BEHAVIORS

TEXT = "Range: 00000001-00000003 rest\nRange: 00000004-00000009 micromovement\n"


def _file(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "behavior"),
    [
        ("video5_groom_163.mpg", "groom"),
        ("video1_head_2.mpg", "micromovement"),
        ("video1_he_2.mpg", "micromovement"),
        ("video12_gb_2.mpg", "groom"),
        ("video1_rs_2.mpg", "rest"),
        ("video1_r_2.mpg", "rear"),
        ("video1_HA_2.avi", "hang"),
        ("clip_drink002.mkv", "drink"),
        ("eat/0001.mpg", "eat"),
        ("video3/walk_0001.mpg", "walk"),
        ("micro-movement/0001.mpg", "micromovement"),
    ],
)
def test_a_clip_tells_its_behavior_by_its_name_or_folder(
    tmp_path: Path, name: str, behavior: str
) -> None:
    _file(tmp_path / name)
    (clip,) = read_mit_clipped(tmp_path).clips
    assert clip.annotation.read(3).tolist() == [BEHAVIORS.index(behavior)] * 3
    assert clip.held_out_annotation == clip.annotation


def test_clips_of_one_video_share_recording_and_animal(tmp_path: Path) -> None:
    for name in ("video5_groom_1.mpg", "video5_eat_2.mpg", "video12/rest_1.mpg"):
        _file(tmp_path / name)
    found = read_mit_clipped(tmp_path)
    assert {clip.name: clip.recording for clip in found.clips} == {
        "video5_groom_1": "video5",
        "video5_eat_2": "video5",
        "rest_1": "video12",
    }
    assert all(clip.animal == clip.recording for clip in found.clips)
    assert found.faults == ()


def test_a_clip_of_no_known_video_is_its_own_recording_and_that_is_told(tmp_path: Path) -> None:
    _file(tmp_path / "rest" / "1.mpg")
    found = read_mit_clipped(tmp_path)
    assert found.clips[0].recording == "1"
    assert [(fault.is_remark, fault.text) for fault in found.faults] == [
        (True, "does not name its recording: taken as one of its own")
    ]


def test_names_that_tell_nothing_or_two_things_are_faults(tmp_path: Path) -> None:
    _file(tmp_path / "video5_groom_1.mpg")
    _file(tmp_path / "video5_jump_1.mpg")
    _file(tmp_path / "eat" / "video5_rest_7.mpg")
    found = read_mit_clipped(tmp_path)
    assert {fault.path.name: fault.text for fault in found.faults} == {
        "video5_jump_1.mpg": "names no behavior, and neither does its folder",
        "video5_rest_7.mpg": "names eat and rest (in its name or its folder's)",
    }
    assert [clip.name for clip in found.clips] == ["video5_groom_1"]


def test_names_stay_unique_where_folders_repeat_them(tmp_path: Path) -> None:
    for name in ("eat/1.mpg", "rest/1.mpg", "rest/2.mpg"):
        _file(tmp_path / name)
    assert [clip.name for clip in read_mit_clipped(tmp_path).clips] == ["2", "eat_1", "rest_1"]


def test_the_real_clips_make_a_clipped_database(shared_data: Path, tmp_path: Path) -> None:
    for name in ("jhuang_video5_groom_163.mpg", "jhuang_clip_drink002.mkv"):
        shutil.copy(shared_data / "video" / name, tmp_path)
    found = open_data_set(tmp_path)
    assert found.layout is Layout.MIT_CLIPPED
    assert [(clip.recording, set(clip.annotation.read(9).tolist())) for clip in found.clips] == [
        ("jhuang_clip_drink002", {0}),
        ("video5", {2}),
    ]


def test_a_text_of_bouts_labels_every_frame_counted_from_one(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.txt", TEXT)
    assert MitBoutFile(path).read(9).tolist() == [6, 6, 6, 4, 4, 4, 4, 4, 4]


def test_columns_may_be_separated_by_any_signs(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.txt", "Frames:        1 -        2  head \n       3        4\tEat\n")
    assert MitBoutFile(path).read(4).tolist() == [4, 4, 1, 1]


@pytest.mark.parametrize(
    "line",
    [
        "Clip01 00000001-00000003 rest",
        "12.5 s:       1-       3 rest",
        "000000100000001 00000003 rest",
        "v1 f 2 00000001 00000003 rest",
    ],
)
def test_the_first_seven_characters_may_be_anything(line: str, tmp_path: Path) -> None:
    path = _file(tmp_path / "v1.txt", line)
    assert MitBoutFile(path).read(3).tolist() == [6, 6, 6]
    _file(tmp_path / "v2.mpg")
    assert [clip.annotation.path for clip in read_mit_full(tmp_path).clips] == [path]


@pytest.mark.parametrize(("frames", "too_far"), [(70, 69), (130, 131)])
def test_a_video_may_end_a_second_before_or_after_its_labels(
    frames: int, too_far: int, tmp_path: Path
) -> None:
    path = _file(tmp_path / "a.txt", "x 1-100 rest\n")
    codes = MitBoutFile(path).read(frames).tolist()
    assert codes == [6] * min(frames, 100) + [8] * (frames - 100)
    with pytest.raises(DataSetError, match=f"its video has {too_far} frames"):
        MitBoutFile(path).read(too_far)


def test_frames_that_no_line_names_are_none_and_a_shared_one_is_the_later(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.txt", "x 1-3 rest\nx 3-4 eat\nx 6-7 walk\n")
    assert MitBoutFile(path).read(8).tolist() == [6, 6, 1, 1, 8, 7, 7, 8]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", " is empty"),
        ("x 1-3 rest\nrest\n", ": line 2 is not `... FIRST LAST BEHAVIOR`: 'rest'"),
        ("x 1-3 jump\n", ": line 1: unknown behavior `jump`"),
        ("x 0-3 rest\n", ": line 1: frames 0 to 3 are no bout"),
        ("x 5-3 rest\n", ": line 1: frames 5 to 3 are no bout"),
        ("x 1-5 rest\nx 3-9 eat\n", ": line 2 begins at frame 3, within line 1"),
        ("x 1-90 rest\n", ": line 1 ends at frame 90, its video has 9 frames"),
    ],
)
def test_bad_labels_are_refused_with_their_line(tmp_path: Path, text: str, expected: str) -> None:
    path = _file(tmp_path / "a.txt", text)
    with pytest.raises(DataSetError) as caught:
        MitBoutFile(path).read(9)
    assert str(caught.value) == f"{path}{expected}"


def test_each_video_of_the_full_database_is_a_recording_and_an_animal(tmp_path: Path) -> None:
    _file(tmp_path / "20080321162447.mpg")
    _file(tmp_path / "20080321162447.txt", TEXT)
    _file(tmp_path / "second" / "20080322000000.mpg")
    _file(tmp_path / "second" / "labels.txt", TEXT)
    _file(tmp_path / "third.mpg")
    found = open_data_set(tmp_path)
    assert found.layout is Layout.MIT_FULL
    assert [(clip.name, clip.animal, clip.annotation.path.name) for clip in found.clips] == [
        ("20080321162447", "20080321162447", "20080321162447.txt"),
        ("20080322000000", "20080322000000", "labels.txt"),
    ]
    assert [(fault.path.name, fault.text) for fault in found.faults] == [
        ("third.mpg", "has no labels third.txt")
    ]


def test_one_text_is_not_taken_for_that_of_two_videos(tmp_path: Path) -> None:
    for name in ("a.mpg", "b.mpg"):
        _file(tmp_path / name)
    _file(tmp_path / "labels.txt", TEXT)
    assert read_mit_full(tmp_path).clips == ()


def test_two_videos_of_one_text_are_a_fault(tmp_path: Path) -> None:
    _file(tmp_path / "v1.avi")
    _file(tmp_path / "v1.mpg")
    _file(tmp_path / "v1.txt", TEXT)
    assert [(fault.path.name, fault.text) for fault in read_mit_full(tmp_path).faults] == [
        ("v1.mpg", "has the same labels as v1.avi: one of them must go")
    ]


def test_a_pipe_is_no_text_of_bouts(tmp_path: Path) -> None:
    _file(tmp_path / "v1.mpg")
    os.mkfifo(tmp_path / "labels.txt")
    assert read_mit_full(tmp_path).clips == ()


def test_a_note_beside_a_single_video_is_not_taken_for_its_labels(tmp_path: Path) -> None:
    _file(tmp_path / "video5_rest_1.mpg")
    _file(tmp_path / "README.txt", "Recorded 2008 by 2 people\n")
    assert open_data_set(tmp_path).layout is Layout.MIT_CLIPPED


def test_millimeters_in_a_name_are_no_behavior(tmp_path: Path) -> None:
    (tmp_path / "video1_walk_5mm.mpg").touch()
    (clip,) = read_mit_clipped(tmp_path).clips
    assert clip.annotation.read(2).tolist() == [7, 7]
