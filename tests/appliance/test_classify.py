"""`ethoprofiler classify` as a biologist runs it: the real program on real files."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from appliance.dataset_simulation import simulate_dataset
from inference.label_file import read_codes, read_labels
from inference.model_card import METADATA_KEY
from inference.seal import seal
from tests.small_disk import small_disk
from tests.video_factory import moving_square, write_video

PROGRAM: Final = [sys.executable, "-m", "appliance"]
LIMIT_S: Final = 100


def classify(*arguments: str | Path, limit_s: float = LIMIT_S) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "classify", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )


def classify_json(*arguments: str | Path) -> dict[str, Any]:
    done = classify("--json", *arguments)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three videos: 25 frames a second, 30 frames a second, and one that is damaged."""
    folder = tmp_path_factory.mktemp("videos")
    write_video(folder / "a.mkv", moving_square(60))
    write_video(folder / "b.mp4", moving_square(40, width=320, height=240), rate=30)
    damaged = write_video(folder / "c.mkv", moving_square(50))
    content = bytearray(damaged.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 6000] = b"\xff" * 6000
    damaged.write_bytes(content)
    return folder


@pytest.fixture
def folder(videos: Path, tmp_path: Path) -> Path:
    """A copy of the videos to label."""
    return Path(shutil.copytree(videos, tmp_path / "rack"))


def test_a_folder_is_labelled_frame_by_frame(folder: Path, model_path: Path) -> None:
    done = classify(folder, "--model", model_path)
    assert done.returncode == 3, done.stderr  # one of them is damaged
    for name, count, last_ms in (("a", 60, 2360), ("b", 40, 1300), ("c", 50, 1960)):
        labels = read_labels(folder / f"{name}.csv")
        assert labels.times_ms is not None
        assert (len(labels.codes), labels.times_ms[-1]) == (count, last_ms)
    assert (read_labels(folder / "a.csv").codes < 8).all()
    assert (read_labels(folder / "c.csv").codes == 8).any()
    assert "c.mkv: " in done.stderr
    assert "frames are undecodable" in done.stderr
    assert not list(folder.glob("*.part"))


def test_the_manifest_says_what_the_label_file_holds(folder: Path, model_path: Path) -> None:
    classify(folder, "--model", model_path)
    manifest = json.loads((folder / "c.json").read_text())
    codes = read_labels(folder / "c.csv").codes
    assert manifest["schema"] == "ethoprofiler.segment/1"
    assert manifest["frame_count"] == 50
    assert manifest["labels"]["undecodable_frames"] == (codes == 8).sum()
    assert sum(gap["frames_lost"] for gap in manifest["gaps"]) == (codes == 8).sum()
    assert manifest["labels"]["behaviors"]["rest"]["frames"] == (codes == 6).sum()
    content = (folder / "c.csv").read_bytes()
    assert manifest["label_file"]["size"] == len(content)


@pytest.fixture(scope="module")
def busy_cages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two simulated clips of 12 s, whose labels change often."""
    folder = tmp_path_factory.mktemp("cages")
    simulate_dataset(
        folder,
        mice=2,
        clips=1,
        seconds=12,
        seed=6,
        spread=1.0,
        routine="busy",
        jobs=1,
        progress=lambda *_: None,
    )
    return folder


def test_the_shipped_model_knows_simulated_cages_it_has_not_seen(
    busy_cages: Path, tmp_path: Path
) -> None:
    assert classify(busy_cages, "--out", tmp_path).returncode == 0
    right = [
        read_labels(tmp_path / f"{video.stem}.csv").codes == read_codes(truth)
        for video in busy_cages.glob("*.mkv")
        for truth in [video.with_name(f"{video.stem}_map.csv")]
    ]
    assert np.mean(right) > 0.85


def test_labels_do_not_depend_on_threads_jobs_or_cores(busy_cages: Path, tmp_path: Path) -> None:
    written = set()
    for number, setting in enumerate(
        (["--threads", "1", "--jobs", "1"], ["--threads", "4", "--jobs", "1"], ["--jobs", "2"])
    ):
        out = tmp_path / str(number)
        classify(busy_cages, "--out", out, *setting)
        written.add(tuple(path.read_bytes() for path in sorted(out.glob("*.csv"))))
    (contents,) = written
    assert len(contents) == 2
    assert len(set(read_labels(next(out.glob("*.csv"))).codes.tolist())) > 2


def test_what_is_done_is_skipped_and_left_alone(folder: Path, model_path: Path) -> None:
    classify(folder, "--model", model_path)
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*.csv")}
    document = classify_json(folder, "--model", model_path)
    assert [video["status"] for video in document["videos"]] == ["already done"] * 3
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*.csv")} == before


def test_results_of_another_model_are_not_destroyed(folder: Path, model_path: Path) -> None:
    (folder / "a.csv").write_text("my own notes\n")
    (folder / "b.json").write_text("{}\n")
    done = classify(folder, "--model", model_path)
    assert done.returncode == 1
    assert (folder / "a.csv").read_text() == "my own notes\n"
    assert (folder / "b.json").read_text() == "{}\n"
    assert not (folder / "b.csv").exists()
    assert "a.csv: " in done.stderr
    assert "use --out or --overwrite" in done.stderr
    assert classify(folder, "--model", model_path, "--overwrite").returncode == 3
    assert len(read_labels(folder / "a.csv").codes) == 60


def test_what_is_no_video_is_named_and_the_others_are_labelled(
    folder: Path, model_path: Path
) -> None:
    (folder / "empty.mkv").touch()
    (folder / "text.avi").write_text("no frames here\n" * 100)
    done = classify(folder, folder / "missing.mkv", "--model", model_path)
    assert done.returncode == 1
    for name, complaint in (
        ("empty.mkv", "empty file"),
        ("text.avi", "not a readable video"),
        ("missing.mkv", "no such file"),
    ):
        (line,) = (line for line in done.stderr.splitlines() if name in line)
        assert complaint in line
    assert "Traceback" not in done.stderr
    assert "2 labelled, 1 damaged, 3 failed of 6" in done.stderr
    assert sorted(path.name for path in folder.glob("*.csv")) == ["a.csv", "b.csv", "c.csv"]


def test_two_videos_of_one_name_do_not_overwrite_each_other(folder: Path, model_path: Path) -> None:
    shutil.copy(folder / "b.mp4", folder / "a.mp4")
    done = classify(folder, "--model", model_path)
    assert done.returncode == 1
    assert "a.mp4: its results would have the names of" in done.stderr
    assert len(read_labels(folder / "a.csv").codes) == 60


def test_a_video_cut_short_is_labelled_and_said_to_be_short(folder: Path, model_path: Path) -> None:
    long_video = write_video(folder / "long.mkv", moving_square(120, width=64, height=64))
    content = long_video.read_bytes()
    long_video.write_bytes(content[: len(content) // 2])
    done = classify(long_video, "--model", model_path)
    assert done.returncode == 3
    assert "are missing" in done.stderr
    assert len(read_labels(folder / "long.csv").codes) > 40


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(
    model_path: Path, tmp_path: Path
) -> None:
    video = write_video(tmp_path / "a.mkv", moving_square(150, width=96, height=96) * 30)
    command = [*PROGRAM, "classify", str(video), "--model", str(model_path)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    part = tmp_path / "a.csv.part"
    deadline_s = time.monotonic() + LIMIT_S
    while not (part.exists() and part.stat().st_size > 5000):
        assert time.monotonic() < deadline_s
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "a.csv").exists()
    kept = part.read_bytes()
    with part.open("ab") as file:
        file.write(b"99999;")  # the kill may leave half a row
    assert classify(video, "--model", model_path).returncode == 0
    resumed = (tmp_path / "a.csv").read_bytes()
    assert resumed.startswith(kept[: kept.rfind(b"\n") + 1])
    assert classify(video, "--model", model_path, "--out", tmp_path / "fresh").returncode == 0
    assert (tmp_path / "fresh" / "a.csv").read_bytes() == resumed


def test_rows_left_by_a_video_that_was_replaced_are_not_kept(
    folder: Path, model_path: Path
) -> None:
    classify(folder / "b.mp4", "--model", model_path)
    fresh = (folder / "b.csv").read_bytes()
    head = fresh.splitlines(keepends=True)[:2]
    (folder / "b.csv").unlink()
    (folder / "b.json").unlink()
    (folder / "b.csv.part").write_bytes(b"".join(head) + b"0;3;0;1.0000\n1;3;999;1.0000\n")
    assert classify(folder / "b.mp4", "--model", model_path).returncode == 0
    assert (folder / "b.csv").read_bytes() == fresh


def test_rows_left_by_another_video_of_the_same_rate_are_not_kept(
    busy_cages: Path, model_path: Path, tmp_path: Path
) -> None:
    first, second = sorted(busy_cages.glob("*.mkv"))
    for number, video in enumerate((first, second)):
        assert (
            classify(video, "--model", model_path, "--out", tmp_path / str(number)).returncode == 0
        )
    left = (tmp_path / "0" / f"{first.stem}.csv").read_bytes()
    (tmp_path / "a.csv.part").write_bytes(left[: len(left) // 2])
    shutil.copy2(second, tmp_path / "a.mkv")
    assert classify(tmp_path / "a.mkv", "--model", model_path).returncode == 0
    fresh = (tmp_path / "1" / f"{second.stem}.csv").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == fresh


def test_overwrite_starts_over_whatever_an_interrupted_run_left(
    folder: Path, model_path: Path
) -> None:
    classify(folder / "b.mp4", "--model", model_path)
    fresh = (folder / "b.csv").read_bytes()
    (folder / "b.csv.part").write_bytes(re.sub(rb"\n(\d+);\d;", rb"\n\1;3;", fresh))
    assert classify(folder / "b.mp4", "--model", model_path, "--overwrite").returncode == 0
    assert (folder / "b.csv").read_bytes() == fresh


def test_a_label_file_that_was_changed_is_not_called_done(folder: Path, model_path: Path) -> None:
    classify(folder / "b.mp4", "--model", model_path)
    whole = (folder / "b.csv").read_text()
    (folder / "b.csv").write_text(whole[: len(whole) // 2])
    done = classify(folder / "b.mp4", "--model", model_path)
    assert done.returncode == 1
    assert "b.csv: is not the label file that b.json describes" in done.stderr


def test_a_replaced_video_is_not_called_done(folder: Path, model_path: Path) -> None:
    classify(folder / "a.mkv", "--model", model_path)
    content = bytearray((folder / "a.mkv").read_bytes())
    content[-1] ^= 1
    (folder / "a.mkv").write_bytes(content)
    done = classify(folder / "a.mkv", "--model", model_path)
    assert done.returncode == 1
    assert "a.json: is of another video" in done.stderr


def test_another_crop_keeps_neither_rows_nor_results(folder: Path, model_path: Path) -> None:
    classify(folder / "b.mp4", "--crop", "0,0,300,200", "--model", model_path)
    cropped = (folder / "b.csv").read_bytes()
    refused = classify(folder / "b.mp4", "--model", model_path)
    assert refused.returncode == 1
    assert "b.json: is of another model or crop" in refused.stderr
    (folder / "b.json").unlink()
    (folder / "b.csv").rename(folder / "b.csv.part")
    assert classify(folder / "b.mp4", "--model", model_path).returncode == 0
    whole = (folder / "b.csv").read_bytes()
    assert whole.splitlines()[0] != cropped.splitlines()[0]
    assert [row.split(b";")[3] for row in whole.splitlines()[2:]] != [
        row.split(b";")[3] for row in cropped.splitlines()[2:]
    ]


def test_json_is_one_document_even_when_the_model_is_missing(folder: Path) -> None:
    done = classify(folder, "--json", "--model", "no-such-model")
    assert done.returncode == 1
    assert "no such model" in json.loads(done.stdout)["error"]


@pytest.mark.parametrize("name", ["with space.mkv", "[x] mouse:rat: é.mkv", "a\nb.mkv"])
def test_unusual_names_are_labelled(
    folder: Path, model_path: Path, tmp_path: Path, name: str
) -> None:
    shutil.copy(folder / "a.mkv", tmp_path / name)
    done = classify(tmp_path / name, "--model", model_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / name).with_suffix(".csv").exists()


def test_a_name_that_is_not_utf_8_is_labelled_and_manifested(
    folder: Path, model_path: Path, tmp_path: Path
) -> None:
    name = os.fsdecode(b"\xff.mkv")
    shutil.copy(folder / "a.mkv", tmp_path / name)
    assert classify(tmp_path / name, "--model", model_path).returncode == 0
    manifest = json.loads((tmp_path / name).with_suffix(".json").read_text())
    assert manifest["video"]["name"] == "\ufffd.mkv"


def test_a_name_longer_than_the_system_allows_is_one_sentence(model_path: Path) -> None:
    done = classify("x" * 300 + ".mkv", "--model", model_path)
    assert done.returncode == 1
    assert "File name too long" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_video_named_twice_is_labelled_once(folder: Path, model_path: Path) -> None:
    document = classify_json(folder / "a.mkv", folder, folder / "a.mkv", "--model", model_path)
    names = [Path(video["video"]).name for video in document["videos"]]
    assert names == ["a.mkv", "b.mp4", "c.mkv"]


def test_a_pattern_keeps_its_folders_below_out(
    folder: Path, model_path: Path, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (folder / name).mkdir()
        shutil.copy(folder / "b.mp4", folder / name / "x.mp4")
    out = tmp_path / "out"
    done = classify(f"{folder}/**/x.mp4", "--model", model_path, "--out", out)
    assert done.returncode == 0, done.stderr
    found = sorted(str(path.relative_to(out)) for path in out.rglob("*.csv"))
    assert found == ["one/x.csv", "two/x.csv"]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_or_a_stop_ends_cleanly_and_keeps_the_rows(
    model_path: Path, tmp_path: Path, sent: signal.Signals
) -> None:
    video = write_video(tmp_path / "a.mkv", moving_square(150, width=96, height=96) * 30)
    command = [*PROGRAM, "classify", str(video), "--model", str(model_path)]
    # What runs the tests in the background may have had SIGINT ignored, which children inherit.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    signal.signal(signal.SIGINT, before)
    part = tmp_path / "a.csv.part"
    deadline_s = time.monotonic() + LIMIT_S
    while not (part.exists() and part.stat().st_size > 500):
        assert time.monotonic() < deadline_s
    process.send_signal(sent)
    _, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    assert "the same command goes on" in said
    assert "Traceback" not in said
    assert part.exists()
    assert not (tmp_path / "a.csv").exists()


def test_a_full_disk_is_said_and_nothing_half_written_gets_a_final_name(
    model_path: Path, tmp_path: Path
) -> None:
    video = write_video(tmp_path / "a.mkv", moving_square(150, width=64, height=64) * 60)
    with small_disk(tmp_path / "small", "64k") as out:
        done = classify(video, "--model", model_path, "--out", out)
        names = [path.name for path in out.iterdir()]
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert names == ["a.csv.part"]


def unusable_models(folder: Path, model_path: Path) -> dict[str, tuple[Path, str]]:
    content = model_path.read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    node = helper.make_node("Identity", ["stacks"], ["logits"])
    graph = helper.make_graph(
        [node],
        "wrong",
        [helper.make_tensor_value_info("stacks", TensorProto.UINT8, [1, 3])],
        [helper.make_tensor_value_info("logits", TensorProto.UINT8, [1, 3])],
    )
    wrong = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    card = {p.key: p.value for p in onnx.load(str(model_path)).metadata_props}[METADATA_KEY]
    helper.set_model_props(wrong, {METADATA_KEY: card})
    cases = {
        "flipped": (bytes(flipped), "is damaged"),
        "cut": (content[: len(content) // 2], "is damaged"),
        "text": (b"not a model", "is not an EthoProfiler model"),
        "empty": (b"", "is not an EthoProfiler model"),
        "wrong": (seal(wrong.SerializeToString()), "its input is"),
        "rubbish": (seal(b"rubbish"), "ONNX Runtime cannot load it"),
    }
    paths = {}
    for name, (bytes_, complaint) in cases.items():
        path = folder / f"{name}.onnx"
        path.write_bytes(bytes_)
        paths[name] = (path, complaint)
    return paths


@pytest.mark.parametrize("case", ["flipped", "cut", "text", "empty", "wrong", "rubbish"])
def test_an_unusable_model_is_one_sentence(
    folder: Path, model_path: Path, tmp_path: Path, case: str
) -> None:
    path, complaint = unusable_models(tmp_path, model_path)[case]
    done = classify(folder, "--model", path)
    assert done.returncode == 1
    assert f"Error: {path}" in done.stderr
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(folder.glob("*.csv*"))


def test_a_provider_that_is_not_there_is_refused(folder: Path, model_path: Path) -> None:
    done = classify(folder, "--model", model_path, "--provider", "cuda")
    assert done.returncode == 1
    assert "Error: provider cuda: not in this ONNX Runtime" in done.stderr


def test_a_crop_outside_the_picture_fails_that_video_only(folder: Path, model_path: Path) -> None:
    done = classify(folder, "--model", model_path, "--crop", "0,0,700,300")
    assert done.returncode == 1
    assert "crop 0,0,700,300 leaves the picture of 320x240" in done.stderr
    assert (folder / "a.csv").exists()
    assert not (folder / "b.csv").exists()


def test_the_real_videos_are_labelled_whole(
    shared_data: Path, model_path: Path, tmp_path: Path
) -> None:
    done = classify(shared_data / "video", "--model", model_path, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    counts = {path.stem: len(read_labels(path).codes) for path in tmp_path.glob("*.csv")}
    assert counts == {
        "dannce_CameraE_7000": 3500,
        "eztrack_Freezing_calibration_EMPTY": 298,
        "jhuang_MIT_result": 1188,
        "jhuang_clip_drink002": 60,
        "jhuang_video5_groom_163": 94,
        "sleap_minimal_side": 120,
    }


def test_every_damaged_file_gets_one_sentence_or_all_its_frames(
    shared_data: Path, model_path: Path, tmp_path: Path
) -> None:
    for archive in (shared_data / "damaged").glob("*.tar.xz"):
        _unpack(archive, tmp_path / "unpacked")
    done = classify(
        *sorted((shared_data / "damaged").iterdir()),
        tmp_path / "unpacked",
        "--model",
        model_path,
        "--out",
        tmp_path / "out",
    )
    counts = {path.stem: len(read_labels(path).codes) for path in (tmp_path / "out").rglob("*.csv")}
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert counts["decord_corrupted"] == 50
    assert counts["opf_dv-pal-interlaced_720x576i"] == 25
    assert counts["pyscenedetect_counter_1080p10"] == 30
    assert counts["torchcodec_h264_10bits"] == 30
    assert sum(count == 13 for count in counts.values()) == 18  # the readable ones of 23
    for name in ("lpms_zero-frame.ts", "8_OnlyOneEBMLElement", "EBML-HEADER-AT-TAIL", ".tar.xz"):
        assert sum(name in line for line in done.stderr.splitlines()) == 1


def _unpack(archive: Path, folder: Path) -> None:
    """Write an archive's files by their names; tarfile's own filter came with Python 3.11.4."""
    folder.mkdir()
    with tarfile.open(archive) as packed:
        for member in packed:
            content = packed.extractfile(member)
            if content is not None:
                (folder / Path(member.name).name).write_bytes(content.read())
