"""`ethoprofiler dataset export` answers in sentences."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.main import main
from inference.label_file import read_codes
from tests.inference.boris_files import block
from tests.video_factory import moving_square, write_video

BOUTS = ("0.2 m1 eat START", "1.0 m1 eat STOP", "0 m1 dig START", "2.0 m1 dig STOP")

UNKNOWN = (
    "{folder}/a.csv observation `obs` has behaviors that are not ours: `dig` (line 20); "
    "say which they are in behaviors.csv"
)


def _run(*arguments: str | Path) -> Result:
    words = ["dataset", "export", *(str(argument) for argument in arguments)]
    return CliRunner().invoke(main, words)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    write_video(folder / "a.mkv", moving_square(20, width=64, height=48), rate=10)
    (folder / "a.csv").write_bytes(block(*BOUTS).encode())
    return folder


def test_a_folder_of_boris_becomes_a_published_data_set(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = _run(folder, out, "--format", "published", "--behavior", "dig=none")
    assert (done.exit_code, done.output) == (0, f"{out}: 1 clips\n")
    codes = read_codes(out / "01_20000101_0000_s0_n20_map.csv")
    assert codes.tolist() == [8] * 2 + [1] * 8 + [8] * 10


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ("--format", "published"),
            UNKNOWN,
        ),
        (
            ("--format", "published", "--layout", "mit-full", "--behavior", "dig=none"),
            "--behavior is for data sets of BORIS, not mit-full",
        ),
        (
            ("--format", "bouts", "--behavior", "dig=none"),
            "{out} does not end in .csv",
        ),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(
    folder: Path, tmp_path: Path, arguments: tuple[str, ...], expected: str
) -> None:
    out = tmp_path / "out"
    refused = _run(folder, out, *arguments)
    assert refused.exit_code == 1
    assert refused.output == f"Error: {expected.format(folder=folder, out=out)}\n"
    assert not out.exists()


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    for behavior in ((), ("--behavior", "x=eat")):
        refused = _run(tmp_path / "no", tmp_path / "out", "--format", "published", *behavior)
        assert refused.output == f"Error: {tmp_path / 'no'} is not a folder\n"
        assert refused.exit_code == 1
