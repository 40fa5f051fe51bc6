"""The other commands, run as programs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from appliance.segment_manifest import SegmentManifest
from inference.label_file import LabelRow, write_annotation
from inference.label_writer import LabelWriter

PROGRAM: Final = [sys.executable, "-m", "appliance"]
COMMANDS: Final = ("classify", "completion", "model", "show", "simulate", "train")
ROOT: Final = Path(__file__).parents[2]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, "COLUMNS": "80"},
    )


def write_labels(path: Path, codes: list[int]) -> None:
    with LabelWriter(path, "m@1") as writer:
        writer.append(LabelRow(n, code, 40 * n, 0.5) for n, code in enumerate(codes))
        writer.finish()


def test_help_names_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert f"  {command} " in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: ethoprofiler {command}")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_argument_is_one_sentence_and_exit_code_2(command: str) -> None:
    done = run(command, "--no-such-option")
    assert done.returncode == 2
    assert "No such option" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell: str) -> None:
    done = run("completion", shell)
    assert done.returncode == 0
    assert "_ETHOPROFILER_COMPLETE" in done.stdout


def test_show_draws_labels_and_truth_and_how_far_they_agree(tmp_path: Path) -> None:
    write_labels(tmp_path / "a.csv", [6] * 30 + [7] * 10)
    write_annotation(tmp_path / "a_map.csv", [6] * 40)
    for table in ("animals.csv", "behaviors.csv", "clips.csv"):
        (tmp_path / table).write_text("tables;of\na data set\n")
    done = run("show", tmp_path)
    assert done.returncode == 0
    assert "agree on 75.0% of 40 frames" in done.stdout
    rows = [line for line in done.stdout.splitlines() if line.startswith(("labels", "truth"))]
    assert [row.count("█") for row in rows] == [40, 40]


def test_show_refuses_a_truth_of_another_length(tmp_path: Path) -> None:
    write_labels(tmp_path / "a.csv", [6] * 30)
    write_annotation(tmp_path / "a_map.csv", [6] * 31)
    done = run("show", tmp_path)
    assert done.returncode == 1
    assert "a_map.csv: 31 frames, where the label file has 30" in done.stderr


def test_show_says_that_a_folder_holds_nothing(tmp_path: Path) -> None:
    done = run("show", tmp_path)
    assert done.returncode == 1
    assert "holds no label file" in done.stderr


def test_simulate_writes_what_train_and_show_read(tmp_path: Path) -> None:
    out = tmp_path / "cages"
    assert run("simulate", out, "--mice", "2", "--seconds", "1", "--seed", "3").returncode == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "01_20250113_1800_s0_n25.mkv",
        "01_20250113_1800_s0_n25_map.csv",
        "02_20250113_1800_s0_n25.mkv",
        "02_20250113_1800_s0_n25_map.csv",
        "animals.csv",
        "dataset.json",
    ]
    again = run("simulate", out, "--mice", "2", "--seconds", "1", "--seed", "4")
    assert again.returncode == 1
    assert "holds clips of another simulation" in again.stderr


def test_the_published_schema_is_that_of_the_manifest() -> None:
    published = json.loads((ROOT / "docs" / "schemas" / "segment.json").read_text())
    assert published == SegmentManifest.model_json_schema(by_alias=True)
