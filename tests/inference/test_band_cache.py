"""Bands of annotated clips: decoded once, or refused in a sentence."""

import fcntl
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from inference.dataset.annotation import OneBehavior
from inference.dataset.band_cache import check_room, load_clip
from inference.dataset.band_file import open_bands, write_bands
from inference.dataset.published import read_published
from inference.dataset.source import ClipSource
from inference.error import DataSetError
from inference.label_file import write_annotation
from inference.preprocessing import Preprocessing, Preprocessor
from inference.train.dataset import load_clips
from inference.video import open_video
from tests.small_disk import small_disk
from tests.video_factory import moving_square, write_video

SPEC = Preprocessing()
FRAMES = 60
CODES = [*([1] * 30), *([6] * 30)]


def _source(video: Path) -> ClipSource:
    (found,) = (clip for clip in read_published(video.parent).clips if clip.video == video)
    return found


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a video of 60 frames, a key frame every ten."""
    path = tmp_path_factory.mktemp("video") / "clip.mkv"
    options = {"preset": "ultrafast", "g": "10", "bf": "0"}
    return write_video(path, moving_square(FRAMES), options=options).read_bytes()


@pytest.fixture
def video(filmed: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "07_20180418_1200_s45000_n60.mkv"
    path.write_bytes(filmed)
    return path


def _annotate(video: Path, codes: list[int], ending: str = "_map.csv") -> None:
    write_annotation(video.with_name(video.stem + ending), codes)


def test_a_clip_is_the_bands_of_its_frames_with_their_codes(video: Path, tmp_path: Path) -> None:
    _annotate(video, CODES)
    clip = load_clip(_source(video), tmp_path / "cache", SPEC)
    preprocessor = Preprocessor(SPEC)
    with open_video(video) as opened:
        expected = [
            preprocessor.band(frame.picture.luma, full_range=frame.picture.full_range)
            for frame in opened.frames()
            if frame.picture is not None
        ]
    assert clip.source.animal == "07"
    assert clip.codes.tolist() == CODES
    np.testing.assert_array_equal(clip.bands[:], expected)
    np.testing.assert_array_equal(clip.bands[17:28], expected[17:28])
    assert len(clip.bands) == FRAMES


def test_a_clip_is_decoded_once_and_again_when_it_changes(video: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    _annotate(video, CODES)
    load_clip(_source(video), cache, SPEC)
    (kept,) = cache.iterdir()
    written_ns = kept.stat().st_mtime_ns
    load_clip(_source(video), cache, SPEC)
    assert [path.stat().st_mtime_ns for path in cache.iterdir()] == [written_ns]
    video.write_bytes(video.read_bytes())
    load_clip(_source(video), cache, SPEC)
    load_clip(_source(video), cache, SPEC.model_copy(update={"contrast_low": 20}))
    assert len(list(cache.iterdir())) == 3


@pytest.mark.parametrize("is_first", [True, False])
def test_another_video_of_the_same_name_size_and_time_is_another_video(
    is_first: bool, video: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    _annotate(video, CODES)
    before = video.stat()
    load_clip(_source(video), cache, SPEC)
    content = bytearray(video.read_bytes())
    content[content.index(b"Lavf") if is_first else -1] ^= 1
    video.write_bytes(content)
    os.utime(video, ns=(before.st_atime_ns, before.st_mtime_ns))
    load_clip(_source(video), cache, SPEC)
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("name", ["v" * 243, "\N{GRINNING FACE}" * 60, "k\udce4fig"])
def test_a_clip_of_any_name_has_a_place_in_the_cache(
    name: str, video: Path, tmp_path: Path
) -> None:
    renamed = video.rename(video.with_name(f"{name}.mkv"))
    source = ClipSource(name, renamed, "a", "r", OneBehavior(renamed, 1), None)
    check_room([source], tmp_path / "cache", SPEC)
    assert len(load_clip(source, tmp_path / "cache", SPEC).bands) == FRAMES


def test_a_cache_that_cannot_be_is_one_sentence(video: Path, tmp_path: Path) -> None:
    _annotate(video, CODES)
    cache = tmp_path / ("c" * 300)  # fails as a folder without permission does, also for root
    with pytest.raises(DataSetError, match=r"ccc cannot be used: File name too long$"):
        load_clip(_source(video), cache, SPEC)
    for sources in ([_source(video)], []):
        with pytest.raises(DataSetError, match=r"ccc cannot be used: File name too long$"):
            check_room(sources, cache, SPEC)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x93NUMPY\x01\x00"])
def test_a_damaged_cache_is_one_sentence(content: bytes, video: Path, tmp_path: Path) -> None:
    _annotate(video, CODES)
    load_clip(_source(video), tmp_path / "cache", SPEC)
    (kept,) = (tmp_path / "cache").iterdir()
    kept.write_bytes(content)
    with pytest.raises(DataSetError, match=r"\.npy is damaged: delete it$"):
        load_clip(_source(video), tmp_path / "cache", SPEC)


def test_a_file_of_bands_is_opened_without_python_s_parser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bands.npy"
    with path.open("wb") as file:
        write_bands(file, [np.ones((4, 6), np.uint8), None, None], (4, 6))
    monkeypatch.setattr("ast.literal_eval", None)  # CPython issue 106905: not for two threads
    bands, undecodable = open_bands(path, (4, 6))
    np.testing.assert_array_equal(bands[:], np.ones((3, 4, 6)))
    assert undecodable.tolist() == [1, 2]


@pytest.mark.parametrize("labels", [FRAMES - 1, FRAMES + 1])
def test_an_annotation_of_another_length_is_refused(
    labels: int, video: Path, tmp_path: Path
) -> None:
    _annotate(video, [3] * labels)
    with pytest.raises(DataSetError, match=rf"has {labels} rows, its video 60 frames$"):
        load_clip(_source(video), tmp_path / "cache", SPEC)


def test_an_unknown_code_is_refused_with_its_line(video: Path, tmp_path: Path) -> None:
    _annotate(video, [*CODES[:-1], 9])
    with pytest.raises(DataSetError, match="line 62: `9` is not a code"):
        load_clip(_source(video), tmp_path / "cache", SPEC)


def test_a_file_that_is_no_video_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "07_20180418_1200_s0_n1.avi"
    path.write_text("hello")
    _annotate(path, [1])
    with pytest.raises(DataSetError, match=r"_n1\.avi"):
        load_clip(_source(path), tmp_path / "cache", SPEC)


def test_another_frame_rate_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "07_20180418_1200_s0_n60.mkv"
    write_video(path, moving_square(FRAMES, width=64, height=64), rate=30)
    _annotate(path, CODES)
    with pytest.raises(DataSetError, match="training needs 25 frames a second"):
        load_clip(_source(path), tmp_path / "cache", SPEC)


def test_clips_come_in_the_order_of_their_names(video: Path, tmp_path: Path) -> None:
    other = video.with_name("01_20180418_1200_s0_n60.mkv")
    other.write_bytes(video.read_bytes())
    for path in (video, other):
        _annotate(path, CODES)
    told: list[tuple[int, int]] = []
    clips = load_clips(
        read_published(tmp_path).clips, tmp_path / "cache", SPEC, lambda *state: told.append(state)
    )
    assert [clip.source.animal for clip in clips] == ["01", "07"]
    assert told == [(1, 2), (2, 2)]


def test_an_undecodable_frame_is_none_in_what_is_learned_and_judged(
    video: Path, tmp_path: Path
) -> None:
    _annotate(video, CODES)
    _annotate(video, [2] * FRAMES, "_map_new_v2.csv")
    whole = load_clip(_source(video), tmp_path / "cache", SPEC)
    with av.open(str(video)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        position, size = packets[40].pos, packets[40].size
    content = bytearray(video.read_bytes())
    assert position is not None
    content[position : position + size + 8] = b"\xff" * (size + 8)
    video.write_bytes(content)
    clip = load_clip(_source(video), tmp_path / "cache", SPEC)
    assert clip.truth is not None
    lost = np.flatnonzero(clip.codes == 8)
    assert 40 in lost
    assert lost.min() >= 40
    assert lost.max() < 50  # the next key frame
    assert np.flatnonzero(clip.truth == 8).tolist() == lost.tolist()
    assert set(np.delete(clip.codes, lost)) == {2}
    np.testing.assert_array_equal(clip.bands[40:41], whole.bands[39:40])


def test_frames_without_a_picture_show_the_one_before_or_the_first(tmp_path: Path) -> None:
    levels = [None, None, 7, 8, None, 9]
    path = tmp_path / "bands.npy"
    with path.open("wb") as file:
        bands = (None if level is None else np.full((2, 3), level, np.uint8) for level in levels)
        assert write_bands(file, bands, (2, 3)) == (6, 3)
    found, undecodable = open_bands(path, (2, 3))
    assert found[:][:, 1, 2].tolist() == [7, 7, 7, 8, 8, 9]
    assert undecodable.tolist() == [0, 1, 4]


def test_a_short_clip_of_another_frame_rate_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "07_20180418_1200_s0_n20.mkv"
    write_video(path, moving_square(20, width=64, height=64), rate=30)
    _annotate(path, [1] * 20)
    with pytest.raises(DataSetError, match=r"a frame every 33\.3 ms; training needs 25"):
        load_clip(_source(path), tmp_path / "cache", SPEC)
    assert load_clip(
        _source(path), tmp_path / "cache", SPEC.model_copy(update={"frames_per_second": 30})
    ).bands.shape == (20, 128, 256)


def test_what_a_killed_process_has_left_is_overwritten(video: Path, tmp_path: Path) -> None:
    _annotate(video, CODES)
    whole = load_clip(_source(video), tmp_path / "cache", SPEC)
    (kept,) = (tmp_path / "cache").iterdir()
    expected = kept.read_bytes()
    kept.unlink()
    part = kept.with_name(kept.name + ".part")
    part.write_bytes(b"left behind" * 1_000_000)
    again = load_clip(_source(video), tmp_path / "cache", SPEC)
    assert kept.read_bytes() == expected
    assert not part.exists()
    np.testing.assert_array_equal(again.bands[:], whole.bands[:])


def test_a_clip_that_others_decode_is_waited_for(video: Path, tmp_path: Path) -> None:
    _annotate(video, CODES)
    load_clip(_source(video), tmp_path / "cache", SPEC)
    (kept,) = (tmp_path / "cache").iterdir()
    content = kept.read_bytes()
    kept.unlink()
    part = kept.with_name(kept.name + ".part")
    with part.open("wb") as other, ThreadPoolExecutor(1) as pool:
        fcntl.flock(other, fcntl.LOCK_EX)
        waiting = pool.submit(load_clip, _source(video), tmp_path / "cache", SPEC)
        other.write(content)
        other.flush()
        with pytest.raises(TimeoutError):
            waiting.result(0.3)
        part.rename(kept)
        state = kept.stat()
        assert len(waiting.result(10).bands) == FRAMES
    assert os.path.samestat(kept.stat(), state)
    assert not part.exists()


def test_a_process_that_holds_a_clip_and_does_nothing_is_one_sentence(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _annotate(video, CODES)
    load_clip(_source(video), tmp_path / "cache", SPEC)
    (kept,) = (tmp_path / "cache").iterdir()
    part = kept.rename(kept.with_name(kept.name + ".part"))
    monkeypatch.setattr("inference.dataset.band_cache._STALLED_S", 0.3)
    with part.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DataSetError, match="another process that has written nothing"):
            load_clip(_source(video), tmp_path / "cache", SPEC)
    assert part.exists()


def test_processes_may_ask_for_the_same_clips_at_once(video: Path, tmp_path: Path) -> None:
    _annotate(video, CODES)
    program = (
        "import sys; from pathlib import Path; "
        "from inference.dataset.band_cache import load_clip; "
        "from inference.dataset.opening import open_data_set; "
        "from inference.preprocessing import Preprocessing; "
        "source, = open_data_set(Path(sys.argv[1])).clips; sys.stdin.read(1); "
        "clip = load_clip(source, Path(sys.argv[2]), Preprocessing()); "
        "print(int(clip.bands[:].sum(dtype='int64')))"
    )
    cache = tmp_path / "cache"
    command = [sys.executable, "-c", program, str(tmp_path), str(cache)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    found = {process.communicate("\n", timeout=60)[0] for process in processes}
    assert [process.returncode for process in processes] == [0, 0]
    assert len(found) == 1
    assert len(list(cache.iterdir())) == 1


def test_a_full_disk_is_one_sentence_and_leaves_nothing(video: Path, tmp_path: Path) -> None:
    _annotate(video, CODES)
    sources = [replace(_source(video), stated_frames=n, name=str(n)) for n in (4000, 3500)]
    with small_disk(tmp_path / "disk", "1m") as disk:
        with pytest.raises(DataSetError, match=r"\.npy cannot be written: No space left"):
            load_clip(_source(video), disk / "cache", SPEC)
        assert not list((disk / "cache").iterdir())
        with pytest.raises(
            DataSetError, match=r"cache has 1\.0 MB free, 2 decoded clips take 245\.8 MB$"
        ):
            check_room(sources, disk / "cache", SPEC)


def test_clips_that_are_decoded_need_no_room(video: Path, tmp_path: Path) -> None:
    _annotate(video, CODES)
    with small_disk(tmp_path / "disk", "3m") as disk:
        load_clip(_source(video), disk / "cache", SPEC)
        check_room([_source(video)] * 3, disk / "cache", SPEC)
        with pytest.raises(DataSetError, match="1 decoded clips take"):
            check_room(
                [_source(video)], disk / "cache", SPEC.model_copy(update={"contrast_low": 9})
            )


def test_a_clip_holds_no_file_open_and_is_small_to_send(video: Path, tmp_path: Path) -> None:
    _annotate(video, CODES)
    before = set(Path("/proc/self/fd").iterdir())
    clip = load_clip(_source(video), tmp_path / "cache", SPEC)
    assert set(Path("/proc/self/fd").iterdir()) == before
    sent = pickle.dumps(clip)
    assert len(sent) < 5000
    np.testing.assert_array_equal(pickle.loads(sent).bands[7:9], clip.bands[7:9])
