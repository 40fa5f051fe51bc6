"""`animals.csv` gives strains, and whatever is odd about it is told."""

from pathlib import Path

import pytest

from inference.dataset.animal_table import (
    ANIMAL_TABLE,
    complete_animal_table,
    read_animal_table,
    with_strains,
    write_animal_table,
)
from inference.dataset.annotation import OneBehavior
from inference.dataset.source import ClipSource, DataSet, Layout
from inference.error import DataSetError


def _data_set(folder: Path, *animals: tuple[str, str]) -> DataSet:
    clips = tuple(
        ClipSource(
            f"{animal}_{number}",
            folder / "clip",
            animal,
            "r",
            OneBehavior(folder / "clip", 1),
            None,
            strain,
        )
        for number, (animal, strain) in enumerate(animals)
    )
    return DataSet(folder, Layout.PUBLISHED, clips)


def _table(folder: Path, text: str) -> Path:
    path = folder / ANIMAL_TABLE
    path.write_text(text, encoding="utf-8")
    return path


def test_clips_get_the_strains_of_their_animals(tmp_path: Path) -> None:
    _table(tmp_path, "animal;strain;sex\n01;C57BL/6;f\n02;SWISS;f\n")
    found = with_strains(_data_set(tmp_path, ("01", ""), ("02", ""), ("01", "")))
    assert [clip.strain for clip in found.clips] == ["C57BL/6", "SWISS", "C57BL/6"]
    assert found.faults == ()


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffAnimal ; Strain\r\n1;SWISS\r\n;\r\n",
        "sex;strain;animal\nf;SWISS;01\n\n",
        'animal;strain\n"01";"SWISS"',
    ],
)
def test_what_a_spreadsheet_makes_of_a_table_is_read(text: str, tmp_path: Path) -> None:
    table = read_animal_table(_table(tmp_path, text))
    assert table.faults == ()
    assert table.strain_of("01") == "SWISS"
    assert table.strain_of("02") is None


def test_names_are_not_numbers(tmp_path: Path) -> None:
    table = read_animal_table(_table(tmp_path, "animal;strain\nm1;SWISS\n"))
    assert table.strain_of("m01") is None
    assert table.strain_of("m1") == "SWISS"


def test_without_a_table_nothing_changes(tmp_path: Path) -> None:
    data_set = _data_set(tmp_path, ("01", "SWISS"))
    assert with_strains(data_set) is data_set


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "does not begin with the line `animal;strain`"),
        ("animal,strain\n01,SWISS\n", "does not begin with the line `animal;strain`"),
        ("animal;animal;strain\n1;1;SWISS\n", "does not begin with the line `animal;strain`"),
        ("animal;strain\n01;SWISS\n02\n", "line 3 names no animal or no strain"),
        ("animal;strain\n01;SWISS\n;SWISS\n", "line 3 names no animal or no strain"),
        ("animal;strain\n01;SWISS\n01;C57BL/6\n", "line 3 gives animal 01 another strain"),
        ("animal;strain\n01;SWISS\n1;C57BL/6\n", "line 3 gives animal 1 another strain"),
    ],
)
def test_a_table_that_cannot_be_right_is_a_fault(text: str, told: str, tmp_path: Path) -> None:
    path = _table(tmp_path, text)
    found = with_strains(_data_set(tmp_path, ("01", "")))
    faults = [(fault.path, fault.text) for fault in found.faults if not fault.is_remark]
    assert faults == [(path, told)]


def test_a_table_that_is_no_text_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / ANIMAL_TABLE).write_bytes(b"\xff\xfe\x00animal")
    (fault, *_) = with_strains(_data_set(tmp_path, ("01", ""))).faults
    assert fault.text == "does not name animal 01"
    (fault,) = read_animal_table(tmp_path / ANIMAL_TABLE).faults
    assert fault.text.startswith("is not a readable table: 'utf-8' codec can't decode")


def test_who_is_missing_on_either_side_is_a_remark(tmp_path: Path) -> None:
    path = _table(tmp_path, "animal;strain\n02;SWISS\n11;SWISS\n12;SWISS\n")
    found = with_strains(_data_set(tmp_path, ("01", ""), ("01", ""), ("02", "")))
    assert [(fault.path, fault.text, fault.is_remark) for fault in found.faults] == [
        (path, "does not name animal 01", True),
        (path, "names animals without a clip: 11, 12", True),
    ]


def test_an_animal_without_a_strain_is_a_remark(tmp_path: Path) -> None:
    path = _table(tmp_path, "animal;strain\n01;\n02;SWISS\n")
    found = with_strains(_data_set(tmp_path, ("01", ""), ("01", ""), ("02", "")))
    assert [(fault.path, fault.text, fault.is_remark) for fault in found.faults] == [
        (path, "gives animal 01 no strain", True)
    ]


def test_another_strain_than_the_manifest_s_is_a_fault(tmp_path: Path) -> None:
    _table(tmp_path, "animal;strain\nm17;SWISS\nm18;\n")
    found = with_strains(_data_set(tmp_path, ("m17", "C57BL/6"), ("m18", "C57BL/6")))
    (fault,) = found.faults
    assert fault.text == "says that animal m17 is SWISS; m17_0 says C57BL/6"
    assert not fault.is_remark
    assert found.clips[1].strain == "C57BL/6"


def test_a_written_table_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / ANIMAL_TABLE
    strains = {"m2": "a;b", "01": 'say "c"', "03": ""}
    write_animal_table(path, strains)
    assert path.read_text() == 'animal;strain\n01;"say ""c"""\n03;\nm2;"a;b"\n'
    assert read_animal_table(path).strains == strains
    assert [entry.name for entry in tmp_path.iterdir()] == [ANIMAL_TABLE]


def test_completing_a_table_adds_rows_and_changes_none(tmp_path: Path) -> None:
    path = _table(tmp_path, "Animal;sex;strain;born\n1;f;;2024\n")
    complete_animal_table(path, {"01": "SWISS", "02": "SWISS"})
    assert path.read_text() == "Animal;sex;strain;born\n1;f;;2024\n02;;SWISS;\n"


def test_a_table_that_cannot_be_completed_stays_as_it_is(tmp_path: Path) -> None:
    path = _table(tmp_path, "animal;strain\n1;SWISS\n")
    with pytest.raises(DataSetError, match=r"says that animal 01 is SWISS, not C57BL/6$"):
        complete_animal_table(path, {"01": "C57BL/6", "02": ""})
    assert path.read_text() == "animal;strain\n1;SWISS\n"
    path.write_text("no table\n")
    with pytest.raises(DataSetError, match=r"csv does not begin with the line"):
        complete_animal_table(path, {"01": "C57BL/6"})
    assert path.read_text() == "no table\n"
