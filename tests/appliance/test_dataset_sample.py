"""`ethoprofiler dataset sample`: clips that are what their recordings are."""

from pathlib import Path

import pytest

from appliance.segment_manifest import Anchor, Gap, read_manifest
from inference.dataset.opening import open_data_set
from inference.label_file import read_labels
from tests.appliance.sampled_rack import (
    EVERY,
    change_manifest,
    destroy_frame,
    even,
    names,
    sample,
    shown,
    table,
    write_segment,
)
from tests.recorded_segment import write_recorded


def test_each_clip_has_every_pixel_and_time_of_its_stretch(tmp_path: Path) -> None:
    times = [time_ms + time_ms % 7 for time_ms in even(16)]
    video = write_segment(tmp_path / "data", 3, "2026-11-22T06:00:03", times, late_ms=500)
    result = sample(tmp_path / "data", tmp_path / "out", *EVERY)
    assert result.exit_code == 0, result.output
    # It began at 06:00:03.5, so 06:00:10 is at 6500 ms: frame 163, at 6520 + 3 ms.
    assert names(tmp_path / "out") == ["03_20261122_0600_s163_n125.mkv"]
    source = shown(video)[163:288]
    assert source[0][0] == 6523
    assert [(time_ms - 6523, luma) for time_ms, luma in source] == shown(
        tmp_path / "out" / "03_20261122_0600_s163_n125.mkv"
    )


def test_a_clip_at_the_segment_s_first_frame_begins_with_it(tmp_path: Path) -> None:
    video = write_segment(tmp_path / "data", 3, "2026-11-22T06:00:00", even(12.6), late_ms=17)
    result = sample(tmp_path / "data", tmp_path / "out", *EVERY)
    assert result.exit_code == 0, result.output
    (name,) = names(tmp_path / "out")
    assert name == "03_20261122_0600_s0_n125.mkv"
    assert shown(tmp_path / "out" / name) == shown(video)[:125]
    assert (
        "03_20261122_060000: 2026-11-22 06:00:10 left out, recorded in part only" in result.stderr
    )


def test_a_frame_less_than_a_millisecond_before_a_stretch_is_not_in_it(tmp_path: Path) -> None:
    write_segment(
        tmp_path / "data", 3, "2026-11-22T06:00:00", [0, *range(39, 15_600, 40)], late_ms=0.5
    )
    assert sample(tmp_path / "data", tmp_path / "out", *EVERY).exit_code == 0
    # It is at 06:00:09.9995, frame 250; the first stretch has 0, 39 and up to 4999 ms.
    assert names(tmp_path / "out") == [
        "03_20261122_0600_s0_n126.mkv",
        "03_20261122_0600_s251_n125.mkv",
    ]


def test_a_clip_begins_with_the_first_frame_that_is_there(tmp_path: Path) -> None:
    video = write_segment(tmp_path / "data", 3, "2026-11-22T06:00:03", even(13))
    destroy_frame(video, 175)
    assert sample(tmp_path / "data", tmp_path / "out", *EVERY).exit_code == 0
    assert names(tmp_path / "out") == ["03_20261122_0600_s176_n124.mkv"]
    (row,) = table(tmp_path / "out")
    assert row["start"] == "2026-11-22T05:00:10.040Z"


def test_the_table_says_what_each_clip_is_made_of(tmp_path: Path) -> None:
    times = [*even(4), *even(13, from_ms=7000)]
    gaps = [
        Gap(from_ms=3960, to_ms=7000, frames_lost=75, cause="camera stalled"),
        Gap(from_ms=8000, to_ms=8040, frames_lost=2, cause="undecodable"),
        Gap(from_ms=11000, to_ms=11100, frames_lost=2, cause="camera lost"),
    ]
    write_segment(tmp_path / "data", 3, "2026-11-22T06:00:08", times, gaps=gaps)
    result = sample(tmp_path / "data", tmp_path / "out", *EVERY)
    assert result.exit_code == 0, result.output
    first, second = table(tmp_path / "out")
    assert first == {
        "clip": "03_20261122_0600_s50_n50",
        "segment": "03_20261122_060008",
        "first_frame": "50",
        "frames": "50",
        "start": "2026-11-22T05:00:10.000Z",
        "zt_h": "1.5006",
        "cage": "03",
        "animal": "m17",
        "strain": "C57BL/6",
        "gaps": "75 frames lost from 1960 to 5000 ms (camera stalled)",
    }
    assert (second["clip"], second["gaps"]) == ("03_20261122_0600_s225_n125", "")
    assert (tmp_path / "out" / "animals.csv").read_text() == "animal;strain\n03;C57BL/6\n"


def test_the_clips_are_clips_for_the_reader_of_the_published_layout(tmp_path: Path) -> None:
    write_segment(tmp_path / "data", 3, "2026-11-22T06:00:00", even(6))
    assert sample(tmp_path / "data", tmp_path / "out", *EVERY).exit_code == 0
    (name,) = names(tmp_path / "out")
    (tmp_path / "out" / f"{Path(name).stem}_map.csv").write_text("0:drink; \nframe;annotation\n")
    data_set = open_data_set(tmp_path / "out")
    assert [(clip.name, clip.animal, clip.strain) for clip in data_set.clips] == [
        ("03_20261122_0600_s0_n125", "03", "C57BL/6")
    ]
    assert [fault for fault in data_set.faults if not fault.is_remark] == []


def test_the_same_command_goes_on_and_cuts_nothing_twice(tmp_path: Path) -> None:
    write_segment(tmp_path / "data", 3, "2026-11-22T06:00:00", even(26))
    out = tmp_path / "out"
    assert "3 clips cut, 3 there" in sample(tmp_path / "data", out, *EVERY).stdout
    before = {path.name: path.stat().st_mtime_ns for path in out.glob("[!.]*")}
    lost = out / names(out)[1]
    lost.rename(out / "03_20261122_0600_s250.mkv.part")  # as a killed run leaves it
    result = sample(tmp_path / "data", out, *EVERY)
    assert "1 clips cut, 3 there" in result.stdout
    after = {path.name: path.stat().st_mtime_ns for path in out.glob("[!.]*")}
    assert {name for name in before if before[name] != after[name]} == {lost.name}
    assert not list(out.glob("*.part"))


def test_what_another_run_cut_stays_in_the_tables(tmp_path: Path) -> None:
    write_segment(tmp_path / "data", 3, "2026-11-22T06:00:00", even(6))
    write_segment(
        tmp_path / "data", 4, "2026-11-22T06:00:00", even(6), animal="m18", strain="SWISS"
    )
    out = tmp_path / "out"
    assert sample(tmp_path / "data", out, "--cage", "3", *EVERY).exit_code == 0
    (out / "animals.csv").write_text("sex;animal;strain\nf;3;C57BL/6\n")
    assert sample(tmp_path / "data", out, "--cage", "4", *EVERY).exit_code == 0
    assert [row["cage"] for row in table(out)] == ["03", "04"]
    assert (out / "animals.csv").read_text() == ("sex;animal;strain\nf;3;C57BL/6\n;04;SWISS\n")


def test_a_file_of_the_same_name_is_never_overwritten(tmp_path: Path) -> None:
    write_segment(tmp_path / "data", 3, "2026-11-22T06:00:00", even(6))
    elsewhere = write_segment(tmp_path / "other", 3, "2026-11-23T06:00:00", even(2))
    (tmp_path / "out").mkdir()
    name = "03_20261122_0600_s0_n125.mkv"
    (tmp_path / "out" / name).write_bytes(elsewhere.read_bytes())
    result = sample(tmp_path / "data", tmp_path / "out", *EVERY)
    assert result.exit_code == 1
    assert f"{name}: exists and is another clip; nothing is overwritten" in result.stderr
    assert (tmp_path / "out" / name).read_bytes() == elsewhere.read_bytes()


def test_a_table_of_another_program_is_never_overwritten(tmp_path: Path) -> None:
    write_segment(tmp_path / "data", 3, "2026-11-22T06:00:00", even(6))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "clips.csv").write_text("clip;name\n")
    result = sample(tmp_path / "data", tmp_path / "out", *EVERY)
    assert result.exit_code == 1
    assert "clips.csv: was not written by `dataset sample`" in result.stderr
    assert (tmp_path / "out" / "clips.csv").read_text() == "clip;name\n"
    assert names(tmp_path / "out") == []


def test_recordings_are_chosen_evenly_and_moments_are_standard_time(tmp_path: Path) -> None:
    for hour in ("00", "06", "12", "18"):
        write_segment(tmp_path / "data", 3, f"2026-11-22T{hour}:00:00", even(6))
    out = tmp_path / "out"
    assert sample(tmp_path / "data", out, "--recordings", "2", *EVERY).exit_code == 0
    assert [name[:16] for name in names(out)] == ["03_20261122_0000", "03_20261122_1800"]
    late = tmp_path / "late"
    options = ("--from", "2026-11-22T06:00", "--until", "2026-11-22T12:00:05", *EVERY)
    assert sample(tmp_path / "data", late, *options).exit_code == 0
    assert [name[:16] for name in names(late)] == ["03_20261122_0600", "03_20261122_1200"]


def test_labels_of_a_model_are_label_files_and_never_annotations(tmp_path: Path) -> None:
    write_segment(tmp_path / "data", 3, "2026-11-22T06:00:03", even(13))
    assert sample(tmp_path / "data", tmp_path / "out", *EVERY, "--labels").exit_code == 0
    labels = read_labels(tmp_path / "out" / "03_20261122_0600_s175_n125.csv")
    assert labels.model == "m@0"
    assert labels.times_ms is not None
    assert labels.times_ms.tolist() == list(range(0, 5000, 40))
    assert labels.codes.tolist() == [frame % 8 for frame in range(175, 300)]
    assert not list((tmp_path / "out").glob("*_map*.csv"))


@pytest.mark.parametrize("lost", [0, 100, 180])
def test_labels_fit_their_frames_if_one_was_lost_since(tmp_path: Path, lost: int) -> None:
    times = [time_ms + time_ms % 11 for time_ms in even(13)]
    video = write_segment(tmp_path / "data", 3, "2026-11-22T06:00:03", times)
    destroy_frame(video, lost)
    assert sample(tmp_path / "data", tmp_path / "out", *EVERY, "--labels").exit_code == 0
    (clip,) = (tmp_path / "out").glob("*.mkv")
    frames = [frame for frame in range(175, 300) if frame != lost]
    assert [time_ms + times[175] for time_ms, _ in shown(clip)] == [
        times[frame] for frame in frames
    ]
    labels = read_labels(clip.with_suffix(".csv"))
    assert labels.codes.tolist() == [frame % 8 for frame in frames]


def test_a_cage_that_is_named_twice_is_sampled_once(tmp_path: Path) -> None:
    write_segment(tmp_path / "data", 3, "2026-11-22T06:00:00", even(6))
    result = sample(tmp_path / "data", tmp_path / "out", "--cage", "3", "--cage", "3", *EVERY)
    assert result.exit_code == 0, result.output
    assert "1 clips cut, 1 there" in result.stdout


def test_what_another_system_hides_beside_clips_is_no_clip(tmp_path: Path) -> None:
    write_segment(tmp_path / "data", 3, "2026-11-22T06:00:00", even(6))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "._a.mkv").write_bytes(b"\0\5\x16\7")
    assert sample(tmp_path / "data", tmp_path / "out", *EVERY).exit_code == 0


def test_a_clock_that_cannot_be_trusted_is_told(tmp_path: Path) -> None:
    video = write_segment(tmp_path / "data", 3, "2026-11-22T06:00:00", even(6))
    start_ns = read_manifest(video.with_suffix(".json")).start_utc_ns
    assert start_ns is not None
    anchor = Anchor(at_ms=2000, utc_ns=start_ns + 1_806_000_000_000)
    change_manifest(video, clock_synchronized=False, anchors=[anchor])
    result = sample(tmp_path / "data", tmp_path / "out", *EVERY)
    assert result.exit_code == 0
    stem = "03_20261122_060000"
    assert result.stderr == (
        f"{stem}: the clock was not synchronized when it began, so its clips may be off\n"
        f"{stem}: the clock was moved by +1804 s within it, its clips keep to the time of its "
        "begin\n"
    )


def test_a_segment_as_a_rack_leaves_it_is_cut(tmp_path: Path) -> None:
    video = write_recorded(tmp_path / "data")  # from 11:00:00 on, no animal is named
    options = ("--every", "2s", "--length", "2s", "--from", "2026-11-22T11:00:02")
    result = sample(tmp_path / "data", tmp_path / "out", *options)
    assert result.exit_code == 0, result.output
    assert names(tmp_path / "out") == ["03_20261122_1100_s50_n50.mkv"]
    (row,) = table(tmp_path / "out")
    assert (row["animal"], row["zt_h"], row["start"]) == ("", "", "2026-11-22T10:00:02.000Z")
    source, clip = shown(video)[50:], shown(tmp_path / "out" / "03_20261122_1100_s50_n50.mkv")
    assert clip == [(time_ms - 2000, luma) for time_ms, luma in source]
