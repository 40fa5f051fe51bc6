"""A training that is killed at any moment goes on to the same bits; real processes."""

from pathlib import Path

import pytest

from inference.train.plan import changed
from tests.inference.tiny_training import (
    PLAN,
    TrainingProcess,
    free_port,
    is_same,
    kept,
    train_here,
)

SHARDED = changed(PLAN, {"shards": 2, "epochs": 1, "minibatch": 16})


def test_a_training_that_is_killed_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    """Each process is killed right after a step, when it is about to write its state."""
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    for folder in (undisturbed, disturbed):
        folder.mkdir()
    train_here(undisturbed)
    for steps in (1, 1, 2):
        training = TrainingProcess(disturbed)
        training.wait_for_step(steps)
        training.kill()
    assert TrainingProcess(disturbed).finish() == ""
    assert is_same(kept(undisturbed / "run"), kept(disturbed / "run"))


def test_two_processes_train_to_the_bits_of_one(tmp_path: Path) -> None:
    """The environment is what `torchrun` gives its processes."""
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    train_here(one, SHARDED)
    port = free_port()
    both = [TrainingProcess(two, SHARDED, rank=rank, count=2, port=port) for rank in (0, 1)]
    assert [process.finish() for process in both] == ["", ""]
    assert is_same(kept(one / "run", 1), kept(two / "run", 1))


@pytest.mark.campaign
def test_a_lost_process_ends_the_other_with_a_sentence(tmp_path: Path) -> None:
    plan = changed(SHARDED, {"steps": 1000})
    port = free_port()
    first, second = (
        TrainingProcess(tmp_path, plan, rank=rank, count=2, port=port) for rank in (0, 1)
    )
    first.wait_for_step(1)
    second.kill()
    sentence = first.finish()
    assert sentence.startswith("ProcessLost: process 1 of 2: another one was lost")


def test_a_folder_in_which_another_process_trains_is_refused(tmp_path: Path) -> None:
    plan = changed(PLAN, {"steps": 1000})
    first = TrainingProcess(tmp_path, plan)
    first.wait_for_step(1)
    second = TrainingProcess(tmp_path, plan)
    run = tmp_path / "run"
    assert second.finish() == f"TrainingError: {run}: another process is training there"
    first.kill()


def test_shards_that_the_processes_do_not_divide_are_refused(tmp_path: Path) -> None:
    port = free_port()
    both = [TrainingProcess(tmp_path, rank=rank, count=2, port=port) for rank in (0, 1)]
    for process in both:
        assert "1 shards cannot be divided between 2 processes" in process.finish()


def test_shards_are_another_plan(tmp_path: Path) -> None:
    plan = changed(PLAN, {"epochs": 1, "steps": 1})
    one, more = tmp_path / "one", tmp_path / "more"
    for folder, number in ((one, 1), (more, 2)):
        folder.mkdir()
        train_here(folder, changed(plan, {"shards": number}))
    ours, others = kept(one / "run", 1)["state_dict"], kept(more / "run", 1)["state_dict"]
    assert not is_same(ours, others)
