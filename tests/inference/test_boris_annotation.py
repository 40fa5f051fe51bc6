"""What an observation says is put on the frames that were shown then."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.dataset.boris_block import block_text
from inference.dataset.boris_data_set import read_boris
from inference.dataset.boris_observation import Event, Media, Observation, Status
from inference.dataset.bout_table import bouts_of
from inference.dataset.frame_time import even_times
from inference.dataset.source import Annotation
from inference.error import DataSetError
from inference.ethogram import BEHAVIORS
from tests.inference.boris_files import AGGREGATED, block
from tests.video_factory import moving_square, write_video

BOUT: Final = ("0.2 m1 eat START", "1.0 m1 eat STOP")
FRAMES: Final = 60
PICTURES: Final = moving_square(FRAMES, width=32, height=32)


def _annotation(folder: Path, text: str) -> Annotation:
    (folder / "export.csv").write_bytes(text.encode())
    (clip,) = read_boris(folder).clips
    return clip.annotation


def test_labels_behind_a_gap_are_where_they_were_seen(tmp_path: Path) -> None:
    # Ten frames, a second without, ten more: walk begins with the third of those.
    times_ms = [*range(0, 400, 40), *range(1400, 1800, 40)]
    write_video(tmp_path / "a.mkv", PICTURES[:20], times_ms=times_ms)
    text = block("0 m rest START", "1.48 m rest STOP", "1.48 m walk START", "1.8 m walk STOP")
    annotation = _annotation(tmp_path, text.replace(",10.0,", ",25.0,"))
    assert annotation.read(20).tolist() == [6] * 12 + [7] * 8


def test_a_rate_that_is_nearly_right_moves_no_label(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mkv", PICTURES, times_ms=[k * 101 for k in range(FRAMES)])
    text = block("0 m rest START", "5.555 m rest STOP", "5.555 m walk START", "6.06 m walk STOP")
    annotation = _annotation(tmp_path, text.replace(",2.000,", ",6.060,"))
    assert annotation.read(FRAMES).tolist() == [6] * 55 + [7] * 5


@pytest.mark.parametrize(
    ("rate", "frames", "expected"),
    [
        (10, 60, ": observation `obs` is of a video of 2 s, a.mkv is of 6.000 s"),
        (25, 60, ": observation `obs` is of a video of 10 frames a second, a.mkv has 25"),
        (10, 12, ": line 19: `eat` stops at 9 s, its video ends at 1.200 s"),
    ],
)
def test_an_observation_of_another_video_is_refused(
    tmp_path: Path, rate: int, frames: int, expected: str
) -> None:
    write_video(tmp_path / "a.mkv", PICTURES[:frames], rate=rate)
    annotation = _annotation(tmp_path, block(BOUT[0], "9.0 m1 eat STOP"))
    with pytest.raises(DataSetError) as caught:
        annotation.read(frames)
    assert str(caught.value) == f"{tmp_path / 'export.csv'}{expected}"


def test_a_bout_that_begins_behind_the_end_is_refused(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mkv", PICTURES[:20], rate=10)
    annotation = _annotation(tmp_path, block(*BOUT, "8 m1 rest START", "9 m1 rest STOP"))
    with pytest.raises(DataSetError, match=r"line 21: `rest` stops at 9 s, its video ends at 2\."):
        annotation.read(20)


@pytest.mark.parametrize("column", ["FPS", "FPS (frame/s)"])
def test_the_stated_rate_counts_whatever_its_column_is_called(tmp_path: Path, column: str) -> None:
    write_video(tmp_path / "a.mkv", PICTURES[:50], rate=25)
    for text in (AGGREGATED, block(*BOUT)):
        with pytest.raises(DataSetError, match=r"of 10 frames a second, a\.mkv has 25$"):
            _annotation(tmp_path, text.replace("FPS", column)).read(50)


def test_without_length_the_rate_still_tells_another_video(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mkv", PICTURES, rate=50)
    observation: dict[str, Any] = {
        "file": {"1": ["a.mkv"]},
        "events": [[0, "m", "rest", "", ""], [1, "m", "rest", "", ""]],
        "media_info": {"length": {}, "fps": {"a.mkv": 25}},
    }
    ethogram = {"0": {"type": "State event", "code": "rest"}}
    project = {"behaviors_conf": ethogram, "observations": {"o": observation}}
    (tmp_path / "p.boris").write_text(json.dumps(project))
    (clip,) = read_boris(tmp_path).clips
    with pytest.raises(DataSetError, match=r"of 25 frames a second, a\.mkv has 50$"):
        clip.annotation.read(FRAMES)
    observation["media_info"] = {}
    (tmp_path / "p.boris").write_text(json.dumps(project))
    (clip,) = read_boris(tmp_path).clips
    assert clip.annotation.read(FRAMES).tolist() == [6] * 50 + [8] * 10


@pytest.fixture(scope="module", params=[25, 30])
def coded(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder `RATE` with a video of so many frames a second."""
    folder = tmp_path_factory.mktemp("coded") / str(request.param)
    folder.mkdir()
    write_video(folder / "a.mkv", PICTURES, rate=request.param)
    return folder


@settings(deadline=None, max_examples=40)
@given(codes=st.lists(st.integers(0, 8), min_size=FRAMES, max_size=FRAMES))
def test_codes_become_a_table_of_boris_and_the_same_codes_again(
    codes: list[int], coded: Path
) -> None:
    times = even_times(FRAMES, int(coded.name))
    events = [
        Event(time_s, "m", bout.name, status, "")
        for bout in bouts_of(np.array(codes, np.int64), times, BEHAVIORS)
        for time_s, status in ((bout.start_s, Status.START), (bout.stop_s, Status.STOP))
    ]
    media = Media("1", "a.mkv", times.end_s, times.frames_per_second)
    text = block_text(Observation(coded, "obs", (media,), tuple(events)))
    assert _annotation(coded, text).read(FRAMES).tolist() == codes
