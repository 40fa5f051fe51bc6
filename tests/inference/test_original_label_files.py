"""Label files both ways: the original's are read by us, ours by a rewriting of its reader."""

import csv
from pathlib import Path

import pytest

from inference.label_file import LabelRow, read_labels, write_annotation
from inference.label_writer import LabelWriter

_LEGEND = "0:drink; 1:eat; 2:groom; 3:hang; 4:{}; 5:rear; 6:rest; 7:walk; {}\n"
_V4 = _LEGEND.format("mm", "v4")
_V5 = _LEGEND.format("mm", "v5")
_ANNOTATION = _LEGEND.format("micromovement", "")
_TEN = (
    "0:none; 1:drink; 2:eat; 3:groom back; 4:groom; 5:hang; 6:micromovement; 7:rear; 8:rest; "
    "9:walk;\n"
)


def _as_pandas(path: Path) -> dict[str, list[str]]:
    """Do what `pd.read_csv(path, sep=";", header=1)` does: line 2 names columns, line 1 is not."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))[1:]
    names, body = rows[0], rows[1:]
    assert all(len(row) == len(names) for row in body)  # another number would shift the columns
    return {name: [row[column] for row in body] for column, name in enumerate(names)}


@pytest.mark.parametrize(
    ("text", "codes", "times", "model"),
    [
        (f"{_V4}frame;annotation;time\n0;4;0\n1;7;40\n", [4, 7], [0, 40], "v4"),
        (f"{_V5}frame;annotation;time\n0;4;0\n1;7;40\n", [4, 7], [0, 40], "v5"),
        (f"{_V4}frame;annotation;time\n", [], [], "v4"),
        (f"{_ANNOTATION}frame;annotation\n0;4\n1;0\n", [4, 0], None, None),
        (f"{_ANNOTATION}frame;annotation\n0;8\n1;0\n", [8, 0], None, None),
        (f"{_ANNOTATION}frame;annotation\r\n7;4\r\n9;0\r\n", [4, 0], None, None),
        (f"{_TEN}frame;annotation\n0;0\n1;3\n2;4\n3;9\n", [8, 2, 2, 7], None, None),
    ],
    ids=["v4", "v5", "empty", "annotation", "review 2", "numbers ignored", "ten classes"],
)
def test_every_file_of_the_original_is_read(
    tmp_path: Path, text: str, codes: list[int], times: list[int] | None, model: str | None
) -> None:
    path = tmp_path / "clip_map.csv"
    path.write_text(text, newline="")
    labels = read_labels(path)
    assert labels.codes.tolist() == codes
    assert (None if labels.times_ms is None else labels.times_ms.tolist()) == times
    assert labels.model == model


def test_the_original_s_reader_reads_our_label_files(tmp_path: Path) -> None:
    with LabelWriter(tmp_path / "a.csv", "lite@0123456789ab") as writer:
        writer.append([LabelRow(0, 6, 0, 0.9312), LabelRow(1, 4, 40, 1.0), LabelRow(2, 7, 81, 0.5)])
        writer.finish()
    table = _as_pandas(tmp_path / "a.csv")
    assert list(table)[:3] == ["frame", "annotation", "time"]
    assert [int(text) for text in table["frame"]] == [0, 1, 2]
    assert [int(text) for text in table["annotation"]] == [6, 4, 7]
    assert [int(text) for text in table["time"]] == [0, 40, 81]


def test_the_original_s_reader_reads_our_annotations(tmp_path: Path) -> None:
    write_annotation(tmp_path / "a_map.csv", [7, 0, 8])
    text = (tmp_path / "a_map.csv").read_bytes()
    assert text.startswith(_ANNOTATION.encode() + b"frame;annotation\n0;7\n")
    table = _as_pandas(tmp_path / "a_map.csv")
    assert list(table) == ["frame", "annotation"]
    assert [int(code) for code in table["annotation"]] == [7, 0, 8]
