"""`ethoprofiler dataset check` shows what is in a data set and everything that is wrong with it."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from appliance.dataset_check_screen import print_inspection
from appliance.fault_table import print_faults
from appliance.main import main
from inference.dataset.check import inspect
from inference.dataset.opening import open_data_set
from inference.dataset.source import Fault
from inference.label_file import write_annotation
from tests.inference.annotated_clips import FRAMES, write_clips

GOLDEN = Path(__file__).parent / "golden" / "dataset-check.txt"
STEM = f"01_20180418_1200_s0_n{FRAMES}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two animals with all behaviors; the cache is in the same place."""
    data = tmp_path / "data"
    data.mkdir()
    write_clips(data, ["01", "02"])
    (data / "animals.csv").write_text("animal;strain\n01;C57BL/6\n02;SWISS\n")
    return data


def _check(folder: Path, *options: str) -> Result:
    cache = str(folder.parent / "cache")
    return CliRunner().invoke(main, ["dataset", "check", str(folder), "--cache", cache, *options])


def _lines(text: str, folder: Path) -> str:
    return "\n".join(line.rstrip() for line in text.replace(str(folder), "DATA").splitlines())


def test_a_good_data_set_is_ready_for_training(folder: Path) -> None:
    result = _check(folder)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert _lines(result.stdout, folder) == GOLDEN.read_text().rstrip("\n")


def test_checking_changes_nothing(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.parent.rglob("*")}
    _check(folder)
    assert {path: path.stat().st_mtime_ns for path in folder.parent.rglob("*")} == before


def test_faults_end_with_exit_code_1_and_are_all_in_the_table(folder: Path) -> None:
    write_annotation(folder / f"{STEM}_map.csv", [1] * 43)
    (folder / "02_20180418_1200_s0_n44.mkv").write_bytes(b"")
    (folder / "holiday.mov").touch()
    result = _check(folder)
    assert result.exit_code == 1
    assert f"fault   {STEM}_map.csv" in result.stdout
    assert "has 43 rows, its video 44 frames" in result.stdout
    assert "fault   02_20180418_1200_s0_n44.mkv" in result.stdout
    assert "remark  holiday.mov" in result.stdout
    assert result.stdout.endswith("3 faults, 2 remarks: training refuses to start\n")


def test_json_says_the_same_for_programs(folder: Path) -> None:
    write_annotation(folder / f"{STEM}_map_new_v2.csv", [8] * 44)
    (folder / f"02_20180418_1200_s0_n{FRAMES}_map.csv").write_bytes(b"")
    result = _check(folder, "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert {name: told[name] for name in ("schema", "layout", "can_be_trained", "clips")} == {
        "schema": "ethoprofiler.dataset-check/1",
        "layout": "published",
        "can_be_trained": False,
        "clips": 7,
    }
    assert (told["frames"], told["seconds"], told["cache_bytes"]) == (308, 12.32, 308 * 32768)
    assert told["clips_to_judge_by"] == 7
    assert (told["behaviors"]["drink"], told["behaviors"]["none"], told["bouts"]["none"]) == (
        0,
        44,
        1,
    )
    assert [(one["name"], one["strain"], one["clips"]) for one in told["animals"]] == [
        ("01", "C57BL/6", 4),
        ("02", "SWISS", 3),
    ]
    assert [(one["name"], one["frames"]) for one in told["annotations"]] == [
        ("initial", 264),
        ("review 2", 44),
    ]
    assert [(one["path"], one["text"], one["is_remark"]) for one in told["faults"][:2]] == [
        ("(the data set)", "shows no drink, no eat: a network learns all eight", False),
        (f"02_20180418_1200_s0_n{FRAMES}_map.csv", "empty file", False),
    ]


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        ((), 1, "is not a folder"),
        (("--layout", "published"), 1, "is not a folder"),
        (("--layout", "coco"), 2, "'coco' is not one of"),
    ],
)
def test_what_is_no_data_set_is_one_sentence(
    options: tuple[str, ...], code: int, text: str, tmp_path: Path
) -> None:
    result = _check(tmp_path / "nothing", *options)
    assert result.exit_code == code
    assert text in result.stderr
    assert result.stdout == ""


def test_everything_fits_80_columns(folder: Path) -> None:
    long = f"01_20180418_1800_s4500000_n{FRAMES}"
    (folder / f"{long}_map_new_v2.csv").write_text("nothing")
    (folder / "animals.csv").write_text(f"animal;strain\n01;{'C57BL/6' * 9}\n02;SWISS\n")
    out = io.StringIO()
    inspection = inspect(open_data_set(folder))
    print_inspection(Console(file=out, width=80, highlight=False), inspection)
    lines = out.getvalue().splitlines()
    assert max(len(line) for line in lines[1:]) <= 80
    assert "has no video" in out.getvalue()


def test_a_name_cannot_write_on_the_terminal(tmp_path: Path) -> None:
    out = io.StringIO()
    fault = Fault(tmp_path / "a\x1b[2J\n\udcff.mkv", "is [bold]\x1b]0;bad")
    print_faults(Console(file=out, width=100), [fault], tmp_path)
    (line,) = out.getvalue().splitlines()[1:]
    assert line.split() == ["fault", "a?[2J??.mkv", "is", "[bold]?]0;bad"]


def test_help_and_its_parts_need_no_heavy_import() -> None:
    script = (
        "import sys; import appliance.command.dataset as d; "
        "print(sorted(d.dataset.commands), {'numpy', 'av', 'cv2', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "['check', 'export', 'sample'] set()\n"
