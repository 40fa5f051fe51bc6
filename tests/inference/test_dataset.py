"""Annotated clips are read as published, or refused in a sentence."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.error import TrainingError
from inference.label_file import write_annotation
from inference.preprocessing import Preprocessing, Preprocessor
from inference.train.clip import Clip, find_clips, load_clip
from inference.train.dataset import load_clips, split_by_mouse
from inference.video import open_video
from tests.video_factory import moving_square, write_video

SPEC = Preprocessing()
FRAMES = 60
CODES = [*([1] * 30), *([6] * 30)]


def _write_video(path: Path, rate: int = 25) -> None:
    write_video(path, moving_square(FRAMES), rate=rate, options={"preset": "ultrafast"})


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "07_20180418_1200_s45000_n60.mkv"
    _write_video(path)
    return path


def _annotate(video: Path, codes: list[int], ending: str = "_map.csv") -> None:
    write_annotation(video.with_name(video.stem + ending), codes)


def test_a_clip_is_the_bands_of_its_frames_with_their_codes(video: Path, tmp_path: Path) -> None:
    _annotate(video, CODES)
    clip = load_clip(video, tmp_path / "cache", SPEC)
    preprocessor = Preprocessor(SPEC)
    with open_video(video) as opened:
        expected = [
            preprocessor.band(frame.picture.luma, full_range=frame.picture.full_range)
            for frame in opened.frames()
            if frame.picture is not None
        ]
    assert clip.mouse == "07"
    assert clip.codes.tolist() == CODES
    np.testing.assert_array_equal(clip.bands, expected)


def test_a_clip_is_decoded_once_and_again_when_it_changes(video: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    _annotate(video, CODES)
    load_clip(video, cache, SPEC)
    (kept,) = cache.iterdir()
    written_ns = kept.stat().st_mtime_ns
    load_clip(video, cache, SPEC)
    assert [path.stat().st_mtime_ns for path in cache.iterdir()] == [written_ns]
    _write_video(video)
    load_clip(video, cache, SPEC)
    load_clip(video, cache, SPEC.model_copy(update={"contrast_low": 20}))
    assert len(list(cache.iterdir())) == 3


@pytest.mark.parametrize("content", [b"", b"hello", b"\x93NUMPY\x01\x00"])
def test_a_damaged_cache_is_one_sentence(content: bytes, video: Path, tmp_path: Path) -> None:
    _annotate(video, CODES)
    load_clip(video, tmp_path / "cache", SPEC)
    (kept,) = (tmp_path / "cache").iterdir()
    kept.write_bytes(content)
    with pytest.raises(TrainingError, match=r"\.npy is damaged: delete it$"):
        load_clip(video, tmp_path / "cache", SPEC)


def test_the_reviewed_annotation_is_preferred(video: Path, tmp_path: Path) -> None:
    _annotate(video, CODES)
    _annotate(video, [2] * FRAMES, "_map_new.csv")
    assert load_clip(video, tmp_path / "cache", SPEC).codes.tolist() == [2] * FRAMES


def test_a_folder_without_clips_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "holiday.mkv").touch()
    with pytest.raises(TrainingError, match="holds no clip named like"):
        find_clips(tmp_path)
    with pytest.raises(TrainingError, match="is not a folder"):
        find_clips(tmp_path / "none")


def test_a_missing_annotation_is_named(video: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"has no annotation .*_n60_map\.csv$"):
        load_clip(video, tmp_path / "cache", SPEC)


@pytest.mark.parametrize("labels", [FRAMES - 1, FRAMES + 1])
def test_an_annotation_of_another_length_is_refused_and_nothing_is_kept(
    labels: int, video: Path, tmp_path: Path
) -> None:
    _annotate(video, [3] * labels)
    with pytest.raises(TrainingError, match=rf"has 60 frames, its annotation {labels}$"):
        load_clip(video, tmp_path / "cache", SPEC)
    assert not list((tmp_path / "cache").iterdir())


def test_an_unknown_code_is_refused_with_its_line(video: Path, tmp_path: Path) -> None:
    _annotate(video, [*CODES[:-1], 9])
    with pytest.raises(TrainingError, match="line 62: `9` is not a code"):
        load_clip(video, tmp_path / "cache", SPEC)


def test_a_file_that_is_no_video_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "07_20180418_1200_s0_n1.avi"
    path.write_text("hello")
    _annotate(path, [1])
    with pytest.raises(TrainingError, match=r"_n1\.avi"):
        load_clip(path, tmp_path / "cache", SPEC)


def test_another_frame_rate_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "07_20180418_1200_s0_n60.mkv"
    _write_video(path, rate=30)
    _annotate(path, CODES)
    with pytest.raises(TrainingError, match="training needs 25 frames a second"):
        load_clip(path, tmp_path / "cache", SPEC)


def test_clips_come_in_the_order_of_their_names(video: Path, tmp_path: Path) -> None:
    other = video.with_name("01_20180418_1200_s0_n60.mkv")
    other.write_bytes(video.read_bytes())
    for path in (video, other):
        _annotate(path, CODES)
    told: list[tuple[int, int]] = []
    clips = load_clips(tmp_path, tmp_path / "cache", SPEC, lambda *state: told.append(state))
    assert [clip.mouse for clip in clips] == ["01", "07"]
    assert told == [(1, 2), (2, 2)]


@pytest.fixture
def clips() -> list[Clip]:
    clip = Clip(Path("clip"), "", np.zeros((1, 128, 256), np.uint8), np.zeros(1, np.int64))
    return [replace(clip, mouse=f"{mouse:02d}") for mouse in range(1, 11) for _ in range(2)]


@pytest.mark.parametrize(("chosen", "left_out"), [((), {"05", "10"}), (("03",), {"03"})])
def test_no_mouse_is_on_both_sides(
    chosen: tuple[str, ...], left_out: set[str], clips: list[Clip]
) -> None:
    split = split_by_mouse(clips, chosen)
    assert {clip.mouse for clip in split.held_out} == left_out
    assert {clip.mouse for clip in split.training}.isdisjoint(left_out)
    assert len(split.training) + len(split.held_out) == 20


def test_a_split_that_cannot_be_made_is_one_sentence(clips: list[Clip]) -> None:
    with pytest.raises(TrainingError, match="mouse 11 is not in the data set"):
        split_by_mouse(clips, ["11"])
    with pytest.raises(TrainingError, match="no mouse is left to train on"):
        split_by_mouse(clips[:2])
