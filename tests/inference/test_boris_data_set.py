"""A folder of videos and files of BORIS is a data set."""

import shutil
from pathlib import Path

import pytest

from inference.dataset.boris_behavior import read_behavior_map
from inference.dataset.boris_data_set import read_boris
from inference.dataset.opening import open_data_set
from inference.dataset.source import DataSet, Layout
from inference.error import DataSetError
from tests.inference.boris_files import AGGREGATED, EVENTS, block
from tests.video_factory import moving_square, write_video

BOUT = ("0.2 m1 eat START", "1.0 m1 eat STOP")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_video(tmp_path / "a.mkv", moving_square(20, width=32, height=32), rate=10)
    return tmp_path


def _read(folder: Path, text: str, *behaviors: str, name: str = "export.csv") -> DataSet:
    (folder / name).write_bytes(text.encode())
    return read_boris(folder, behaviors)


def _fault(folder: Path, text: str, *behaviors: str) -> str:
    """Return the one fault of a folder, which then has no clip."""
    found = _read(folder, text, *behaviors)
    assert found.clips == ()
    (fault,) = (fault for fault in found.faults if not fault.is_remark)
    return fault.text


@pytest.mark.parametrize("text", [block(*BOUT), EVENTS, AGGREGATED])
def test_every_kind_of_export_labels_the_video_that_it_names(folder: Path, text: str) -> None:
    (folder / "b.mkv").touch()
    clip = _read(folder, text).clips[0]
    assert clip.video == folder / "a.mkv"
    expected = [8] * 2 + [1] * 8 + [8] * 10
    assert clip.annotation.read(20).tolist() == expected
    assert clip.held_out_annotation == clip.annotation


def test_such_a_folder_is_recognized(folder: Path) -> None:
    _read(folder, block(*BOUT))
    assert open_data_set(folder).layout is Layout.BORIS


def test_a_folder_without_files_of_boris_is_none_of_it(folder: Path) -> None:
    (folder / "behaviors.csv").write_text("something, else\n")
    assert read_boris(folder) == DataSet(folder, Layout.BORIS, ())


def test_a_video_is_found_by_the_name_of_its_export_too(folder: Path) -> None:
    (folder / "a.mkv").rename(folder / "a.1.mkv")
    found = _read(folder, block(*BOUT, media="/elsewhere/original.avi"), name="a.1.csv")
    assert [clip.name for clip in found.clips] == ["a.1"]


def test_a_file_of_several_observations_does_not_lend_its_name_to_them(folder: Path) -> None:
    found = _read(folder, AGGREGATED.replace("a.mkv", "x.mkv"), name="a.tsv")
    assert found.clips == ()
    assert [fault.text for fault in found.faults] == [
        "is in no observation of BORIS",
        "observation `one` names x.mkv: it is not here",
        "observation `two` names b.mkv: it is not here",
    ]


def test_of_videos_of_one_name_the_one_beside_the_export_is_meant(folder: Path) -> None:
    for name in ("cage 1", "cage 2"):
        (folder / name).mkdir()
        (folder / name / "a.mkv").touch()
        _read(folder, block(*BOUT), name=f"{name}/export.csv")
    (folder / "a.mkv").unlink()
    found = read_boris(folder)
    assert found.faults == ()
    assert [(clip.name, clip.video.parent) for clip in found.clips] == [
        ("cage 1_a", folder / "cage 1"),
        ("cage 2_a", folder / "cage 2"),
    ]


def test_the_subject_is_the_animal_and_else_the_video_is_with_a_remark(folder: Path) -> None:
    found = _read(folder, block(*BOUT))
    assert (found.clips[0].animal, found.faults) == ("m1", ())
    found = _read(folder, "\n".join(AGGREGATED.splitlines()[:2]))
    assert (found.clips[0].animal, found.clips[0].recording) == ("a", "a")
    assert [(fault.path, fault.is_remark, fault.text) for fault in found.faults] == [
        (folder, True, "has 1 videos of no subject: each is taken for an animal of its own")
    ]


def test_without_a_subject_a_published_name_says_animal_and_recording(folder: Path) -> None:
    names = ("03_20180418_1200_s0_n20", "03_20180418_1200_s45000_n20")
    for name in names:
        shutil.copy(folder / "a.mkv", folder / f"{name}.mkv")
        text = "\n".join(AGGREGATED.splitlines()[:2]).replace("a.mkv", f"{name}.mkv")
        (folder / f"{name}.tsv").write_text(text.replace("one\t", f"{name}\t"))
    (folder / "a.mkv").unlink()
    found = read_boris(folder)
    assert found.faults == ()
    assert [(clip.name, clip.animal, clip.recording) for clip in found.clips] == [
        (name, "03", "03_20180418_1200") for name in names
    ]


def test_a_blank_beside_a_subject_makes_no_other_animal(folder: Path) -> None:
    (clip,) = _read(folder, AGGREGATED.replace("No focal subject", " m17 ")).clips
    assert clip.animal == "m17"
    (clip,) = _read(folder, EVENTS.replace("m1,eat,,left,,STOP", "m1 ,eat,,left,,STOP")).clips
    assert (clip.animal, clip.annotation.read(20).tolist().count(1)) == ("m1", 8)


def test_two_behaviors_at_once_are_refused_with_both_lines(folder: Path) -> None:
    text = block(*BOUT, "0.8 m1 rest START", "1.5 m1 rest STOP")
    (clip,) = _read(folder, text).clips
    with pytest.raises(DataSetError) as caught:
        clip.annotation.read(20)
    assert str(caught.value) == (
        f"{folder / 'export.csv'}: line 20 (`rest` at 0.8 s) is within line 18 (`eat` at 0.2 s)"
    )


def test_behaviors_that_meet_within_a_frame_are_not_at_once(folder: Path) -> None:
    text = block(*BOUT, "0.96 m1 rest START", "1.5 m1 rest STOP")
    (clip,) = _read(folder, text).clips
    assert clip.annotation.read(20).tolist() == [8] * 2 + [1] * 8 + [6] * 5 + [8] * 5


def test_what_is_none_to_us_is_as_if_it_were_not_there(folder: Path) -> None:
    text = block(*BOUT, "0.0 m1 attack START", "1.5 m1 attack STOP")
    assert _fault(folder, text) == (
        "observation `obs` has behaviors that are not ours: `attack` (line 20); "
        "say which they are in behaviors.csv"
    )
    (clip,) = _read(folder, text, "attack=none").clips
    assert clip.annotation.read(20).tolist() == [8] * 2 + [1] * 8 + [8] * 10


def test_point_events_and_guessed_names_are_told(folder: Path) -> None:
    text = block("0 m1 mm START", "0.5 m1 sniff POINT", "2 m1 mm STOP")
    found = _read(folder, text)
    assert [(fault.is_remark, fault.text) for fault in found.faults] == [
        (True, "observation `obs` has 1 point events: they have no frames"),
        (True, "observation `obs`: `mm` is taken for micromovement"),
    ]
    assert set(found.clips[0].annotation.read(20).tolist()) == {4}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (block("0.2 m1 eat START"), "line 18: `eat` at 0.2 s starts and never stops"),
        (
            block("0 m1 eat START", "1 m1 eat STOP", "1 m2 eat START", "2 m2 eat STOP"),
            "observation `obs` is of 2 animals: m1, m2",
        ),
        (block(*BOUT, offset="3.5"), "observation `obs` has a time offset of 3.5 s: remove it"),
        (
            EVENTS.replace("a.mkv,0.0", "a.mkv;b.mkv,0.0"),
            "observation `obs` is of 2 videos one after another: code each alone",
        ),
    ],
)
def test_observations_that_cannot_be_used_are_faults(
    folder: Path, text: str, expected: str
) -> None:
    assert _fault(folder, text) == expected


def test_videos_and_observations_without_each_other_are_faults(folder: Path) -> None:
    found = _read(folder, block(*BOUT, media="/films/b.mkv"))
    assert [(fault.path.name, fault.text) for fault in found.faults] == [
        ("a.mkv", "is in no observation of BORIS"),
        ("export.csv", "observation `obs` names b.mkv: it is not here"),
    ]


def test_two_observations_of_a_video_must_say_the_same(folder: Path) -> None:
    _read(folder, block(*BOUT))
    assert len(_read(folder, EVENTS, name="other.csv").clips) == 1
    found = _read(folder, block(*BOUT[:1], "1.1 m1 eat STOP"), name="other.csv")
    (fault,) = found.faults
    assert fault.text == (
        "observation `obs` is of a.mkv, of which "
        "observation `obs` in export.csv says something else"
    )


def test_a_table_of_names_is_read_and_options_win(tmp_path: Path) -> None:
    (tmp_path / "behaviors.csv").write_text("name;behavior\nSniff ;rest\ndig;walk\n")
    known = read_behavior_map(tmp_path, ["dig=micro-movement"])
    assert [known.code_of(name) for name in ("sniff", "Dig", "MM", "Groom Back", "fly")] == [
        *(6, 4, 4, 2),
        None,
    ]


@pytest.mark.parametrize(
    ("table", "option", "expected"),
    [
        ("a;b\n", "", "{path}: line 1 is not `name;behavior`"),
        ("name;behavior\n\nx;fly\n", "", "{path}: line 3 is not a name and a behavior of {all}"),
        ("name;behavior\nx;eat\nX;rest\n", "", "{path}: line 3 gives `X` another behavior"),
        ("name;behavior\n", "x", "`x` is not NAME=BEHAVIOR with a behavior of {all}"),
        ("name;behavior\n", "x=fly", "`x=fly` is not NAME=BEHAVIOR with a behavior of {all}"),
    ],
)
def test_a_bad_map_is_refused(tmp_path: Path, table: str, option: str, expected: str) -> None:
    path = tmp_path / "behaviors.csv"
    path.write_text(table)
    with pytest.raises(DataSetError) as caught:
        read_behavior_map(tmp_path, [option] if option else [])
    names = "drink, eat, groom, hang, micromovement, rear, rest, walk, none"
    assert str(caught.value) == expected.format(path=path, all=names)
