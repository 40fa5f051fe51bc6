"""One fold is trained on its clips, judged on those left out, and done only once."""

from dataclasses import replace

import pytest
import torch

from inference.dataset.opening import open_data_set
from inference.evaluate.fold import folds_of
from inference.evaluate.prediction_file import FILE_NAME, read_predictions
from inference.preprocessing import Preprocessing
from inference.train.fold_run import FoldTask, is_finished, run_fold, weights_digest
from inference.train.plan import changed, plan_of
from inference.train.weights import load_checkpoint
from tests.inference.annotated_clips import write_clips


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
    network, _ = load_checkpoint(task.folder / "epochs" / "001.pt")
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
    network, _ = load_checkpoint(task.folder / "epochs" / "001.pt")
    before = weights_digest(network)
    with torch.no_grad():
        next(network.parameters()).view(-1)[0] += 1
    assert weights_digest(network) != before
