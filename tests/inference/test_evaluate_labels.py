"""The script that compares label files with the truth."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from inference.label_file import write_annotation

SCRIPT = Path(__file__).parents[2] / "scripts" / "evaluate_labels.py"


def _run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False
    )


def _write(folder: Path, clip: str, truth: list[int], labels: list[int]) -> None:
    write_annotation(folder / f"{clip}_map.csv", truth)
    write_annotation(folder / f"{clip}.csv", labels)


def test_frames_without_a_behavior_are_left_out_and_counted(tmp_path: Path) -> None:
    _write(tmp_path, "01_a", truth=[6, 6, 8, 0], labels=[6, 0, 6, 8])
    _write(tmp_path, "02_a", truth=[1, 1], labels=[1, 1])
    done = _run(tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert set(rows) == {"all", "black", "white"}
    assert rows["all"] == pytest.approx(
        {"frames": 4, "left out": 2, "frame": 0.75, "macro": 0.75, "rest": 0.5, "eat": 1.0}
    )
    assert rows["black"]["left out"] == 2
    assert rows["white"]["frame"] == 1
    assert "| all | 4 | 2 | 75.0% | 75.0% |" in _run(tmp_path).stdout


def test_a_truth_of_another_length_or_none_is_one_sentence(tmp_path: Path) -> None:
    assert "holds no truth" in _run(tmp_path).stderr
    _write(tmp_path, "01_a", truth=[6, 6], labels=[6])
    assert "has 1 frames, its truth 2" in _run(tmp_path).stderr
