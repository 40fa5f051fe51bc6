"""What a training refuses, or is stopped in, before anything is learned."""

import errno
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np
import pytest

from appliance.stop_request import StopRequest
from appliance.training_card import has_figures, summary_of
from appliance.training_options import TrainingOptions
from appliance.training_run import TrainingOrder, run_training
from inference.dataset.opening import open_data_set
from inference.error import TrainingError, TrainingStopped
from inference.label_file import read_codes, write_annotation
from inference.preprocessing import Preprocessing
from inference.train.dataset import Split, load_clips
from inference.train.export import Attribution
from inference.train.plan import changed, plan_of
from tests.video_factory import moving_square, write_video

FRAMES = 22
SPEC = Preprocessing()
OPTIONS = TrainingOptions(
    network="ethocnn-lite",
    recipe=None,
    epochs=1,
    steps=1,
    minibatch=8,
    rate=None,
    label_rule=None,
    seed=None,
    shards=None,
    threads=1,
    precision=None,
    teacher=None,
    device="cpu",
    layout=None,
    frames_per_second=25,
    cache=None,
    validation_stacks=0,
)


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two animals with all behaviors."""
    folder = tmp_path_factory.mktemp("data_set")
    for mouse in ("01", "02"):
        video = folder / f"{mouse}_20180418_1200_s0_n{FRAMES}.mkv"
        pictures = moving_square(FRAMES + int(mouse), width=256, height=256)
        write_video(video, pictures[int(mouse) :], rate=25, options={"preset": "ultrafast"})
        write_annotation(folder / f"{video.stem}_map.csv", np.arange(FRAMES) % 8)
    return folder


def _order(data_set: Path, folder: Path, *held_out: str, **options: Any) -> TrainingOrder:
    return TrainingOrder(
        data_set=data_set,
        run=folder / "run",
        held_out=held_out,
        options=replace(OPTIONS, cache=folder / "cache", **options),
        attribution=Attribution("mine", "1", "", "not stated"),
        output=folder / "mine.onnx",
    )


def _refusal(order: TrainingOrder) -> str:
    """Return why a training is refused, before anything is decoded."""
    with pytest.raises(TrainingError) as caught:
        run_training(order, StopRequest())
    cache = order.options.cache
    assert cache is not None
    assert not cache.exists() or not list(cache.iterdir())
    return str(caught.value)


def test_an_animal_that_is_not_there_is_refused_before_decoding(
    data_set: Path, tmp_path: Path
) -> None:
    assert _refusal(_order(data_set, tmp_path, "99")) == (
        "animal 99 is not in the data set (01, 02)"
    )


def test_a_behavior_that_only_the_held_out_animal_shows_is_refused_before_decoding(
    data_set: Path, tmp_path: Path
) -> None:
    lacking = Path(shutil.copytree(data_set, tmp_path / "data"))
    (annotation,) = lacking.glob("01_*.csv")
    codes = read_codes(annotation)
    write_annotation(annotation, np.where(np.asarray(codes) == 0, 1, codes))
    assert _refusal(_order(lacking, tmp_path, "02")) == (
        "without animal 02 the data set shows no drink: a network learns all eight"
    )


def test_a_teacher_that_is_no_network_is_refused_before_decoding(
    data_set: Path, tmp_path: Path
) -> None:
    teacher = tmp_path / "teacher.pt"
    teacher.write_bytes(b"none")
    assert str(teacher) in _refusal(_order(data_set, tmp_path, teacher=teacher))


def _signalled() -> StopRequest:
    stop = StopRequest()
    stop.number = signal.SIGTERM
    return stop


def test_a_signal_ends_the_check(data_set: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingStopped, match=r"^stopped while the data set was checked$"):
        run_training(_order(data_set, tmp_path), _signalled())


def test_a_signal_ends_the_decoding_and_leaves_no_part_of_a_clip(
    data_set: Path, tmp_path: Path
) -> None:
    frames: list[None] = []

    def goes_on() -> None:
        frames.append(None)
        if len(frames) > 10:
            _signalled().raise_if_wanted("while the clips were decoded")

    with pytest.raises(TrainingStopped, match=r"^stopped while the clips were decoded$"):
        load_clips(open_data_set(data_set).clips, tmp_path / "cache", SPEC, goes_on=goes_on)
    assert list((tmp_path / "cache").iterdir()) == []
    assert len(frames) < 20


def test_a_process_that_another_ones_signal_ends_exits_as_if_terminated() -> None:
    assert StopRequest().exit_code == 143
    assert _signalled().exit_code == 143


def test_a_whole_cache_that_cannot_be_written_is_enough(
    data_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = _order(data_set, tmp_path)
    cache = tmp_path / "cache"

    def refuse(*, dir: Path) -> IO[bytes]:  # noqa: A002 - the name that is called
        if dir == cache:
            raise OSError(errno.EROFS, "Read-only file system")
        return TemporaryFile(dir=dir)

    monkeypatch.setattr("appliance.training_run.TemporaryFile", refuse)
    assert _refusal(order) == f"{cache} is not a folder for files: Read-only file system"
    load_clips(open_data_set(data_set).clips, cache, SPEC)
    with pytest.raises(TrainingStopped):
        run_training(order, _signalled())


def test_the_card_claims_no_figures_that_there_are_not(data_set: Path, tmp_path: Path) -> None:
    first, second = load_clips(open_data_set(data_set).clips, tmp_path / "cache", SPEC)
    plan = changed(plan_of("ours", "ethocnn-lite"), {"shards": 2})
    judged, unjudged = Split((first,), (second,)), Split((first,), (replace(second, truth=None),))
    assert (has_figures(judged), has_figures(unjudged)) == (True, False)
    assert summary_of(judged, plan) == (
        "Trained by `ethoprofiler train` on 1 clips of animals 01; the figures are of animal 02, "
        "left out of training; 20 epochs, even sampling, majority label rule, minibatches of 64 "
        "stacks in 2 shards, adamw at 0.002, float32, seed 0."
    )
    assert "; animal 02 was left out and not judged; " in summary_of(unjudged, plan)
    assert "; no animal was left out; " in summary_of(Split((first,), ()), plan)
