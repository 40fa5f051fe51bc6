"""`animals.csv`: what is known of the animals of a data set."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from disk.durable_file import write_durably
from inference.dataset.source import ClipSource, DataSet, Fault
from inference.dataset.table_file import read_rows
from inference.error import DataSetError

ANIMAL_TABLE: Final = "animals.csv"
_COLUMNS: Final = ("animal", "strain")


@dataclass(frozen=True, slots=True)
class AnimalTable:
    """The strain of each animal, and what was wrong with the table."""

    path: Path
    columns: tuple[str, ...]
    """Their names, in lower case."""
    strains: dict[str, str]
    faults: tuple[Fault, ...] = ()

    def strain_of(self, animal: str) -> str | None:
        """Return an animal's strain; None if it is not in the table."""
        return {_key(known): strain for known, strain in self.strains.items()}.get(_key(animal))


def with_strains(data_set: DataSet) -> DataSet:
    """Return a data set with the strains of the table in its folder; unchanged if there is none."""
    path = data_set.folder / ANIMAL_TABLE
    if not path.exists():
        return data_set
    table = read_animal_table(path)
    faults = [*data_set.faults, *table.faults]
    clips = tuple(_with_strain(clip, table, faults) for clip in data_set.clips)
    shown = {_key(clip.animal) for clip in clips}
    if unused := [animal for animal in table.strains if _key(animal) not in shown]:
        text = f"names animals without a clip: {', '.join(unused)}"
        faults.append(Fault(path, text, is_remark=True))
    return replace(data_set, clips=clips, faults=tuple(sorted(set(faults))))


def read_animal_table(path: Path) -> AnimalTable:
    """Read a table, `;`-separated, its first line `animal;strain` with any columns besides."""
    try:
        rows = [(line, [cell.strip() for cell in row]) for line, row in read_rows(path, ";")]
    except DataSetError as error:
        return AnimalTable(path, (), {}, (Fault(path, str(error).removeprefix(f"{path} ")),))
    names = tuple(name.lower() for name in rows[0][1]) if rows else ()
    if any(names.count(column) != 1 for column in _COLUMNS):
        fault = Fault(path, "does not begin with the line `animal;strain`")
        return AnimalTable(path, names, {}, (fault,))
    columns = [names.index(column) for column in _COLUMNS]
    strains: dict[str, str] = {}
    faults: list[Fault] = []
    for line, row in rows[1:]:
        if not any(row):
            continue
        if len(row) <= max(columns) or not row[columns[0]]:
            faults.append(Fault(path, f"line {line} names no animal or no strain"))
            continue
        animal, strain = (row[column] for column in columns)
        if _key(animal) in {_key(known) for known in strains if strains[known] != strain}:
            faults.append(Fault(path, f"line {line} gives animal {animal} another strain"))
        strains.setdefault(animal, strain)
    return AnimalTable(path, names, strains, tuple(faults))


def write_animal_table(path: Path, strains: Mapping[str, str]) -> None:
    """Write the strain of each animal, by animal; whole or not at all. Raises OSError."""
    _write(path, "", _COLUMNS, strains)


def complete_animal_table(path: Path, strains: Mapping[str, str]) -> None:
    """Write a table, or add the animals that it lacks; what a person wrote into it stays.

    Raises DataSetError if it is invalid or says another strain, OSError if it cannot be written.
    """
    if not path.exists():
        write_animal_table(path, strains)
        return
    table = read_animal_table(path)
    if table.faults:
        raise DataSetError(f"{path} {table.faults[0].text}")
    for animal, strain in strains.items():
        known = table.strain_of(animal)
        if known and strain and known != strain:
            raise DataSetError(f"{path} says that animal {animal} is {known}, not {strain}")
    lacking = {animal: of for animal, of in strains.items() if table.strain_of(animal) is None}
    if lacking:
        before = path.read_text(encoding="utf-8-sig")
        _write(path, before if before.endswith("\n") else f"{before}\n", table.columns, lacking)


def _write(path: Path, before: str, columns: Sequence[str], strains: Mapping[str, str]) -> None:
    """Write rows behind `before`, or behind the names of the columns."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    if not before:
        writer.writerow(columns)
    for animal in sorted(strains):
        row = {"animal": animal, "strain": strains[animal]}
        writer.writerow([row.get(column, "") for column in columns])
    write_durably(path, f"{before}{text.getvalue()}".encode())


def _with_strain(clip: ClipSource, table: AnimalTable, faults: list[Fault]) -> ClipSource:
    strain = table.strain_of(clip.animal)
    if strain is None:
        text = f"does not name animal {clip.animal}"
        faults.append(Fault(table.path, text, is_remark=True))
        return clip
    if clip.strain and strain and clip.strain != strain:
        text = f"says that animal {clip.animal} is {strain}; {clip.name} says {clip.strain}"
        faults.append(Fault(table.path, text))
    if not clip.strain and not strain:
        text = f"gives animal {clip.animal} no strain"
        faults.append(Fault(table.path, text, is_remark=True))
    return replace(clip, strain=strain or clip.strain)


def _key(animal: str) -> str:
    """Return what is equal for the same animal: a spreadsheet turns 01 into 1."""
    return str(int(animal)) if animal.isascii() and animal.isdecimal() else animal
