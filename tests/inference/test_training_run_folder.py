"""A run folder belongs to one training; everything else is refused in a sentence."""

import shutil
from pathlib import Path

import pytest

from inference.error import FolderInUse, TrainingError
from inference.train.clip_list import list_clips
from inference.train.plan import changed, plan_of
from inference.train.run_folder import open_run, stored_plan
from tests.inference.tiny_training import PLAN, SPEC, is_same, kept, tiny_split, train_here

SHORT = changed(PLAN, {"epochs": 2, "steps": 1})


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a training; it must not be changed."""
    folder = tmp_path_factory.mktemp("finished")
    train_here(folder, SHORT)
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "copy"))


def test_another_plan_is_refused_with_what_differs(folder: Path) -> None:
    with pytest.raises(TrainingError) as caught:
        train_here(folder, changed(SHORT, {"rate": 0.01, "seed": 4}))
    assert str(caught.value) == (
        f"{folder}/run holds another training: seed is 4 here, 0 in plan.json; "
        "rate is 0.01 here, 0.002 in plan.json"
    )


def test_another_annotation_is_refused_with_its_clip(folder: Path) -> None:
    listed = folder / "run" / "clips.json"
    text = listed.read_text()
    listed.write_text(text.replace('"bytes": ', '"bytes": 1', 1))
    with pytest.raises(TrainingError, match=r"the annotation of clip 01_.* is another one"):
        train_here(folder, SHORT)


def test_another_video_of_the_same_size_is_refused(folder: Path) -> None:
    video = folder / "clips" / "03_20180418_1200_s0_n176.mkv"
    video.write_bytes(bytes([1]) * video.stat().st_size)
    with pytest.raises(TrainingError, match=r"the content of the video of clip 03_.* is another"):
        train_here(folder, SHORT)


def test_a_refused_training_leaves_its_folder_to_another_plan(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="the plan needs the teacher with SHA-256 abc"):
        train_here(tmp_path, changed(SHORT, {"distillation": {"teacher": "abc"}}))
    assert stored_plan(tmp_path / "run") is None


def test_another_plan_may_begin_where_nothing_was_learned(tmp_path: Path) -> None:
    clips = list_clips(tiny_split(tmp_path / "clips"), SPEC)
    other = changed(SHORT, {"seed": 4})
    for plan in (SHORT, other):
        with open_run(tmp_path / "run", plan, clips, writes=True) as run:
            run.claim()
    assert stored_plan(tmp_path / "run") == other


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    clips = list_clips(tiny_split(tmp_path / "clips"), SPEC)
    with (
        open_run(tmp_path / "run", SHORT, clips, writes=True),
        pytest.raises(FolderInUse, match=r"run: another process is training there$"),
        open_run(tmp_path / "run", SHORT, clips, writes=True),
    ):
        pass


def test_a_lost_state_names_the_epoch_to_go_on_from(folder: Path) -> None:
    state, epoch = folder / "run" / "state.pt", folder / "run" / "epochs" / "002.pt"
    state.unlink()
    with pytest.raises(TrainingError) as caught:
        train_here(folder, SHORT)
    assert str(caught.value) == (
        f"{state} is gone; to go on after epoch 2, copy {epoch} to {state}"
    )


def test_a_damaged_state_names_the_epoch_to_go_on_from(folder: Path) -> None:
    state = folder / "run" / "state.pt"
    content = bytearray(state.read_bytes())
    content[len(content) // 2] ^= 1
    state.write_bytes(content)
    with pytest.raises(TrainingError) as caught:
        train_here(folder, SHORT)
    epoch = folder / "run" / "epochs" / "002.pt"
    assert str(caught.value) == (
        f"{state} is damaged; to go on after epoch 2, copy {epoch} to {state}"
    )


def test_a_training_goes_on_from_an_epochs_file_to_the_same_bits(folder: Path) -> None:
    run = folder / "run"
    before = kept(run)
    shutil.copy(run / "epochs" / "001.pt", run / "state.pt")
    (run / "epochs" / "002.pt").unlink()
    assert not train_here(folder, SHORT).was_finished
    assert is_same(kept(run), before)


@pytest.mark.parametrize("content", [b"", b"nonsense" * 100])
def test_a_state_that_is_none_is_one_sentence(content: bytes, folder: Path) -> None:
    (folder / "run" / "state.pt").write_bytes(content)
    with pytest.raises(TrainingError, match=r"state\.pt is damaged; to go on after epoch 2"):
        train_here(folder, SHORT)


def test_a_state_of_another_network_is_refused(folder: Path) -> None:
    (folder / "run" / "plan.json").unlink()
    with pytest.raises(TrainingError, match=r"state\.pt is of another training: network is"):
        train_here(folder, changed(plan_of("paper", "ethocnn"), {"threads": 1}))


def test_a_file_that_cannot_be_written_leaves_the_state_before(folder: Path) -> None:
    run = folder / "run"
    shutil.copy(run / "epochs" / "001.pt", run / "state.pt")
    before = (run / "state.pt").read_bytes()
    (run / "epochs" / "002.pt").unlink()
    (run / "state.pt.part").mkdir()
    with pytest.raises(TrainingError, match=r"state\.pt cannot be written: "):
        train_here(folder, SHORT)
    assert (run / "state.pt").read_bytes() == before


def test_a_plan_that_contradicts_itself_is_one_sentence() -> None:
    with pytest.raises(
        TrainingError, match=r"^a minibatch of 8 stacks cannot be cut into 3 shards"
    ):
        changed(PLAN, {"shards": 3})
    with pytest.raises(TrainingError, match=r"^epochs: Input should be greater than 0"):
        changed(PLAN, {"epochs": 0})
    with pytest.raises(TrainingError, match=r"^a minibatch of 20 stacks cannot hold equally many"):
        changed(PLAN, {"minibatch": 20})
    with pytest.raises(TrainingError, match=r"^the sampling `even` needs a number of minibatches"):
        changed(PLAN, {"steps": None})
    with pytest.raises(TrainingError, match=r"the sampling `paper` needs 15$"):
        changed(plan_of("paper", "ethocnn"), {"minibatch": 14})
    assert changed(plan_of("paper", "ethocnn"), {"minibatch": 15}).minibatch == 15


@pytest.mark.parametrize("rate", [float("inf"), float("nan"), 101.0, 0.0])
def test_a_rate_at_which_nothing_learns_is_one_sentence(rate: float) -> None:
    with pytest.raises(TrainingError, match=r"^rate: Input should be "):
        changed(PLAN, {"rate": rate})


def test_clips_json_lists_both_sides(finished: Path) -> None:
    text = (finished / "run" / "clips.json").read_text()
    assert text.count('"clip": ') == 4
    codes = finished / "clips" / "01_20180418_1200_s0_n176_map.csv"
    assert f'"bytes": {codes.stat().st_size}' in text
