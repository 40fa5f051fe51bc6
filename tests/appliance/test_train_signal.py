"""`ethoprofiler train` as processes: stopped in order, and shared by several."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inference.label_file import write_annotation
from tests.inference.tiny_training import is_same, kept
from tests.video_factory import moving_square, write_video

FRAMES = 44
TRAIN = ("-m", "appliance", "train")
SHORT = ("--minibatch", "8", "--threads", "1", "--validation-stacks", "0")

pytestmark = pytest.mark.campaign


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data_set")
    for mouse in (1, 2):
        video = folder / f"{mouse:02d}_20180418_1200_s0_n{FRAMES}.mkv"
        pictures = list(moving_square(FRAMES + mouse))[mouse:]
        write_video(video, pictures, rate=25, options={"preset": "ultrafast"})
        write_annotation(folder / f"{video.stem}_map.csv", np.arange(FRAMES) % 8)
    return folder


def _options(data_set: Path, folder: Path, *more: str) -> list[str]:
    places = ("--output", f"{folder}/m.onnx", "--cache", f"{folder}/cache")
    return [str(data_set), *places, *SHORT, *more]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_training_in_order(
    number: signal.Signals, data_set: Path, tmp_path: Path
) -> None:
    options = _options(data_set, tmp_path, "--epochs", "1000", "--steps", "2")
    with subprocess.Popen(
        [sys.executable, *TRAIN, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith("epoch 1/1000"):
            assert process.poll() is None
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert said.splitlines()[-1].endswith(
        f"the state is kept in {tmp_path}/m.run; the same command goes on"
    )
    assert (tmp_path / "m.run" / "state.pt").exists()


def test_torchrun_with_two_processes_gives_the_bits_of_one(data_set: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    more = ("--epochs", "1", "--steps", "2", "--shards", "2")
    for folder, launcher in (
        (one, ()),
        (two, ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")),
    ):
        folder.mkdir()
        program = [sys.executable, *launcher, *TRAIN, *_options(data_set, folder, *more)]
        done = subprocess.run(program, capture_output=True, text=True, timeout=200, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("epoch 1/1:") == 1
    assert is_same(kept(one / "m.run", 1), kept(two / "m.run", 1))
