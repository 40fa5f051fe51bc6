"""`ethoprofiler agreement`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.command.agreement import agreement
from inference.dataset.animal_table import write_animal_table
from inference.label_file import write_annotation

LEFT_OUT = ("--leave-out", "StartEnd", "--leave-out", "Start/End", "--leave-out", "_DEFAULT")
REAL_TABLE = "dlcanalyzer_AllLabDataOFT_final.csv"


def _run(*arguments: Path | str) -> Result:
    return CliRunner().invoke(agreement, [str(each) for each in arguments])


def _review(folder: Path) -> None:
    write_animal_table(folder / "animals.csv", {"01": "C57BL/6", "02": "SWISS"})
    for animal, review in (("01", [2, 8, 4, 6]), ("02", [2, 2, 4, 6])):
        clip = f"{animal}_20180418_1200_s0_n4"
        write_annotation(folder / f"{clip}_map.csv", [2, 2, 2, 6])
        write_annotation(folder / f"{clip}_map_new_v2.csv", review)


def test_reviews_are_a_table_of_pairs_behaviors_strains_and_none(tmp_path: Path) -> None:
    _review(tmp_path)
    done = _run("--reviews", tmp_path)
    assert done.exit_code == 0, done.output
    rows = [" ".join(line.replace("│", " ").split()) for line in done.output.splitlines()]
    assert "2 clips of 2 animals or videos, 8 frames; in brackets: 95 % over these" in rows
    pair = "initial - review 7 71.4% (66.7%..75.0%) 80.0% (75.0%..83.3%) 0.533 (0.500..0.556) 0.727"
    assert pair in rows
    assert "groom 5 3 60.0% 100.0% 0.462 3, 2 2 40" in rows
    assert "frames of initial (row), by what review calls them (column), %" in rows
    assert "2 groom 0.0 0.0 60.0 0.0 40.0 0.0 0.0 0.0" in rows
    assert "micromovement 0 2 0.0% 0.000 0, 2 0" in rows
    assert "3 hang - - - - - - - -" in rows
    assert "C57BL/6 3 66.7% 75.0%" in rows
    assert "SWISS 4 75.0% 83.3%" in rows
    assert "review 2 7 71.4% 80.0%" in rows
    assert "none by review: 1 frames, 12.5%; they were 100.0% groom" in rows
    assert "2 animals are too few" in done.output


def test_json_is_one_document_of_everything(tmp_path: Path) -> None:
    _review(tmp_path)
    done = _run("--json", "--reviews", tmp_path)
    found = json.loads(done.output)
    assert found["schema"] == "ethoprofiler.agreement/1"
    assert found["raters"] == ["initial", "review"]
    assert found["pairs"][0]["confusion"][2][4] == 2
    assert found["pairs"][0]["none"]["by_first"]["groom"] == 1
    assert found["together"] is None


def test_a_page_and_its_document_are_written_into_a_folder(tmp_path: Path) -> None:
    _review(tmp_path)
    done = _run("--reviews", tmp_path, "--output", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == str(tmp_path / "out" / "agreement.html")
    assert "<svg" in (tmp_path / "out" / "agreement.html").read_text()
    found = json.loads((tmp_path / "out" / "agreement.json").read_text())
    assert found["pairs"][0]["confusion"][2][4] == 2
    (tmp_path / "file").write_text("")
    refused = _run("--reviews", tmp_path, "--output", tmp_path / "file" / "out")
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: ")


def test_three_real_raters_are_three_pairs(shared_data: Path) -> None:
    table = shared_data / "annotations" / REAL_TABLE
    done = _run(table, *LEFT_OUT)
    assert done.exit_code == 0, done.output
    assert "Fleiss' kappa 0.79" in done.output
    for pair in ("Furkan - Jin", "Furkan - Oliver", "Jin - Oliver"):
        assert done.output.count(pair) == 2


def test_names_with_brackets_are_shown_as_they_are(tmp_path: Path) -> None:
    write_annotation(tmp_path / "x[bold].csv", [0, 1])
    write_annotation(tmp_path / "y[red].csv", [0, 1])
    done = _run(tmp_path / "x[bold].csv", tmp_path / "y[red].csv")
    assert "x[bold].csv - y[red].csv" in done.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["x.csv"], "agreement needs two raters or more"),
        (["x.csv", "missing.csv"], "missing.csv cannot be read: No such file or directory"),
        (["x.csv", "y.csv"], "x has 2 frames by x.csv, 1 by y.csv"),
        (["x.csv", "table.csv"], "table.csv is a table of bouts"),
        (["x.csv", "y.csv", "--leave-out", "a"], "--leave-out is for tables of bouts"),
        (["--reviews", "x.csv"], "--reviews needs one folder"),
        (["--reviews", "."], "has no review"),
        (["table.csv"], "agreement needs two raters or more"),
        (["bad.csv"], "bad.csv: line 2: `soon` is not a number"),
    ],
)
def test_bad_input_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    write_annotation(tmp_path / "x.csv", [0, 1])
    write_annotation(tmp_path / "y.csv", [0])
    (tmp_path / "table.csv").write_text("from;to;type\n0;1;run\n")
    (tmp_path / "bad.csv").write_text("from;to;type\nsoon;1;run\n")
    monkeypatch.chdir(tmp_path)
    done = _run(*arguments)
    assert done.exit_code != 0
    assert sentence in done.output
    assert done.output.strip().splitlines()[-1].startswith("Error: ")
