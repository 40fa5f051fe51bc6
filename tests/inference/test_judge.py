"""The judge: many askers, one network, answers that depend on nothing but the question."""

import time
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Final

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from inference.classifier import Classifier
from inference.determinism import random_stacks
from inference.error import ModelError
from inference.judge import Judge, answer_of
from inference.labelling import label_frames
from inference.picture import Picture
from inference.preprocessing import Gray
from inference.train import export
from inference.train.export import Attribution, export_model
from inference.train.network import create_network
from inference.video import VideoFrame
from tests.video_factory import moving_square

BATCH: Final = 4
SHAPE: Final = (11, 128, 256)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """A model with random weights that takes four stacks at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(export._BATCH, "ethocnn-lite", BATCH)
        torch.manual_seed(5)
        path = tmp_path_factory.mktemp("model") / "batch.onnx"
        attribution = Attribution("random", "0", "random weights, for tests", "BSD-3-Clause")
        export_model(create_network("ethocnn-lite"), attribution, path)
    return Classifier(path, "cpu")


class SlowClassifier(Classifier):
    """The same network behind a door, which counts what came in together."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "cpu")
        self.door = Event()
        self.sizes: list[int] = []

    def probabilities(self, stacks: Gray) -> NDArray[np.float64]:
        self.sizes.append(len(stacks))
        assert self.door.wait(30)
        return super().probabilities(stacks)


def test_answers_do_not_depend_on_who_else_asks(classifier: Classifier) -> None:
    stacks = random_stacks(24, SHAPE, seed=1)
    alone = [classifier.probabilities(stack[None])[0] for stack in stacks]
    with Judge(classifier, 2) as judge, ThreadPoolExecutor(8) as askers:
        groups = [stacks[first : first + 1 + first % 3] for first in range(0, 24, 3)]
        verdicts = list(askers.map(lambda group: answer_of(judge.submit(group)), groups))
    for first, answers in zip(range(0, 24, 3), verdicts, strict=True):
        for place, answer in enumerate(answers):
            assert np.array_equal(answer, alone[first + place])


def test_stacks_that_wait_at_the_same_time_share_a_batch(
    classifier: Classifier, model_path: Path
) -> None:
    slow = SlowClassifier(model_path)
    slow.card = classifier.card  # type: ignore[misc]
    slow._session, slow._shape = classifier._session, classifier._shape
    stacks = random_stacks(6, SHAPE, seed=2)
    with Judge(slow, 1) as judge:
        first = judge.submit(stacks[:1])
        wait_until(lambda: slow.sizes == [1])
        verdicts = [judge.submit(stack[None]) for stack in stacks[1:]]
        slow.door.set()
        answers = [answer_of(verdict)[0] for verdict in [first, *verdicts]]
    assert slow.sizes == [1, 4, 1]
    for answer, stack in zip(answers, stacks, strict=True):
        assert np.array_equal(answer, classifier.probabilities(stack[None])[0])


def test_live_and_offline_rows_are_the_same(classifier: Classifier) -> None:
    frames = [
        VideoFrame(n, 40 * n, None if n in (5, 60) else Picture(luma, full_range=False))
        for n, luma in enumerate(moving_square(120, width=96, height=96))
    ]
    with Judge(classifier, 2) as judge:
        live, offline = (
            [row for rows in label_frames(frames, judge, ahead=ahead) for row in rows]
            for ahead in (0, 3)
        )
    assert live == offline
    assert [row.frame for row in live] == list(range(120))
    assert [row.frame for row in live if row.code == 8] == [5, 60]


def test_live_rows_come_before_the_next_stack_is_read(classifier: Classifier) -> None:
    pictures = moving_square(100, width=96, height=96)
    read: list[int] = []

    def frames() -> object:
        for number, luma in enumerate(pictures):
            read.append(number)
            yield VideoFrame(number, 40 * number, Picture(luma, full_range=False))

    with Judge(classifier, 1) as judge:
        for rows in label_frames(frames(), judge):  # type: ignore[arg-type]
            assert read[-1] <= max(50, rows[-1].frame + 1)


def test_an_answer_that_fails_reaches_who_asked_and_no_one_else(classifier: Classifier) -> None:
    stacks = random_stacks(2, SHAPE, seed=3)
    with Judge(classifier, 1) as judge:
        with pytest.raises(ValueError, match="broadcast"):
            answer_of(judge.submit(stacks[:1, :, :64]))
        expected = classifier.probabilities(stacks[1:])
        assert np.array_equal(answer_of(judge.submit(stacks[1:])), expected)


def test_a_call_that_does_not_come_back_is_seen_and_a_close_cancels_what_waits(
    model_path: Path,
) -> None:
    slow = SlowClassifier(model_path)
    judge = Judge(slow, 1)
    assert judge.busy_s() == 0
    stacks = random_stacks(2, SHAPE, seed=4)
    hanging = judge.submit(stacks[:1])
    waiting = judge.submit(stacks[1:])
    wait_until(lambda: judge.busy_s() > 0.05)
    with ThreadPoolExecutor(1) as closer:
        closing = closer.submit(judge.close)
        with pytest.raises(CancelledError):
            waiting.result(30)
        slow.door.set()
        closing.result(30)
    assert hanging.done()
    assert judge.submit(stacks[:1]).cancelled()


def test_no_answer_in_five_minutes_is_an_error(
    monkeypatch: pytest.MonkeyPatch, model_path: Path
) -> None:
    monkeypatch.setattr("inference.judge._ANSWER_LIMIT_S", 0.05)
    slow = SlowClassifier(model_path)
    with Judge(slow, 1) as judge:
        verdict = judge.submit(random_stacks(1, SHAPE, seed=5))
        with pytest.raises(ModelError, match="has not answered"):
            answer_of(verdict)
        slow.door.set()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)
