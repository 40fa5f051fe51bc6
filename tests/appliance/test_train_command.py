"""`ethoprofiler train` refuses before hours of work what it would refuse after them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from appliance.main import main
from inference.classifier import Classifier
from inference.label_file import write_annotation
from tests.video_factory import moving_square, write_video

FRAMES = 22
SHORT = ("--epochs", "1", "--steps", "1", "--minibatch", "8", "--threads", "1")


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data_set")
    for mouse in ("01", "02"):
        video = folder / f"{mouse}_20180418_1200_s0_n{FRAMES}.mkv"
        write_video(video, moving_square(FRAMES), rate=25, options={"preset": "ultrafast"})
        write_annotation(folder / f"{video.stem}_map.csv", np.arange(FRAMES) % 8)
    return folder


def _train(data_set: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["train", *map(str, (data_set, *SHORT, *arguments))])


def _refusal(data_set: Path, *arguments: str | Path) -> str:
    """Return the only line of output; what is refused after decoding has more."""
    result = _train(data_set, *arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    (line,) = result.output.splitlines()
    return line


def test_training_writes_a_model_whose_answers_are_proven(data_set: Path, tmp_path: Path) -> None:
    output = tmp_path / "mine.onnx"
    run = tmp_path / "new" / "run"
    done = _train(data_set, "--output", output, "--cache", tmp_path / "c", "--run", run)
    assert done.exit_code == 0, done.output
    assert "100% of the labels as the network's" in done.output.splitlines()[-1]
    assert Classifier(output, "cpu").card.name == "mine"
    assert sorted(path.name for path in run.iterdir()) == [
        "clips.json",
        "curves.svg",
        "epochs",
        "history.csv",
        "lock",
        "plan.json",
        "predictions.npz",
        "state.pt",
    ]
    other = _train(
        data_set, "--output", output, "--cache", tmp_path / "c", "--run", run, "--rate", "0.01"
    )
    assert other.exit_code == 1
    assert f"{run} holds another training: rate is 0.01 here, 0.002 in plan.json" in other.output
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.campaign
def test_a_finished_training_is_judged_and_written_again(data_set: Path, tmp_path: Path) -> None:
    arguments = ("--output", tmp_path / "mine.onnx", "--cache", tmp_path / "c")
    for _ in range(2):
        done = _train(data_set, *arguments)
        assert done.exit_code == 0
    assert f"the training in {tmp_path / 'mine.run'} is finished" in done.output


@pytest.mark.campaign
def test_a_trained_model_that_answers_otherwise_is_not_written(
    data_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.model_writer._LARGEST_DIFFERENCE", 0.0)
    output = tmp_path / "mine.onnx"
    output.write_bytes(b"an older model")
    done = _train(data_set, "--output", output, "--cache", tmp_path / "cache")
    assert done.exit_code == 1
    assert "was not written" in done.output.splitlines()[-1]
    assert output.read_bytes() == b"an older model"
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("model.pt", "does not end in .onnx"),
        ("none/model.onnx", "is not a folder"),
        ("folder.onnx", "is a folder"),
        ("/proc/model.onnx", "cannot be written: No such file or directory"),
        (f"{'m' * 248}.onnx", "cannot be written: File name too long"),
        ("My Model.onnx", "model card: name: String should match pattern"),
    ],
)
def test_an_output_that_could_not_be_written_is_refused_before_decoding(
    output: str, sentence: str, data_set: Path, tmp_path: Path
) -> None:
    (tmp_path / "folder.onnx").mkdir()
    cache = tmp_path / "cache"
    assert sentence in _refusal(data_set, "--output", tmp_path / output, "--cache", cache)
    assert not cache.exists()


@pytest.mark.parametrize("name", ["Mouse House", "", "a\nb", "\udcff"])
def test_a_name_that_no_card_takes_is_refused_before_decoding(
    name: str, data_set: Path, tmp_path: Path
) -> None:
    arguments = ("--output", tmp_path / "Model.onnx", "--name", name)
    assert "model card: name: " in _refusal(data_set, *arguments, "--cache", tmp_path / "cache")


@pytest.mark.parametrize("option", ["--cache", "--run"])
@pytest.mark.parametrize(
    ("folder", "reason"),
    [("file", "File exists"), ("file/below", "Not a directory"), ("/proc/none", "No such file")],
)
def test_a_folder_that_cannot_be_one_is_refused_before_decoding(
    option: str, folder: str, reason: str, data_set: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    arguments = ("--output", tmp_path / "m.onnx", "--cache", tmp_path / "cache")
    sentence = _refusal(data_set, *arguments, option, tmp_path / folder)
    assert f"{tmp_path / folder} is not a folder for files: {reason}" in sentence


@pytest.mark.parametrize("seed", ["-1", str(2**64)])
def test_a_seed_that_torch_does_not_take_is_refused(
    seed: str, data_set: Path, tmp_path: Path
) -> None:
    done = _train(data_set, "--output", tmp_path / "m.onnx", "--seed", seed)
    assert done.exit_code == 2
    assert "Invalid value for '--seed'" in done.output


def test_a_device_that_does_not_work_is_refused_before_decoding(
    data_set: Path, tmp_path: Path
) -> None:
    arguments = ("--output", tmp_path / "m.onnx", "--cache", tmp_path / "cache")
    for device in ("abacus", "meta"):
        assert f"device {device}: " in _refusal(data_set, *arguments, "--device", device)


def test_an_error_of_the_system_while_training_is_one_sentence(
    data_set: Path, tmp_path: Path
) -> None:
    (tmp_path / "m.run" / "epochs" / "001.pt").mkdir(parents=True)
    done = _train(data_set, "--output", tmp_path / "m.onnx", "--cache", tmp_path / "cache")
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert done.output.splitlines()[-1].endswith("cannot be written: Is a directory")


def test_a_data_set_that_cannot_be_listed_is_one_sentence(tmp_path: Path) -> None:
    looped = tmp_path / "01_20180418_1200_s0_n1.mkv"
    looped.symlink_to(looped)
    write_annotation(tmp_path / f"{looped.stem}_map.csv", [1])
    output, cache = tmp_path / "m.onnx", tmp_path / "cache"
    done = _train(tmp_path, "--output", output, "--cache", cache)
    assert done.exit_code == 1
    assert "Too many levels of symbolic links" in " ".join(done.output.split())
    assert "cannot be learned from" in done.output.splitlines()[-1]


@pytest.mark.campaign
def test_a_full_disk_is_one_sentence_and_leaves_nothing(data_set: Path, tmp_path: Path) -> None:
    """Decode into a file system of 256 KiB, which 22 bands of 32 KiB do not fit."""
    mounted = tmp_path / "small"
    mounted.mkdir()
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    mount = f"mount -t tmpfs -o size=256k none {mounted}"
    if subprocess.run([*inside, mount], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    train = f"{sys.executable} -m appliance train {data_set} --output {tmp_path}/m.onnx"
    done = subprocess.run(
        [*inside, f"{mount} && {train} --cache {mounted}; echo exit $?; ls -A {mounted}"],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    assert done.stdout.splitlines() == ["exit 1"]
    assert "cannot be learned from" in done.stderr.splitlines()[-1]
