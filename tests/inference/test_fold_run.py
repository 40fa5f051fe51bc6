"""One fold is trained on its clips, judged on those left out, and done only once."""

import fcntl
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from inference.dataset.annotation import OneBehavior
from inference.dataset.opening import open_data_set
from inference.error import TrainingError
from inference.evaluate.fold import folds_of
from inference.evaluate.prediction_file import FILE_NAME, read_predictions
from inference.preprocessing import Preprocessing
from inference.train.clip_list import listed_clips
from inference.train.finished_fold import is_finished, refuse_other_fold
from inference.train.fold_run import FoldTask, bytes_to_write, run_fold, weights_digest
from inference.train.plan import changed, plan_of
from inference.train.weights import load_checkpoint
from tests.inference.annotated_clips import FRAMES, write_clips


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> FoldTask:
    folder = tmp_path_factory.mktemp("fold")
    write_clips(folder, ["01", "02"])
    folds = folds_of("leave-one-animal-out", open_data_set(folder).clips)
    return FoldTask(
        fold=folds[1],
        protocol="leave-one-animal-out",
        plan=changed(plan_of("ours", "ethocnn-lite"), {"epochs": 1, "steps": 1, "minibatch": 8}),
        spec=Preprocessing(),
        folder=folder / "folds" / folds[1].name,
        cache=folder / "bands",
        device="cpu",
        teacher=None,
        validation_stacks=0,
        software="1.2.3",
    )


def test_a_fold_is_judged_by_the_animal_that_it_did_not_learn(task: FoldTask) -> None:
    run_fold(task)
    found = read_predictions(task.folder / FILE_NAME)
    assert {clip.animal for clip in found.predictions} == {"02"}
    assert len(found.predictions) == 4
    assert (found.about.protocol, found.about.fold) == ("leave-one-animal-out", "animal-02")
    network = load_checkpoint(task.folder / "epochs" / "001.pt").network
    assert found.about.model == f"ethocnn-lite@{weights_digest(network)}"


def test_a_finished_fold_is_left_alone(task: FoldTask) -> None:
    run_fold(task)
    before = {path: path.stat().st_mtime_ns for path in task.folder.rglob("*")}
    run_fold(replace(task, cache=task.cache / "nowhere"))
    assert {path: path.stat().st_mtime_ns for path in task.folder.rglob("*")} == before


def test_a_fold_whose_predictions_were_not_written_is_only_judged_again(task: FoldTask) -> None:
    run_fold(task)
    whole = (task.folder / FILE_NAME).read_bytes()
    weights = (task.folder / "epochs" / "001.pt").read_bytes()
    (task.folder / FILE_NAME).unlink()
    assert not is_finished(task.folder)
    run_fold(task)
    assert (task.folder / "epochs" / "001.pt").read_bytes() == weights
    (task.folder / "whole.npz").write_bytes(whole)
    for one, two in zip(
        read_predictions(task.folder / FILE_NAME).predictions,
        read_predictions(task.folder / "whole.npz").predictions,
        strict=True,
    ):
        assert (one.probabilities == two.probabilities).all()


def test_the_digest_is_of_every_weight(task: FoldTask) -> None:
    run_fold(task)
    network = load_checkpoint(task.folder / "epochs" / "001.pt").network
    before = weights_digest(network)
    with torch.no_grad():
        next(network.parameters()).view(-1)[0] += 1
    assert weights_digest(network) != before


def _refuse(task: FoldTask) -> None:
    fold = task.fold
    clips = listed_clips((source, FRAMES) for source in (*fold.training, *fold.held_out))
    refuse_other_fold(task.folder, fold, clips, task.spec)


def test_a_finished_fold_is_of_the_clips_that_there_are(task: FoldTask) -> None:
    run_fold(task)
    _refuse(task)


@pytest.mark.parametrize("side", ["training", "held_out"])
def test_a_finished_fold_of_another_annotation_is_refused(task: FoldTask, side: str) -> None:
    run_fold(task)
    source = getattr(task.fold, side)[0]
    before = source.annotation.path.read_text()
    source.annotation.path.write_text(before.replace(";0\n", ";7\n"))
    with pytest.raises(TrainingError) as refusal:
        _refuse(task)
    source.annotation.path.write_text(before)
    assert str(refusal.value) == (
        f"{task.folder} holds another training: the annotation of clip {source.name} is another one"
    )


def test_a_finished_fold_of_other_strains_or_another_truth_is_refused(task: FoldTask) -> None:
    run_fold(task)
    path, fold = task.folder / FILE_NAME, task.fold
    first, second, *others = fold.held_out
    strange = replace(second, held_out_annotation=OneBehavior(second.annotation.path, 7))
    changed_fold = replace(fold, held_out=(replace(first, strain="SWISS"), strange, *others))
    with pytest.raises(TrainingError) as refusal:
        _refuse(replace(task, fold=changed_fold))
    assert str(refusal.value) == (
        f"{path} is of other clips: the strain of clip {first.name} is SWISS here, unknown there; "
        f"the truth of clip {second.name} is another one"
    )


def test_predictions_without_the_list_of_clips_are_refused(task: FoldTask, tmp_path: Path) -> None:
    run_fold(task)
    (tmp_path / FILE_NAME).write_bytes((task.folder / FILE_NAME).read_bytes())
    with pytest.raises(TrainingError, match=r"holds predictions but no clips.json: delete it$"):
        _refuse(replace(task, folder=tmp_path))


def _hold(folder: Path) -> int:
    """Take the lock of a run folder, as a process does that trains there; return the file."""
    folder.mkdir()
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def test_a_fold_that_another_process_still_trains_is_waited_for_and_found(
    task: FoldTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_fold(task)
    other = replace(task, folder=tmp_path / "fold")
    lock = _hold(other.folder)

    def finish(_s: float) -> None:
        (other.folder / FILE_NAME).write_bytes(b"of the other process")

    monkeypatch.setattr("inference.train.fold_run.time.sleep", finish)
    run_fold(other)
    os.close(lock)
    assert (other.folder / FILE_NAME).read_bytes() == b"of the other process"


def test_a_fold_that_another_process_trains_for_long_says_so(
    task: FoldTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.train.fold_run._IN_USE_S", 0.3)
    other = replace(task, folder=tmp_path / "fold")
    lock = _hold(other.folder)
    with pytest.raises(TrainingError) as refusal:
        run_fold(other)
    os.close(lock)
    assert str(refusal.value) == (
        f"{other.folder}: another process is still training it, "
        "and the same command finds it when that is done"
    )


def test_what_a_fold_will_write_is_known_before(task: FoldTask, tmp_path: Path) -> None:
    run_fold(task)
    files = [task.folder / "state.pt", task.folder / "epochs" / "001.pt"]
    written = sum(file.stat().st_size for file in files)
    expected = bytes_to_write(replace(task, folder=tmp_path))
    assert written * 0.9 < expected < written * 1.1
    assert bytes_to_write(task) < expected * 0.1
