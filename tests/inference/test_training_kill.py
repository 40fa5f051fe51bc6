"""A training that is killed at any moment goes on to the same bits; real processes."""

from pathlib import Path

import pytest

from inference.train.plan import Plan, changed, plan_of
from tests.inference.tiny_training import (
    PLAN,
    TrainingProcess,
    free_port,
    is_same,
    kept,
    train_here,
)

SMALL = changed(PLAN, {"epochs": 1, "steps": 2, "shape": {"width": 0.25, "repeats": 0}})
SHARDED = changed(SMALL, {"shards": 2})


def test_a_training_that_is_killed_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    """The process is killed right after a step, when it is about to write its state."""
    _train_undisturbed_and_killed(tmp_path, SMALL, [1])


@pytest.mark.campaign
@pytest.mark.parametrize(
    "plan",
    [
        PLAN,
        changed(plan_of("paper", "ethocnn-lite"), {"epochs": 2, "steps": 3, "threads": 1}),
        changed(PLAN, {"precision": "bfloat16"}),
        changed(PLAN, {"precision": "float16"}),
        changed(PLAN, {"shards": 2}),
    ],
    ids=["ours", "paper", "bfloat16", "float16", "shards"],
)
def test_whatever_is_killed_three_times_goes_on_to_the_same_bits(
    plan: Plan, tmp_path: Path
) -> None:
    _train_undisturbed_and_killed(tmp_path, plan, [1, 1, 2])


def _train_undisturbed_and_killed(folder: Path, plan: Plan, kills: list[int]) -> None:
    """Train twice, the second time killed after so many steps each; compare the last epochs."""
    undisturbed, disturbed = folder / "undisturbed", folder / "disturbed"
    for each in (undisturbed, disturbed):
        each.mkdir()
    train_here(undisturbed, plan)
    for steps in kills:
        training = TrainingProcess(disturbed, plan)
        training.wait_for_step(steps)
        training.kill()
    assert TrainingProcess(disturbed, plan).finish() == ""
    ours, its = (kept(each / "run", plan.epochs) for each in (undisturbed, disturbed))
    assert is_same(ours, its)


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


def test_processes_of_different_plans_are_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    port = free_port()
    plans = (SHARDED, changed(SHARDED, {"seed": 9}))
    both = [
        TrainingProcess(tmp_path, plan, rank=rank, count=2, port=port)
        for rank, plan in enumerate(plans)
    ]
    for process in both:
        assert process.finish() == (
            "TrainingError: the 2 processes have not the same plan and clips: start them with "
            "the same options and data set"
        )
    assert not (tmp_path / "run" / "plan.json").exists()


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


@pytest.mark.campaign
def test_a_folder_in_which_another_process_trains_is_refused(tmp_path: Path) -> None:
    plan = changed(PLAN, {"steps": 1000})
    first = TrainingProcess(tmp_path, plan)
    first.wait_for_step(1)
    second = TrainingProcess(tmp_path, plan)
    run = tmp_path / "run"
    assert second.finish() == f"FolderInUse: {run}: another process is training there"
    first.kill()


@pytest.mark.campaign
def test_shards_that_the_processes_do_not_divide_are_refused(tmp_path: Path) -> None:
    port = free_port()
    both = [TrainingProcess(tmp_path, rank=rank, count=2, port=port) for rank in (0, 1)]
    for process in both:
        assert "1 shards cannot be divided between 2 processes" in process.finish()


@pytest.mark.campaign
def test_shards_are_another_plan(tmp_path: Path) -> None:
    plan = changed(PLAN, {"epochs": 1, "steps": 1})
    one, more = tmp_path / "one", tmp_path / "more"
    for folder, number in ((one, 1), (more, 2)):
        folder.mkdir()
        train_here(folder, changed(plan, {"shards": number}))
    ours, others = kept(one / "run", 1)["state_dict"], kept(more / "run", 1)["state_dict"]
    assert not is_same(ours, others)
