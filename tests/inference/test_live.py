"""Live labels: what is written beside a growing segment is what `classify` writes later."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Final

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from inference.classifier import Classifier
from inference.error import VideoError
from inference.judge import Judge
from inference.label_video import Stopped, label_video
from inference.live_label import LiveLabels, VideoGone
from inference.video import open_video
from tests.segment_writer import SegmentWriter, repair, write_segment
from tests.video_factory import moving_square

LIMIT_S: Final = 60.0
PACE_S: Final = 0.01
STEM: Final = "03_20261122_060000"


@pytest.fixture(scope="module")
def pictures() -> list[NDArray[np.uint8]]:
    return moving_square(130, width=96, height=96)


@pytest.fixture(scope="module")
def classifier(model_path: Path) -> Classifier:
    return Classifier(model_path, "cpu")


@pytest.fixture
def judge(classifier: Classifier) -> Iterator[Judge]:
    with Judge(classifier, 1) as judge:
        yield judge


def classified(video: Path, out: Path, classifier: Classifier) -> bytes:
    """Return the label file that `classify` writes for a finished video."""
    label_video(
        video,
        out,
        classifier,
        threads=1,
        resume=False,
        on_progress=lambda *_: None,
        stop=lambda: False,
    )
    return out.read_bytes()


def live_labels(
    video: Path, judge: Judge, give_up: Callable[[float], bool] = lambda still_s: still_s > LIMIT_S
) -> bytes:
    labels = video.with_suffix(".csv")
    with LiveLabels(video, labels, judge, crop=None, give_up=give_up) as live:
        for _ in live.rows():
            pass
        live.finish()
    return labels.read_bytes()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


def rows_in(path: Path) -> int:
    return path.read_bytes().count(b"\n") - 2 if path.exists() else 0


def test_labels_written_beside_a_growing_segment_are_those_of_the_finished_one(
    tmp_path: Path, judge: Judge, classifier: Classifier, pictures: list[NDArray[np.uint8]]
) -> None:
    video = tmp_path / f"{STEM}.mkv"
    written: list[bytes] = []
    with SegmentWriter(video) as writer:
        follower = Thread(target=lambda: written.append(live_labels(video, judge)))
        follower.start()
        for number, picture in enumerate(pictures):
            writer.write(picture, 40 * number)
            time.sleep(PACE_S)
        wait_until(lambda: rows_in(tmp_path / f"{STEM}.csv.part") == 121)  # whole stacks only
        writer.close()
    follower.join(LIMIT_S)
    assert written == [classified(video, tmp_path / "later.csv", classifier)]
    assert rows_in(video.with_suffix(".csv")) == 130
    assert len({line.split(b";")[3] for line in written[0].splitlines()[2:]}) > 5


@pytest.mark.parametrize("frames", [1, 7, 8, 11, 12, 50, 51, 52, 60])
def test_short_segments_end_alike(
    tmp_path: Path,
    judge: Judge,
    classifier: Classifier,
    pictures: list[NDArray[np.uint8]],
    frames: int,
) -> None:
    video = tmp_path / f"{STEM}.mkv"
    written: list[bytes] = []
    with SegmentWriter(video) as writer:
        follower = Thread(target=lambda: written.append(live_labels(video, judge)))
        follower.start()
        for number in range(frames):
            writer.write(pictures[number], 40 * number)
        writer.close()
    follower.join(LIMIT_S)
    assert written == [classified(video, tmp_path / "later.csv", classifier)]
    assert rows_in(video.with_suffix(".csv")) == frames


def test_a_follower_waits_for_a_file_that_has_nothing_yet_and_stops_at_once(
    tmp_path: Path, judge: Judge
) -> None:
    (tmp_path / f"{STEM}.mkv.part").touch()
    stopped_s: list[float] = []

    def give_up(still_s: float) -> bool:
        if still_s > 0.3:
            stopped_s.append(time.monotonic())
        return still_s > 0.3

    with pytest.raises(Stopped):
        live_labels(tmp_path / f"{STEM}.mkv", judge, give_up)
    assert time.monotonic() - stopped_s[0] < 0.5


def test_a_stop_leaves_whole_stacks_and_the_next_run_goes_on_behind_them(
    tmp_path: Path, judge: Judge, classifier: Classifier, pictures: list[NDArray[np.uint8]]
) -> None:
    video = tmp_path / f"{STEM}.mkv"
    with SegmentWriter(video) as writer:
        for number in range(80):
            writer.write(pictures[number], 40 * number)
        with pytest.raises(Stopped):
            live_labels(video, judge, lambda still_s: still_s > 0.1)
        left = (tmp_path / f"{STEM}.csv.part").read_bytes()
        assert left.count(b"\n") - 2 == 77  # a cluster is out when the next one begins: 79 frames
        for number in range(80, 100):
            writer.write(pictures[number], 40 * number)
        writer.close()
    written = live_labels(video, judge)
    assert written.startswith(left)
    assert written == classified(video, tmp_path / "later.csv", classifier)


def test_what_is_labelled_is_not_decoded_again_and_the_rest_is_labelled_alike(
    tmp_path: Path, judge: Judge, classifier: Classifier
) -> None:
    video = tmp_path / f"{STEM}.mkv"
    pictures = moving_square(100, width=64, height=64) * 6
    with SegmentWriter(video, 64, 64) as writer:
        for number in range(500):
            writer.write(pictures[number], 40 * number)
        with pytest.raises(Stopped):
            live_labels(video, judge, lambda still_s: still_s > 0.1)
        for number in range(500, 600):
            writer.write(pictures[number], 40 * number)
        writer.close()
    assert rows_in(tmp_path / f"{STEM}.csv.part") == 495
    assert live_labels(video, judge) == classified(video, tmp_path / "later.csv", classifier)
    with open_video(video) as near:
        frames = list(near.frames_near(40 * 295))
    assert [frame.time_ms for frame in frames] == list(range(40 * 250, 40 * 600, 40))
    assert all(frame.picture is not None for frame in frames)


def test_skipping_what_is_labelled_gives_a_sign_of_life_every_hundred_packets(
    tmp_path: Path, judge: Judge, classifier: Classifier
) -> None:
    pictures = moving_square(100, width=64, height=64) * 6
    video = write_segment(tmp_path / f"{STEM}.mkv", pictures)
    whole = classified(video, tmp_path / "later.csv", classifier)
    (tmp_path / f"{STEM}.csv.part").write_bytes(b"".join(whole.splitlines(keepends=True)[:597]))
    asked: list[float] = []

    def give_up(still_s: float) -> bool:
        asked.append(still_s)
        return False

    assert live_labels(video, judge, give_up) == whole
    assert len(asked) == 3 + 600  # on the way to frame 395, then once a frame


@pytest.mark.parametrize("rows", [251, 260, 299])
def test_rows_cut_in_the_middle_of_a_stack_are_made_good_from_the_pictures_before_them(
    tmp_path: Path, judge: Judge, classifier: Classifier, rows: int
) -> None:
    pictures = moving_square(100, width=64, height=64) * 3
    video = write_segment(tmp_path / f"{STEM}.mkv", pictures)  # a key frame at 250
    whole = classified(video, tmp_path / "later.csv", classifier)
    lines = whole.splitlines(keepends=True)
    (tmp_path / f"{STEM}.csv.part").write_bytes(b"".join(lines[: rows + 2]))
    assert live_labels(video, judge) == whole


FOLLOW: Final = """
import sys
from pathlib import Path
from inference.classifier import Classifier
from inference.judge import Judge
from inference.live_label import LiveLabels
video = Path(sys.argv[1])
with Judge(Classifier(Path(sys.argv[2]), "cpu"), 1) as judge:
    with LiveLabels(video, video.with_suffix(".csv"), judge, crop=None,
                    give_up=lambda still_s: still_s > 60) as live:
        for _ in live.rows():
            pass
        live.finish()
"""


def test_a_follower_killed_in_the_middle_ends_with_the_same_bytes(
    tmp_path: Path,
    judge: Judge,
    classifier: Classifier,
    model_path: Path,
    pictures: list[NDArray[np.uint8]],
) -> None:
    video = tmp_path / f"{STEM}.mkv"
    part = tmp_path / f"{STEM}.csv.part"
    follower = subprocess.Popen([sys.executable, "-c", FOLLOW, str(video), str(model_path)])
    with SegmentWriter(video) as writer:
        for number in range(90):
            writer.write(pictures[number], 40 * number)
        wait_until(lambda: rows_in(part) > 60)
        os.kill(follower.pid, signal.SIGKILL)
        follower.wait(LIMIT_S)
        with part.open("ab") as file:
            file.write(b"88;3")  # the kill may leave half a row
        for number in range(90, 130):
            writer.write(pictures[number], 40 * number)
        writer.close()
    assert live_labels(video, judge) == classified(video, tmp_path / "later.csv", classifier)


def kill_writer(video: Path, pictures: list[NDArray[np.uint8]], frames: int, torn: int) -> None:
    """Leave `.mkv.part` as a killed recorder does, its last frame torn by `torn` bytes and more."""
    whole = write_segment(video.with_name("whole.mkv"), pictures[:frames])
    with av.open(str(whole)) as container:
        places = [p.pos + p.size for p in container.demux(video=0) if p.size and p.pos]
    content = whole.read_bytes()[: places[-1]]
    video.with_name(video.name + ".part").write_bytes(content[: len(content) - torn])
    whole.unlink()


@pytest.mark.parametrize("torn", [0, 1, 40])
def test_a_leftover_that_is_repaired_meanwhile_is_read_again_and_its_rows_are_kept(
    tmp_path: Path,
    judge: Judge,
    classifier: Classifier,
    pictures: list[NDArray[np.uint8]],
    torn: int,
) -> None:
    video = tmp_path / f"{STEM}.mkv"
    kill_writer(video, pictures, 120, torn)
    written: list[bytes] = []
    follower = Thread(target=lambda: written.append(live_labels(video, judge)))
    follower.start()
    wait_until(lambda: rows_in(tmp_path / f"{STEM}.csv.part") == 110)  # 119 frames
    left = (tmp_path / f"{STEM}.csv.part").read_bytes()
    repair(video)
    follower.join(LIMIT_S)
    assert written == [classified(video, tmp_path / "later.csv", classifier)]
    assert written[0].startswith(left)
    with open_video(video) as repaired:
        frames = sum(1 for _ in repaired.frames())
    assert rows_in(video.with_suffix(".csv")) == frames == 119


def test_rows_of_frames_that_the_repaired_segment_lost_are_cut_and_its_end_judged_again(
    tmp_path: Path, judge: Judge, classifier: Classifier, pictures: list[NDArray[np.uint8]]
) -> None:
    video = tmp_path / f"{STEM}.mkv"
    write_segment(video, pictures)
    live_labels(video, judge)
    video.with_suffix(".csv").rename(tmp_path / f"{STEM}.csv.part")
    write_segment(video, pictures[:115])
    written = live_labels(video, judge)
    assert rows_in(video.with_suffix(".csv")) == 115
    assert written == classified(video, tmp_path / "later.csv", classifier)


def test_rows_of_another_model_are_not_kept(
    tmp_path: Path, judge: Judge, classifier: Classifier, pictures: list[NDArray[np.uint8]]
) -> None:
    video = write_segment(tmp_path / f"{STEM}.mkv", pictures[:30])
    fresh = live_labels(video, judge)
    video.with_suffix(".csv").unlink()
    other = fresh.replace(classifier.identity().encode(), b"other@0123456789ab")
    (tmp_path / f"{STEM}.csv.part").write_bytes(other.replace(b";6;", b";3;"))
    assert live_labels(video, judge) == fresh


def test_what_is_not_there_and_what_is_no_video_are_two_errors(
    tmp_path: Path, judge: Judge
) -> None:
    with pytest.raises(VideoGone, match="no such file"):
        live_labels(tmp_path / f"{STEM}.mkv", judge)
    (tmp_path / f"{STEM}.mkv").write_bytes(b"not a video " * 1000)
    with pytest.raises(VideoError, match="not a readable video"):
        live_labels(tmp_path / f"{STEM}.mkv", judge)
