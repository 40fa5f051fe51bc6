"""Minibatches are assembled ahead, in an order that only the plan decides."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from inference.dataset.annotation import OneBehavior
from inference.dataset.band_cache import Clip
from inference.dataset.band_file import open_bands, write_bands
from inference.dataset.source import ClipSource
from inference.error import DataSetError, TrainingError
from inference.preprocessing import Preprocessing
from inference.train.augment import PAPER_AUGMENTATION, Augmentation
from inference.train.minibatch import Assembler, Minibatch, Order, minibatches, stack_shape
from inference.train.plan import Plan
from inference.train.sampler import Epochs

SPEC = Preprocessing()
PLAIN = Plan(network="ethocnn-lite", epochs=2, augmentation=Augmentation())
FRAMES = 43
BEGINNING = Order(1, 0)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    """Return a clip of each behavior, at each frame the level 20 x behavior + frame."""
    folder = tmp_path_factory.mktemp("bands")
    return [_write_clip(folder, code) for code in range(8)]


def _write_clip(folder: Path, code: int) -> Clip:
    path = folder / f"{code}.npy"
    levels = (np.full(SPEC.band_shape, 20 * code + frame, np.uint8) for frame in range(FRAMES))
    with path.open("wb") as file:
        write_bands(file, levels, SPEC.band_shape)
    bands, _ = open_bands(path, SPEC.band_shape)
    annotation = OneBehavior(path, code)
    source = ClipSource(str(code), path, str(code), str(code), annotation, None)
    return Clip(source, bands, annotation.read(FRAMES), None)


def _epochs(clips: list[Clip], plan: Plan) -> Epochs:
    return Epochs([clip.codes for clip in clips], plan, SPEC.stack_length)


def _all(clips: list[Clip], plan: Plan, first: Order = BEGINNING) -> list[Minibatch]:
    with closing(minibatches(clips, plan, SPEC, _epochs(clips, plan), first=first)) as found:
        return list(found)


def _loaders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("loader")]


def _wait_for_no_loaders() -> None:
    for thread in _loaders():
        thread.join(10)
        assert not thread.is_alive()


def test_a_minibatch_is_the_stacks_that_were_drawn(clips: list[Clip]) -> None:
    epochs = _epochs(clips, PLAIN)
    stacks, targets = Assembler(clips, PLAIN, SPEC, epochs).assemble(Order(1, 2))
    draws = epochs.minibatch(1, 2)
    assert stacks.shape == (16, 11, 128, 256)
    assert targets.tolist() == [draw.target for draw in draws]
    for stack, draw in zip(stacks, draws, strict=True):
        assert (stack == stack[:, :1, :1]).all()
        first = 20 * draw.clip + draw.start
        assert stack[:, 0, 0].tolist() == list(range(first, first + 11))


def test_a_training_gets_every_minibatch_of_every_epoch_and_then_no_more(
    clips: list[Clip],
) -> None:
    epochs = _epochs(clips, PLAIN)
    assembler = Assembler(clips, PLAIN, SPEC, epochs)
    found = _all(clips, PLAIN)
    assert epochs.steps(1) == epochs.steps(2) == 3
    expected = [assembler.assemble(Order(epoch, step)) for epoch in (1, 2) for step in range(3)]
    assert len(found) == 6
    for (stacks, targets), (expected_stacks, expected_targets) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(stacks, expected_stacks)
        np.testing.assert_array_equal(targets, expected_targets)


def test_a_training_that_goes_on_in_an_epoch_gets_the_same_rest(clips: list[Clip]) -> None:
    plan = PLAIN.model_copy(update={"augmentation": PAPER_AUGMENTATION})
    whole, rest = _all(clips, plan), _all(clips, plan, Order(1, 2))
    assert len(rest) == 4
    for (stacks, targets), (same_stacks, same_targets) in zip(whole[2:], rest, strict=True):
        np.testing.assert_array_equal(stacks, same_stacks)
        np.testing.assert_array_equal(targets, same_targets)


def test_the_shards_of_a_minibatch_are_its_parts(clips: list[Clip]) -> None:
    plan = PLAIN.model_copy(update={"augmentation": PAPER_AUGMENTATION, "epochs": 1})
    cut = plan.model_copy(update={"shards": 4})
    whole = _all(clips, plan)
    epochs = _epochs(clips, cut)
    with closing(minibatches(clips, cut, SPEC, epochs)) as found:
        parts = list(found)
    with closing(minibatches(clips, cut, SPEC, epochs, shards=[1, 3])) as found:
        own = list(found)
    assert len(parts) == 12
    for step, (stacks, targets) in enumerate(whole):
        four = parts[4 * step : 4 * step + 4]
        np.testing.assert_array_equal(np.concatenate([part[0] for part in four]), stacks)
        np.testing.assert_array_equal(np.concatenate([part[1] for part in four]), targets)
        for part, same in zip((four[1], four[3]), own[2 * step : 2 * step + 2], strict=True):
            np.testing.assert_array_equal(part[0], same[0])


def test_the_papers_network_is_shown_whole_pictures_when_they_shift_on_black(
    clips: list[Clip],
) -> None:
    paper = Plan(network="ethocnn", epochs=1)
    assert stack_shape(paper, SPEC) == (11, 256, 256)
    assert stack_shape(Plan(network="ethocnn-lite"), SPEC) == (11, 128, 256)
    assert stack_shape(Plan(network="ethocnn", augmentation=Augmentation()), SPEC)[1] == 128
    still = PAPER_AUGMENTATION.model_copy(update={"shift_x": 0, "shift_y": 0, "flip": 0})
    (stacks, _), *_ = _all(clips, paper.model_copy(update={"augmentation": still}))
    assert stacks.shape == (16, 11, 256, 256)
    assert not stacks[:, :, :64].any()
    assert not stacks[:, :, 192:].any()


def test_stacks_at_the_same_place_of_two_steps_change_differently(clips: list[Clip]) -> None:
    limits = Augmentation(brightness=100)
    plan = PLAIN.model_copy(update={"augmentation": limits, "epochs": 1, "steps": 9})
    plain = plan.model_copy(update={"augmentation": Augmentation()})
    changes = set()
    for (stacks, _), (same, _) in zip(_all(clips, plan), _all(clips, plain), strict=True):
        changes |= {int(change) for change in (stacks[:8, 0, 0, 0].astype(int) - same[:8, 0, 0, 0])}
    assert len(changes) > 40


@pytest.fixture
def harmed(tmp_path: Path, clips: list[Clip]) -> Iterator[tuple[list[Clip], Path]]:
    """Return clips, and the file of one of them that can be harmed."""
    other = _write_clip(tmp_path, 5)
    yield [*clips[:5], other, *clips[6:]], tmp_path / "5.npy"
    _wait_for_no_loaders()


def test_a_file_that_shrinks_while_it_is_learned_from_is_one_sentence(
    harmed: tuple[list[Clip], Path],
) -> None:
    clips, path = harmed
    plan = PLAIN.model_copy(update={"steps": 100})
    with closing(minibatches(clips, plan, SPEC, _epochs(clips, plan))) as found:
        next(found)
        path.write_bytes(path.read_bytes()[:1000])
        with pytest.raises(DataSetError, match=r"5\.npy is damaged: delete it$"):
            list(found)


def test_a_file_that_vanishes_while_it_is_learned_from_is_one_sentence(
    harmed: tuple[list[Clip], Path],
) -> None:
    clips, path = harmed
    plan = PLAIN.model_copy(update={"steps": 100})
    with closing(minibatches(clips, plan, SPEC, _epochs(clips, plan))) as found:
        next(found)
        path.unlink()
        with pytest.raises(DataSetError, match=r"5\.npy cannot be read: No such file"):
            list(found)


def test_a_disk_that_hangs_is_one_sentence(
    harmed: tuple[list[Clip], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    clips, path = harmed
    monkeypatch.setattr("inference.train.minibatch._LONGEST_WAIT_S", 0.2)
    path.unlink()
    os.mkfifo(path)  # to open it waits for somebody who writes
    with closing(minibatches(clips, PLAIN, SPEC, _epochs(clips, PLAIN))) as found:
        with pytest.raises(TrainingError, match=r"gave no minibatch for 0 s$"):
            list(found)
        assert _loaders()
    writer = os.open(path, os.O_RDWR)
    _wait_for_no_loaders()
    os.close(writer)


def test_few_minibatches_wait_and_closing_ends_the_threads(clips: list[Clip]) -> None:
    plan = PLAIN.model_copy(update={"steps": 1000})
    found = minibatches(clips, plan, SPEC, _epochs(clips, plan))
    assert not _loaders()
    next(found)
    assert len(_loaders()) == 2
    found.close()
    assert not _loaders()
