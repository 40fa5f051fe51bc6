"""Label files: the bytes we write, and everything the original wrote."""

from pathlib import Path

import pytest

from inference.error import LabelFileError
from inference.label_file import LabelRow, header, read_codes, read_labels, write_annotation
from inference.label_writer import LabelWriter
from inference.tally import Tally

GOLDEN = (
    "0:drink; 1:eat; 2:groom; 3:hang; 4:micromovement; 5:rear; 6:rest; 7:walk; lite@0123456789ab\n"
    "frame;annotation;time;confidence\n"
    "0;6;0;0.9312\n"
    "1;8;40;0.0000\n"
)
ROWS = [LabelRow(0, 6, 0, 0.9312), LabelRow(1, 8, 40, 0.0)]


def saved(folder: Path, text: str) -> Path:
    path = folder / "labels.csv"
    path.write_text(text)
    return path


def test_a_label_file_has_these_bytes(tmp_path: Path) -> None:
    with LabelWriter(tmp_path / "a.csv", "lite@0123456789ab") as writer:
        writer.append(ROWS)
        assert not (tmp_path / "a.csv").exists()
        writer.finish()
    assert (tmp_path / "a.csv").read_bytes() == GOLDEN.encode()
    assert not (tmp_path / "a.csv.part").exists()


def test_our_own_file_is_read_back(tmp_path: Path) -> None:
    labels = read_labels(saved(tmp_path, GOLDEN))
    assert labels.codes.tolist() == [6, 8]
    assert labels.times_ms is not None
    assert labels.times_ms.tolist() == [0, 40]
    assert labels.confidences is not None
    assert labels.confidences.tolist() == [0.9312, 0.0]
    assert labels.model == "lite@0123456789ab"


def test_a_file_that_a_spreadsheet_saved_is_read(tmp_path: Path) -> None:
    text = GOLDEN.replace("0;6;0;0.9312", "0;0;0;0.9312")
    labels = read_labels(saved(tmp_path, f"\ufeff{text}"))
    assert (labels.codes.tolist(), labels.model) == ([0, 8], "lite@0123456789ab")


def test_an_annotation_has_the_published_layout(tmp_path: Path) -> None:
    write_annotation(tmp_path / "a_map.csv", [7, 0])
    assert (tmp_path / "a_map.csv").read_text() == (
        "0:drink; 1:eat; 2:groom; 3:hang; 4:micromovement; 5:rear; 6:rest; 7:walk; \n"
        "frame;annotation\n0;7\n1;0\n"
    )
    assert read_codes(tmp_path / "a_map.csv").tolist() == [7, 0]


def test_the_original_result_file_is_read(tmp_path: Path) -> None:
    text = (
        "0:drink; 1:eat; 2:groom; 3:hang; 4:mm; 5:rear; 6:rest; 7:walk; v4\n"
        "frame;annotation;time\n0;4;0\n1;4;40\n"
    )
    labels = read_labels(saved(tmp_path, text))
    assert labels.codes.tolist() == [4, 4]
    assert labels.model == "v4"
    assert labels.confidences is None


def test_the_oldest_ten_class_file_is_read_in_our_codes(tmp_path: Path) -> None:
    text = (
        "0:none; 1:drink; 2:eat; 3:groom back; 4:groom; 5:hang; 6:micromovement; 7:rear; 8:rest; "
        "9:walk;\nframe;annotation\n" + "".join(f"{n};{n}\n" for n in range(10))
    )
    assert read_codes(saved(tmp_path, text)).tolist() == [8, 0, 1, 2, 2, 3, 4, 5, 6, 7]


def test_none_is_read_from_reviewed_files_that_do_not_declare_it(tmp_path: Path) -> None:
    write_annotation(tmp_path / "a.csv", [8])
    assert read_codes(tmp_path / "a.csv").tolist() == [8]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "line 2 is not `frame;annotation`"),
        ("hello\nworld\n", "line 2 is not `frame;annotation`"),
        ("0:fly;\nframe;annotation\n", "line 1: unknown behavior `fly`"),
        ("x;\nframe;annotation\n", "line 1 is not a legend"),
        ("0:drink;\nframe;annotation\n0;0\n1;9\n", "line 4: `9` is not a code"),
        ("0:drink;\nframe;annotation\n0;x\n", "line 3: `x` is not a code"),
        ("0:drink;\nframe;annotation;time\n0;0\n", "line 3 has 2 of 3 columns"),
        ("0:drink;\nframe;annotation;time\n0;0;soon\n", "line 3: `soon` is not a number"),
    ],
)
def test_a_broken_label_file_is_named_with_its_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = saved(tmp_path, text)
    with pytest.raises(LabelFileError) as caught:
        read_labels(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert complaint in str(caught.value)


def test_binary_rubbish_is_not_a_label_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff\xfe\x00rubbish")
    with pytest.raises(LabelFileError, match="not a readable label file"):
        read_labels(path)


def test_an_interrupted_file_keeps_its_whole_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv.part").write_text(GOLDEN + "2;6;8")
    with LabelWriter(tmp_path / "a.csv", "lite@0123456789ab") as writer:
        assert list(writer.kept) == ROWS
        writer.append([LabelRow(2, 7, 80, 1.0)])
        writer.finish()
    assert (tmp_path / "a.csv").read_text() == GOLDEN + "2;7;80;1.0000\n"


@pytest.mark.parametrize(
    "left", ["", "0:dri", "not a label file\n", header("other@1") + "0;1;0;1\n"]
)
def test_what_another_model_or_nobody_left_is_started_over(tmp_path: Path, left: str) -> None:
    (tmp_path / "a.csv.part").write_text(left)
    with LabelWriter(tmp_path / "a.csv", "lite@0123456789ab") as writer:
        assert not writer.kept
        writer.append(ROWS)
        writer.finish()
    assert (tmp_path / "a.csv").read_text() == GOLDEN


def test_two_processes_never_write_one_file(tmp_path: Path) -> None:
    with (
        LabelWriter(tmp_path / "a.csv", "m@1"),
        pytest.raises(LabelFileError, match="another process is writing it"),
    ):
        LabelWriter(tmp_path / "a.csv", "m@1")


def test_a_file_that_another_process_finishes_meanwhile_is_left_alone(tmp_path: Path) -> None:
    first = LabelWriter(tmp_path / "a.csv", "m@1")
    first.append(ROWS)
    late = (tmp_path / "a.csv.part").open("a+b")  # opened before the rename, locked after it
    first.finish()
    late.close()
    with first, LabelWriter(tmp_path / "a.csv", "m@1") as second:
        assert not second.kept
    assert (tmp_path / "a.csv").read_text().endswith("1;8;40;0.0000\n")


def test_time_of_a_behavior_leaves_pauses_out() -> None:
    tally = Tally()
    tally.add(LabelRow(n, 6, 40 * n + (3_600_000 if n > 24 else 0), 1.0) for n in range(50))
    assert tally.seconds_of(6) == pytest.approx(2.0)


def test_lost_runs_and_mean_confidence_are_counted() -> None:
    tally = Tally()
    tally.add([LabelRow(0, 1, 0, 0.5), LabelRow(1, 8, 40, 0.0), LabelRow(2, 8, 80, 0.0)])
    tally.add([LabelRow(3, 1, 120, 1.0), LabelRow(4, 8, 160, 0.0)])
    assert [(run.from_ms, run.to_ms, run.frames) for run in tally.lost] == [
        (40, 80, 2),
        (160, 160, 1),
    ]
    assert tally.mean_confidence == 0.75
