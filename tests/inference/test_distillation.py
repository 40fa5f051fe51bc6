"""A small network learns a teacher's answers, whichever file the teacher comes in."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from inference.dataset.source import Codes
from inference.error import TrainingError
from inference.preprocessing import Preprocessing
from inference.train.checkpoint import write_checkpoint
from inference.train.ethocnn import EthoCNN
from inference.train.ethocnn_lite import EthoCNNLite
from inference.train.loss import loss_of
from inference.train.network import logits_of
from inference.train.plan import Distillation, Plan, changed, plan_of
from inference.train.process_group import alone
from inference.train.step import Learner
from inference.train.teacher import open_teacher, teacher_digest

_SPEC = Preprocessing()
_STACKS = np.random.default_rng(0).integers(0, 256, (8, 11, 128, 256), np.uint8)
_TARGETS = np.arange(8)
_STEPS = 25
_ORDER = torch.tensor([3, 0, 5, 1, 7, 2, 4, 6])
"""What the teacher calls each stack: not what people call it."""


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint of a network that is sure, and calls every stack otherwise."""
    torch.manual_seed(1)
    network = EthoCNNLite().eval()
    with torch.no_grad():
        logits = logits_of(network, torch.from_numpy(_STACKS), _SPEC)
        features = []
        network.output.register_forward_pre_hook(lambda _layer, given: features.append(given[0]))
        logits_of(network, torch.from_numpy(_STACKS), _SPEC)
        wanted = 6 * torch.nn.functional.one_hot(_ORDER, 8).float() + 0 * logits
        ones = torch.cat([features[0], torch.ones(8, 1)], dim=1)
        solution = torch.linalg.lstsq(ones, wanted, driver="gelsd").solution
        network.output.weight.copy_(solution[:-1].T)
        network.output.bias.copy_(solution[-1])
    path = tmp_path_factory.mktemp("teacher") / "003.pt"
    write_checkpoint(path, network, 3, {})
    return path


def _plan(teacher: Path, weight: float) -> Plan:
    distillation = Distillation(teacher=teacher_digest(teacher), weight=weight)
    small = {"epochs": 1, "steps": 1, "minibatch": 8, "distillation": distillation}
    return changed(plan_of("ours", "ethocnn-lite"), small)


def _learned(plan: Plan, teacher: Path) -> list[int]:
    """Learn the same eight stacks again and again; return what the network calls them."""
    learner = Learner(plan, _SPEC, alone(), open_teacher(plan, teacher))
    for number in range(_STEPS):
        learner.step([(_STACKS, _TARGETS)], number, 2e-3)
    with torch.no_grad():
        logits = logits_of(learner.network.eval(), torch.from_numpy(_STACKS), _SPEC)
    return [int(code) for code in logits.argmax(dim=1)]


def _weights_after_a_step(plan: Plan, teacher: Path, targets: Codes) -> Tensor:
    learner = Learner(plan, _SPEC, alone(), open_teacher(plan, teacher))
    learner.step([(_STACKS, targets)], 0, 2e-3)
    assert isinstance(learner.network, EthoCNNLite)
    return learner.network.output.weight.detach()


def test_a_loss_is_the_distance_to_the_teacher_as_far_as_its_weight_goes() -> None:
    answers = torch.tensor([[2.0, 0.0], [0.0, 0.0]])
    teacher = torch.tensor([[0.0, 4.0], [0.0, 4.0]])
    plan = Distillation(teacher="", weight=0.75, temperature=2)
    loss = loss_of(answers, torch.tensor([0, 1]), teacher, plan)
    wanted, other = np.exp([0, 2]) / np.exp([0, 2]).sum(), np.exp([1, 0]) / np.exp([1, 0]).sum()
    distances = [(wanted * np.log(wanted / q)).sum() for q in (other, np.array([0.5, 0.5]))]
    entropies = [np.log(1 + np.exp(-2)), np.log(2)]
    expected = 0.25 * np.mean(entropies) + 0.75 * 4 * np.mean(distances)
    assert float(loss) == pytest.approx(expected, rel=1e-6)


def test_with_all_weight_on_the_teacher_labels_change_nothing(teacher: Path) -> None:
    all_, half = _plan(teacher, 1.0), _plan(teacher, 0.5)
    one = _weights_after_a_step(all_, teacher, _TARGETS)
    assert torch.equal(one, _weights_after_a_step(all_, teacher, _TARGETS[::-1].copy()))
    assert not torch.equal(one, _weights_after_a_step(half, teacher, _TARGETS))


@pytest.mark.campaign
def test_with_all_weight_on_the_teacher_its_answers_are_learned_and_not_the_labels(
    teacher: Path,
) -> None:
    assert _learned(_plan(teacher, 1.0), teacher) == _ORDER.tolist()


@pytest.mark.campaign
def test_with_little_weight_on_the_teacher_the_labels_are_learned(teacher: Path) -> None:
    assert _learned(_plan(teacher, 0.01), teacher) == _TARGETS.tolist()


def test_the_authors_weights_are_a_teacher_on_whole_pictures(tmp_path: Path) -> None:
    torch.manual_seed(2)
    network = EthoCNN().eval()
    torch.save(network.state_dict(), tmp_path / "step_39.model")
    found = open_teacher(_plan(tmp_path / "step_39.model", 0.5), tmp_path / "step_39.model")
    assert isinstance(found, EthoCNN)
    pictures = np.zeros((1, 11, 256, 256), np.uint8)
    pictures[:, :, 64:192] = _STACKS[:1]
    with torch.no_grad():
        expected = network.forward(torch.from_numpy(pictures).float() / 256)
        answer = logits_of(found.eval(), torch.from_numpy(_STACKS[:1]), _SPEC)
    torch.testing.assert_close(answer, expected)


def test_another_teacher_than_the_plan_s_is_refused(teacher: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pt"
    write_checkpoint(other, EthoCNNLite(), 1, {})
    with pytest.raises(TrainingError, match=r"other.pt is not the plan's teacher"):
        open_teacher(_plan(teacher, 0.5), other)
