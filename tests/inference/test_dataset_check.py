"""An inspection counts what is in a data set and finds every defect before a training does."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.dataset.annotation import AnnotationKind
from inference.dataset.check import inspect, training_faults
from inference.dataset.inspection import Inspection
from inference.dataset.opening import open_data_set
from inference.label_file import write_annotation
from tests.inference.annotated_clips import FRAMES, write_clip_video, write_clips

STEM = f"01_20180418_1200_s0_n{FRAMES}"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two animals of two strains with all behaviors."""
    folder = tmp_path_factory.mktemp("good")
    write_clips(folder, ["01", "02"])
    (folder / "animals.csv").write_text("animal;strain\n01;C57BL/6\n02;SWISS\n")
    return folder


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(good, tmp_path / "data"))


def _inspect(folder: Path) -> Inspection:
    return inspect(open_data_set(folder))


def _told(inspection: Inspection) -> list[tuple[str, str]]:
    return [(fault.path.name, fault.text) for fault in inspection.faults]


def test_a_good_data_set_has_no_fault_and_all_counts(good: Path) -> None:
    found = _inspect(good)
    assert found.faults == ()
    assert found.frames == 8 * 44
    assert found.seconds == pytest.approx(8 * 44 / 25)
    assert found.cache_bytes == 8 * 44 * 32768
    assert found.counts.tolist() == [44] * 8 + [0]
    assert found.bouts.tolist() == [2] * 8 + [0]
    by_animal = {group.name: group for group in found.groups(lambda clip: clip.source.animal)}
    assert by_animal["02"].counts.tolist() == [22] * 8 + [0]
    strains = found.groups(lambda clip: clip.source.strain)
    assert [(group.name, group.frames) for group in strains] == [("C57BL/6", 176), ("SWISS", 176)]


def test_progress_is_told_clip_by_clip(good: Path) -> None:
    told: list[tuple[int, int]] = []
    inspect(open_data_set(good), lambda *state: told.append(state))
    assert told == [(number, 8) for number in range(1, 9)]


def test_reviews_and_none_are_counted(folder: Path) -> None:
    codes = [8] * 11 + [0] * 11 + [8] * 22
    write_annotation(folder / f"{STEM}_map_new_v2.csv", codes)
    found = _inspect(folder)
    assert found.faults == ()
    assert [clip.kind for clip in found.clips] == [AnnotationKind.REVIEW_2] + [
        AnnotationKind.INITIAL
    ] * 7
    assert (found.counts[0], found.counts[1], found.counts[8]) == (33, 22, 33)
    assert (found.bouts[0], found.bouts[8]) == (2, 2)


def _cut_rows(folder: Path) -> None:
    write_annotation(folder / f"{STEM}_map.csv", [0] * (FRAMES - 1))


def _unknown_code(folder: Path) -> None:
    write_annotation(folder / f"{STEM}_map.csv", [0] * (FRAMES - 1) + [9])


def _empty_annotation(folder: Path) -> None:
    (folder / f"{STEM}_map.csv").write_bytes(b"")


def _empty_video(folder: Path) -> None:
    (folder / f"{STEM}.mkv").write_bytes(b"")


def _no_video(folder: Path) -> None:
    (folder / f"{STEM}.mkv").write_text("hello")


def _dangling(folder: Path) -> None:
    (folder / f"{STEM}.mkv").unlink()
    (folder / f"{STEM}.mkv").symlink_to("nowhere")


def _other_rate(folder: Path) -> None:
    write_clip_video(folder / f"{STEM}.mkv", rate=30)


def _short(folder: Path) -> None:
    for path in folder.glob(f"{STEM}*"):
        path.unlink()
    write_clip_video(folder / "01_20180418_1200_s0_n10.mkv", frames=10)
    write_annotation(folder / "01_20180418_1200_s0_n10_map.csv", [0] * 5 + [1] * 5)


def _broken_judge(folder: Path) -> None:
    write_annotation(folder / f"{STEM}_map_new_v2.csv", [0] * 22 + [1] * 22)
    write_annotation(folder / f"{STEM}_map_new.csv", [0] * (FRAMES + 1))


def _copy(folder: Path) -> None:
    other = f"01_20180418_1800_s0_n{FRAMES}"
    shutil.copy(folder / f"{STEM}.mkv", folder / f"{other}.mkv")
    shutil.copy(folder / f"{STEM}_map.csv", folder / f"{other}_map.csv")


@pytest.mark.parametrize(
    ("damage", "name", "text"),
    [
        (_cut_rows, f"{STEM}_map.csv", "has 43 rows, its video 44 frames"),
        (_unknown_code, f"{STEM}_map.csv", "line 46: `9` is not a code of the legend"),
        (_empty_annotation, f"{STEM}_map.csv", "empty file"),
        (_empty_video, f"{STEM}.mkv", "empty file"),
        (
            _no_video,
            f"{STEM}.mkv",
            "not a readable video: invalid data found when processing input",
        ),
        (_dangling, f"{STEM}.mkv", "no such file"),
        (_other_rate, f"{STEM}.mkv", "has 30 frames a second, the others have 25"),
        (_short, "01_20180418_1200_s0_n10.mkv", "has 10 frames, fewer than a stack's 11"),
        (_broken_judge, f"{STEM}_map_new.csv", "has 45 rows, its video 44 frames"),
        (_copy, f"01_20180418_1800_s0_n{FRAMES}.mkv", f"is the same video as {STEM}.mkv"),
    ],
)
def test_a_defect_of_a_clip_is_one_fault_that_stops_training(
    damage: Callable[[Path], None], name: str, text: str, folder: Path
) -> None:
    damage(folder)
    found = _inspect(folder)
    assert [(fault.path.name, fault.text) for fault in training_faults(found)] == [(name, text)]


def test_all_defects_are_told_at_once(folder: Path) -> None:
    videos = sorted(folder.glob("*.mkv"))
    videos[1].write_bytes(b"")
    write_annotation(videos[1].with_name(f"{videos[1].stem}_map.csv"), [9])
    _cut_rows(folder)
    videos[5].unlink()
    (folder / f"{videos[6].stem}_map.csv").unlink()
    (folder / "2_20180418_1200_s0_n44.mkv").touch()
    told = _told(_inspect(folder))
    assert {name for name, _ in told} == {
        "2_20180418_1200_s0_n44.mkv",
        f"{STEM}_map.csv",
        videos[1].name,
        f"{videos[1].stem}_map.csv",
        f"{videos[5].stem}_map.csv",
        videos[6].name,
        "data",
    }


def test_a_name_that_states_another_number_is_a_remark_if_the_labels_fit(folder: Path) -> None:
    for path in folder.glob(f"{STEM}*"):
        path.rename(path.with_name(path.name.replace(f"n{FRAMES}", "n50")))
    found = _inspect(folder)
    assert _told(found) == [
        ("01_20180418_1200_s0_n50.mkv", "has 44 frames, not 50 as its name or manifest says")
    ]
    assert training_faults(found) == ()
    write_annotation(folder / "01_20180418_1200_s0_n50_map.csv", [0] * 50)
    assert len(training_faults(_inspect(folder))) == 2


def test_row_numbers_that_jump_are_a_remark(folder: Path) -> None:
    path = folder / f"{STEM}_map.csv"
    path.write_text(path.read_text().replace("\n10;", "\n11;"))
    found = _inspect(folder)
    assert _told(found) == [
        (path.name, "line 13: frame 11 follows frame 9; rows count, not numbers")
    ]
    assert training_faults(found) == ()


def test_row_numbers_may_begin_anywhere(folder: Path) -> None:
    path = folder / f"{STEM}_map.csv"
    head = path.read_text().splitlines()[:2]
    rows = [f"{45_000 + frame};{int(frame >= 22)}" for frame in range(44)]
    path.write_text("\n".join([*head, *rows]) + "\n")
    assert _inspect(folder).faults == ()
