"""An inspection tells what is wrong with a data set as a whole: behaviors, animals, rates, room."""

import os
import shutil
from pathlib import Path

import av
import pytest

from inference.dataset.band_cache import load_clip
from inference.dataset.check import inspect, training_faults, with_cache
from inference.dataset.frame_count import count_frames, decoded_frames
from inference.dataset.inspection import Inspection
from inference.dataset.opening import open_data_set
from inference.label_file import write_annotation
from inference.preprocessing import Preprocessing
from tests.inference.annotated_clips import FRAMES, write_clip_video, write_clips
from tests.video_factory import moving_square

STEM = f"01_20180418_1200_s0_n{FRAMES}"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two animals of two strains with all behaviors."""
    folder = tmp_path_factory.mktemp("good")
    write_clips(folder, ["01", "02"])
    (folder / "animals.csv").write_text("animal;strain\n01;C57BL/6\n02;SWISS\n")
    return folder


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(good, tmp_path / "data"))


def _inspect(folder: Path, rate: int | None = None) -> Inspection:
    return inspect(open_data_set(folder), frames_per_second=rate)


def _told(inspection: Inspection) -> list[tuple[str, str]]:
    return [(fault.path.name, fault.text) for fault in inspection.faults]


def test_behaviors_that_are_missing_are_named(folder: Path) -> None:
    for path in folder.glob("*_s135000_*"):
        path.unlink()
    found = _inspect(folder)
    assert [fault.text for fault in training_faults(found)] == [
        "shows no rest, no walk: a network learns all eight"
    ]
    text = (
        "has 6 clips, fewer than the 8 behaviors: "
        "the stacks of a minibatch cannot all come from different clips"
    )
    assert ("data", text) in _told(found)


def test_one_animal_only_is_a_remark(folder: Path) -> None:
    for path in folder.glob("02_*"):
        path.unlink()
    told = _told(_inspect(folder))
    assert ("data", "shows animal 01 only: none can be left out") in told
    assert ("animals.csv", "names animals without a clip: 02") in told


def test_clips_that_can_only_be_learned_judge_nothing(folder: Path) -> None:
    for path in folder.glob("*_map.csv"):
        path.rename(path.with_name(path.name.replace("_map.csv", "_map_new_v2.csv")))
    assert [fault.text for fault in training_faults(_inspect(folder))] == [
        "has no clip to judge a network by: review 2 is not used for that"
    ]


def test_a_data_set_without_one_good_clip_says_so(folder: Path) -> None:
    for path in folder.glob("*_map.csv"):
        path.unlink()
    found = _inspect(folder)
    assert ("data", "has no clip that can be used") in _told(found)
    assert (found.frames, found.counts.tolist()) == (0, [0] * 9)


def test_another_rate_is_told_as_training_needs_it(tmp_path: Path) -> None:
    for animal in ("01", "02"):
        write_clip_video(tmp_path / f"{animal}_20180418_1200_s0_n44.mkv", rate=30)
        write_annotation(tmp_path / f"{animal}_20180418_1200_s0_n44_map.csv", [1] * 44)
    told = _told(_inspect(tmp_path))
    text = "has 30 frames a second: train with --frames-per-second 30"
    assert (tmp_path.name, text) in told
    told = _told(_inspect(tmp_path, 25))
    assert ("01_20180418_1200_s0_n44.mkv", "has 30 frames a second, training needs 25") in told
    assert not any("frames a second" in text for _, text in _told(_inspect(tmp_path, 30)))


def _write_cut(path: Path) -> None:
    """Write an AVI whose first packets need a picture that was cut off: 55 packets, 52 frames."""
    whole = path.with_name("whole.avi")
    with av.open(str(whole), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.options = {"bf": "2", "g": "20"}
        for picture in moving_square(60, width=64, height=64):
            frame = av.VideoFrame.from_ndarray(picture, "gray").reformat(format="yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with av.open(str(whole)) as source, av.open(str(path), "w") as container:
        copied = container.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(video=0) if packet.size]
        for packet in packets[5:]:
            packet.stream = copied
            container.mux(packet)
    whole.unlink()


def test_packets_without_a_frame_in_an_avi_are_settled_by_decoding(tmp_path: Path) -> None:
    video = tmp_path / "01_20180418_1200_s0_n52.avi"
    _write_cut(video)
    assert (count_frames(video).frames, decoded_frames(video)) == (55, 52)
    write_annotation(video.with_name(f"{video.stem}_map.csv"), [1] * 52)
    found = _inspect(tmp_path)
    assert found.frames == 52
    assert not any(fault.path != tmp_path for fault in found.faults)


def test_what_is_decoded_at_another_rate_needs_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, cache = tmp_path / "data", tmp_path / "cache"
    data.mkdir()
    video = data / "01_20180418_1200_s0_n44.mkv"
    write_clip_video(video, rate=30)
    write_annotation(data / f"{video.stem}_map.csv", [1] * 44)
    found = _inspect(data, 30)
    spec = Preprocessing(frames_per_second=30)
    load_clip(found.data_set.clips[0], cache, spec)
    full = shutil.disk_usage(tmp_path)._replace(free=0)
    monkeypatch.setattr("inference.dataset.band_cache.shutil.disk_usage", lambda _: full)
    assert with_cache(found, cache, 30) is with_cache(found, cache) is found
    (fault, *_) = with_cache(found, tmp_path / "empty").faults
    assert fault.text == "has 0.0 MB free, 1 decoded clips take 1.4 MB"


def test_frames_that_all_have_one_time_are_a_fault(tmp_path: Path) -> None:
    video = tmp_path / "01_20180418_1200_s0_n44.mkv"
    whole = tmp_path / "whole.mkv"
    write_clip_video(whole)
    with av.open(str(whole)) as source, av.open(str(video), "w") as container:
        copied = container.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            packet.stream = copied
            packet.pts = packet.dts = 0 if packet.size else None
            if packet.size:
                container.mux(packet)
    whole.unlink()
    write_annotation(video.with_name(f"{video.stem}_map.csv"), [1] * 44)
    assert (video.name, "has no frame rate: its frames all have one time") in _told(
        _inspect(tmp_path, 25)
    )


def test_a_cache_without_room_is_a_fault(good: Path, tmp_path: Path) -> None:
    found = _inspect(good)
    assert with_cache(found, tmp_path / "cache") is found
    room = os.statvfs(tmp_path)
    wanted = room.f_bavail * room.f_frsize // 32768 + 10**6
    stem = f"01_20180419_1200_s0_n{wanted}"
    data = Path(shutil.copytree(good, tmp_path / "data"))
    shutil.copy(data / f"{STEM}.mkv", data / f"{stem}.mkv")
    shutil.copy(data / f"{STEM}_map.csv", data / f"{stem}_map.csv")
    faults = training_faults(with_cache(_inspect(data), tmp_path / "cache"))
    assert faults[0].path == tmp_path / "cache"
    assert "free, 9 decoded clips take" in faults[0].text
