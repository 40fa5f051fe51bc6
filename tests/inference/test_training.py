"""Training end to end on clips whose behaviors are easy to tell apart."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from inference.error import TrainingError, TrainingStopped
from inference.train.augment import Augmentation
from inference.train.ethocnn import EthoCNN
from inference.train.loop import train
from inference.train.minibatch import minibatches
from inference.train.network import NetworkName, create_network, logits_of
from inference.train.optimization import rate_at
from inference.train.plan import changed, plan_of
from inference.train.process_group import alone
from inference.train.progress import Progress, Watch
from inference.train.sampler import Epochs
from inference.train.step import Learner, LearningFailed
from inference.train.weights import load_checkpoint
from tests.inference.tiny_training import PLAN, SPEC, is_same, kept, tiny_split, train_here

NO_CHANGE = Augmentation()


@pytest.mark.campaign
def test_training_learns_behaviors_that_differ_and_knows_them_on_an_animal_it_never_saw(
    tmp_path: Path,
) -> None:
    told: list[Progress] = []
    plan = changed(PLAN, {"steps": 16, "minibatch": 16})
    trained = train_here(tmp_path, plan, Watch(report=told.append))
    assert trained.figures is not None
    assert trained.figures.frame_accuracy > 0.95
    (prediction,) = trained.predictions
    assert (prediction.animal, len(prediction.truth)) == ("04", 33)
    ends = [(each.epoch, each.step) for each in told if each.record]
    assert ends == [(1, 16), (2, 16)]
    held = load_checkpoint(tmp_path / "run" / "epochs" / "002.pt")
    assert held.evaluation == trained.figures.as_card()
    assert (held.spec, held.plan) == (SPEC, plan)
    assert all(map(torch.equal, held.network.parameters(), trained.network.parameters()))


@pytest.mark.campaign
def test_the_same_plan_gives_the_same_bits_and_another_seed_others(tmp_path: Path) -> None:
    plan = changed(PLAN, {"epochs": 1, "steps": 1})
    folders = [tmp_path / name for name in ("first", "second", "third")]
    for folder, seed in zip(folders, (0, 0, 1), strict=True):
        folder.mkdir()
        train_here(folder, changed(plan, {"seed": seed}))
    first, second, third = (kept(folder / "run", 1) for folder in folders)
    assert is_same(first, second)
    assert not is_same(first["state_dict"], third["state_dict"])


def test_three_steps_of_the_paper_are_those_of_plain_torch_code(tmp_path: Path) -> None:
    """The paper's descent on the same stacks, written out: no class of ours but the network."""
    clips = tiny_split(tmp_path).training
    plan = changed(
        plan_of("paper", "ethocnn-lite"),
        {"augmentation": NO_CHANGE.model_dump(), "seed": 3, "shape": {"width": 0.25, "repeats": 0}},
    )
    epochs = Epochs([clip.codes for clip in clips], plan, SPEC.stack_length)
    batches = minibatches(clips, plan, SPEC, epochs)
    learner = Learner(plan, SPEC, alone())
    network = create_network("ethocnn-lite", plan.shape)
    network.load_state_dict(learner.network.state_dict())
    for part in (learner.network, network):
        part.dropout.p = 0.0
    first_seed = torch.initial_seed()
    descent = torch.optim.SGD(network.parameters(), lr=0.03)
    schedule = torch.optim.lr_scheduler.ExponentialLR(descent, 0.99)
    for step, batch in enumerate(part for part, _ in zip(batches, range(3), strict=False)):
        epoch = step + 1  # as if every epoch were one step, so that the rate falls
        outcome = learner.step([batch], step, rate_at(plan, epoch, 0, 1))
        descent.zero_grad()
        stacks, targets = map(torch.from_numpy, batch)
        loss = functional.cross_entropy(network(stacks.float() / 256), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        descent.step()
        schedule.step()
        assert outcome.loss == float(loss.detach())
        assert torch.initial_seed() != first_seed  # dropout draws other numbers than the weights
    batches.close()
    ours, plain = learner.network.state_dict(), network.state_dict()
    assert all(torch.equal(ours[name], plain[name]) for name in plain)


def test_the_paper_recipe_is_the_paper() -> None:
    plan = plan_of("paper", "ethocnn")
    assert (plan.epochs, plan.minibatch, plan.optimizer, plan.rate) == (40, 16, "sgd", 0.03)
    assert (plan.decay, plan.sampling, plan.label_rule) == (0.99, "paper", "majority")
    assert rate_at(plan, 1, 0, 500) == rate_at(plan, 1, 499, 500) == 0.03
    assert rate_at(plan, 2, 0, 500) == 0.03 * 0.99
    assert rate_at(plan, 40, 0, 500) == pytest.approx(0.03 * 0.99**39)


def test_our_rate_rises_for_a_twentieth_and_falls_to_nothing() -> None:
    plan = changed(plan_of("ours", "ethocnn-lite"), {"epochs": 2, "rate": 1.0})
    rates = [rate_at(plan, epoch, step, 20) for epoch in (1, 2) for step in range(20)]
    assert rates[:3] == [0.5, 1.0, 1.0]
    assert rates[21] == 0.5
    assert rates == sorted(rates[:2]) + sorted(rates[2:], reverse=True)
    assert 0 < rates[-1] < 0.01


@pytest.mark.campaign
@pytest.mark.parametrize("name", ["ethocnn", "ethocnn-lite"])
def test_a_network_answers_bands_as_it_answers_whole_pictures(name: NetworkName) -> None:
    network = create_network(name).eval()
    whole = torch.zeros(1, 11, 256, 256, dtype=torch.uint8)
    whole[:, :, 64:192] = torch.randint(0, 256, (1, 11, 128, 256))
    with torch.inference_mode():
        answers = [logits_of(network, part, SPEC) for part in (whole, whole[:, :, 64:192])]
    assert torch.equal(*answers)


@pytest.mark.campaign
def test_the_network_of_the_paper_learns_by_the_same_loop(tmp_path: Path) -> None:
    plan = changed(plan_of("paper", "ethocnn"), {"epochs": 1, "steps": 1, "minibatch": 15})
    trained = train_here(tmp_path, plan)
    assert isinstance(trained.network, EthoCNN)
    assert len(trained.predictions[0].truth) == 33


@pytest.mark.campaign
@pytest.mark.parametrize(
    ("precision", "steps"),
    [("bfloat16", 4), ("float16", 8)],
)
def test_mixed_precision_learns_and_keeps_whole_weights(
    precision: str, steps: int, tmp_path: Path
) -> None:
    told: list[float] = []
    plan = changed(PLAN, {"precision": precision, "epochs": 1, "steps": steps})
    trained = train_here(tmp_path, plan, Watch(report=lambda each: told.append(each.loss)))
    assert told[-1] < told[0]
    assert {values.dtype for values in trained.network.parameters()} == {torch.float32}


@pytest.mark.campaign
def test_a_wish_to_stop_is_followed_after_the_step_and_the_same_call_goes_on(
    tmp_path: Path,
) -> None:
    undisturbed, stopped = tmp_path / "undisturbed", tmp_path / "stopped"
    told: list[Progress] = []
    for folder in (undisturbed, stopped):
        folder.mkdir()
    train_here(undisturbed)
    watch = Watch(report=told.append, is_stop_wanted=lambda: len(told) == 1, validation_stacks=0)
    with pytest.raises(TrainingStopped, match="in epoch 1 after 2 of 3 minibatches"):
        train_here(stopped, watch=watch)
    assert len(told) == 2
    train_here(stopped)
    assert is_same(kept(stopped / "run"), kept(undisturbed / "run"))


@pytest.mark.campaign
def test_a_finished_training_is_not_trained_again(tmp_path: Path) -> None:
    plan = changed(PLAN, {"epochs": 1, "steps": 1})
    first = train_here(tmp_path, plan)
    told: list[Progress] = []
    again = train_here(tmp_path, plan, Watch(report=told.append))
    assert (first.was_finished, again.was_finished, told) == (False, True, [])
    assert first.figures == again.figures
    assert all(map(torch.equal, first.network.parameters(), again.network.parameters()))


def test_a_loss_that_is_no_number_stops_the_training_and_keeps_the_state_before(
    tmp_path: Path,
) -> None:
    plan = PLAN.model_copy(update={"rate": 1e30, "optimizer": "sgd"})
    with pytest.raises(TrainingError) as caught:
        train_here(tmp_path, plan)
    assert "is no number any more" in str(caught.value)
    assert "in epoch 1, minibatch " in str(caught.value)
    state = torch.load(tmp_path / "run" / "state.pt", weights_only=True)
    assert all(values.isfinite().all() for values in state["state_dict"].values())


@pytest.mark.parametrize(
    ("rate", "sentence"),
    [
        (float("inf"), "a weight is no number any more in epoch 1, minibatch 1; the state in "),
        (1e30, "the network's answers on 04_20180418_1200_s0_n33 are no numbers"),
    ],
)
def test_a_network_that_diverges_in_the_last_step_is_not_a_trained_one(
    rate: float, sentence: str, tmp_path: Path
) -> None:
    plan = PLAN.model_copy(update={"rate": rate, "epochs": 1, "steps": 1})
    with pytest.raises(TrainingError, match=f"^{sentence}"):
        train_here(tmp_path, plan)
    assert not list((tmp_path / "run" / "epochs").iterdir())
    assert not (tmp_path / "run" / "history.csv").exists()


def test_a_step_that_cannot_be_taken_changes_nothing(tmp_path: Path) -> None:
    clips = tiny_split(tmp_path).training
    epochs = Epochs([clip.codes for clip in clips], PLAN, SPEC.stack_length)
    learner = Learner(PLAN, SPEC, alone())
    batches = minibatches(clips, PLAN, SPEC, epochs)
    batch = next(batches)
    batches.close()
    *_, bias = learner.network.parameters()
    bias.data.fill_(float("inf"))
    before = {name: values.clone() for name, values in learner.network.state_dict().items()}
    with pytest.raises(LearningFailed, match="the loss is no number any more"):
        learner.step([batch], 0, 0.1)
    after = learner.network.state_dict()
    assert all(torch.equal(after[name], values) for name, values in before.items())


@pytest.mark.campaign
def test_the_history_has_a_row_for_each_epoch(tmp_path: Path) -> None:
    trained = train_here(tmp_path)
    assert trained.figures is not None
    head, first, second = (tmp_path / "run" / "history.csv").read_text().splitlines()
    assert head == "epoch;loss;frame_accuracy;macro_accuracy;rate"
    assert first.split(";")[2:4] == ["", ""]  # only the last epoch was judged
    assert float(second.split(";")[2]) == pytest.approx(trained.figures.frame_accuracy, abs=1e-5)
    assert b"<svg" in (tmp_path / "run" / "curves.svg").read_bytes()


@pytest.mark.campaign
def test_figures_are_only_given_where_somebody_was_left_out(tmp_path: Path) -> None:
    split = replace(tiny_split(tmp_path / "clips"), held_out=())
    trained = train(split, changed(PLAN, {"epochs": 1, "steps": 1}), SPEC, tmp_path / "run")
    assert (trained.predictions, trained.figures) == ((), None)


def test_an_unknown_device_is_one_sentence() -> None:
    with pytest.raises(TrainingError, match=r"^device abacus: "):
        alone("abacus")
