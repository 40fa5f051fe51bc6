"""Prediction files: whole, exact, and one sentence for everything else."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.error import EvaluationError
from inference.ethogram import BEHAVIORS
from inference.evaluate.prediction import ClipPrediction, stacks_of_frames
from inference.evaluate.prediction_file import (
    PredictionsAbout,
    read_predictions,
    write_predictions,
)

ABOUT = PredictionsAbout(
    model="ethocnn@0123",
    protocol="leave-one-animal-out",
    fold="07",
    created=datetime(2026, 11, 22, 12, tzinfo=UTC),
    software="0.1.0",
)


def _clip(name: str = "07_a", frames: int = 25, seed: int = 0) -> ClipPrediction:
    generator = np.random.default_rng(seed)
    return ClipPrediction(
        clip=name,
        animal="07",
        strain="C57BL/6",
        recording="07_r",
        truth=generator.integers(0, 9, frames),
        probabilities=generator.dirichlet(np.ones(8), (frames + 10) // 11),
        stack_of_frame=stacks_of_frames(frames, 11),
    )


def _write(path: Path, **changes: object) -> Path:
    """Write a valid file by hand, with other members or none (None)."""
    clip = _clip()
    members: dict[str, object] = {
        "header": {
            "schema": "ethoprofiler.predictions/1",
            "about": json.loads(ABOUT.model_dump_json()),
            "behaviors": list(BEHAVIORS),
            "clips": [
                {
                    "clip": "07_a",
                    "animal": "07",
                    "strain": "",
                    "recording": "r",
                    "frames": 25,
                    "stacks": 3,
                }
            ],
        },
        "truth": clip.truth.astype(np.uint8),
        "probabilities": clip.probabilities,
        "stack_of_frame": clip.stack_of_frame.astype(np.int32),
    }
    header = members["header"]
    assert isinstance(header, dict)
    header_changes = changes.pop("header", {})
    assert isinstance(header_changes, dict)
    header |= header_changes
    members |= changes
    members["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    with path.open("wb") as file:
        np.savez(file, **{name: each for name, each in members.items() if each is not None})  # type: ignore[arg-type]
    return path


def test_predictions_come_back_to_the_bit(tmp_path: Path) -> None:
    clips = [_clip("07_a", 25, 1), _clip("07_b", 3, 2), _clip("08_a", 110, 3)]
    write_predictions(tmp_path / "p.npz", clips, ABOUT)
    found = read_predictions(tmp_path / "p.npz")
    assert found.about == ABOUT
    assert len(found.predictions) == 3
    for clip, back in zip(clips, found.predictions, strict=True):
        assert (back.clip, back.animal, back.strain, back.recording) == (
            clip.clip,
            "07",
            "C57BL/6",
            "07_r",
        )
        np.testing.assert_array_equal(back.truth, clip.truth, strict=True)
        np.testing.assert_array_equal(back.probabilities, clip.probabilities, strict=True)
        np.testing.assert_array_equal(back.stack_of_frame, clip.stack_of_frame, strict=True)


def test_the_same_predictions_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        write_predictions(tmp_path / name, [_clip()], ABOUT)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]


def test_a_file_written_as_the_format_says_is_read(tmp_path: Path) -> None:
    found = read_predictions(_write(tmp_path / "p.npz"))
    assert [clip.clip for clip in found.predictions] == ["07_a"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"header": {"schema": "ethoprofiler.predictions/9"}}, "schema"),
        ({"header": {"clips": []}}, "clips"),
        ({"header": {"behaviors": ["sleep"]}}, "its behaviors are sleep"),
        ({"header": {"color": "red"}}, "color"),
        ({"truth": None}, "is no whole prediction file: it has no truth$"),
        ({"truth": np.full(25, 9, np.uint8)}, "clip 07_a has a code that is not 0..8"),
        ({"truth": np.zeros(24, np.uint8)}, "its header counts 25 frames"),
        ({"probabilities": np.full((3, 8), 0.2)}, "no probabilities"),
        ({"probabilities": np.full((3, 8), np.nan)}, "no probabilities"),
        ({"probabilities": np.full((2, 8), 0.125)}, "its header counts 3 stacks"),
        ({"stack_of_frame": np.full(25, 3, np.int32)}, "stacks that are not there"),
        ({"stack_of_frame": np.arange(25, dtype=np.int32)[::-1] // 11}, "not in order"),
        ({"truth": np.array([object()])}, "is no whole prediction file: it is damaged$"),
        ({"probabilities": np.full((3, 8), "x")}, "is no whole prediction file: it is damaged$"),
    ],
)
def test_what_contradicts_itself_is_one_sentence(
    tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    path = _write(tmp_path / "p.npz", **changes)
    with pytest.raises(EvaluationError, match=sentence) as refused:
        read_predictions(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_file_an_array_and_a_text_are_one_sentence(tmp_path: Path) -> None:
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "text.npz").write_text("predictions")
    (tmp_path / "empty.npz").write_bytes(b"")
    write_predictions(tmp_path / "cut.npz", [_clip()], ABOUT)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "cut.npz").read_bytes()[:-30])
    for name in ("array.npy", "text.npz", "empty.npz", "cut.npz"):
        with pytest.raises(EvaluationError, match=r"file: it is no zip archive, or a part of one$"):
            read_predictions(tmp_path / name)
    for name in ("missing.npz", "."):
        with pytest.raises(EvaluationError, match="cannot be read"):
            read_predictions(tmp_path / name)


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 1500), byte=st.integers(0, 255), is_cut=st.booleans())
def test_a_damaged_file_is_refused_or_says_the_same(
    tmp_path_factory: pytest.TempPathFactory, cut: int, byte: int, is_cut: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    write_predictions(path, [_clip()], ABOUT)
    whole = path.read_bytes()
    cut = min(cut, len(whole) - 1)
    path.write_bytes(whole[:cut] if is_cut else whole[:cut] + bytes([byte]) + whole[cut + 1 :])
    try:
        found = read_predictions(path)
    except EvaluationError:
        return
    np.testing.assert_array_equal(found.predictions[0].probabilities, _clip().probabilities)
    np.testing.assert_array_equal(found.predictions[0].truth, _clip().truth)


def test_what_cannot_be_judged_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "p.npz"
    with pytest.raises(EvaluationError, match="no prediction to write"):
        write_predictions(path, [], ABOUT)
    with pytest.raises(EvaluationError, match="clip 07_a is there twice"):
        write_predictions(path, [_clip(), _clip()], ABOUT)
    bad = replace(_clip(), probabilities=np.full((3, 8), 0.5))
    with pytest.raises(EvaluationError, match="clip 07_a has probabilities"):
        write_predictions(path, [bad], ABOUT)
    assert not any(tmp_path.iterdir())
