"""A segment check finds each damage, says where, and nothing about a good segment."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import av
import numpy as np
import pytest

from appliance.instance_lock import InstanceLock
from appliance.segment_check import CheckStopped, check_segment
from appliance.segment_check_screen import sentence
from appliance.segment_fault import SegmentResult
from appliance.segment_files import find_segments
from appliance.segment_manifest import Gap
from appliance.segment_timing import order_faults
from tests.recorded_segment import STEM, describe, write_recorded, write_video

_EVEN: Final = tuple(range(0, 4000, 40))
_PAUSED: Final = (*range(0, 2000, 40), *range(5000, 7000, 40))
"""Frame 49 at 1960 ms, frame 50 at 5000 ms."""


def _check(path: Path, *, quick: bool = False) -> SegmentResult:
    (files,), refusals = find_segments([str(path)])
    assert not refusals
    return check_segment(files, quick=quick)


def _told(path: Path, *, quick: bool = False) -> list[str]:
    return [sentence(fault) for fault in _check(path, quick=quick).faults]


def _gap(from_ms: int, to_ms: int, lost: int, cause: str = "camera stalled") -> Gap:
    return Gap.model_validate(
        {"from_ms": from_ms, "to_ms": to_ms, "frames_lost": lost, "cause": cause}
    )


def _change_manifest(video: Path, **changes: object) -> None:
    path = video.with_suffix(".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("quick", [False, True])
def test_a_good_segment_has_no_fault(tmp_path: Path, quick: bool) -> None:
    result = _check(write_recorded(tmp_path), quick=quick)
    assert (result.state, result.faults, result.notes) == ("ok", [], [])
    assert (result.frames, result.duration_ms, result.has_manifest) == (100, 3960, True)
    assert result.decoded == (None if quick else 100)


def test_a_pause_that_a_gap_explains_is_no_fault(tmp_path: Path) -> None:
    video = write_recorded(tmp_path, _PAUSED, gaps=[_gap(1960, 5000, 75)])
    result = _check(video)
    assert result.faults == []
    assert (result.gaps, result.frames_lost) == (1, 75)


def test_a_long_pause_without_a_gap_is_a_fault_with_its_place(tmp_path: Path) -> None:
    assert _told(write_recorded(tmp_path, _PAUSED)) == [
        "a pause of 3040 ms that no gap of the manifest explains (frame 49, 1960 ms)"
    ]


def test_a_gap_elsewhere_does_not_explain_a_pause(tmp_path: Path) -> None:
    video = write_recorded(tmp_path, _PAUSED, gaps=[_gap(80, 120, 2, "camera dropped frames")])
    assert len(_told(video)) == 1


def test_each_place_where_time_does_not_grow_is_told_up_to_five() -> None:
    stuck = np.array([0, 40, 40, 80, *([80] * 5)], np.int64)
    told = [sentence(fault) for fault in order_faults(stuck)]
    assert told[0] == "the time does not grow: 40 ms, then 40 ms (frame 2, 40 ms)"
    assert told[5] == "1 more places where the time does not grow"
    assert order_faults(np.array([0, 1, 2], np.int64)) == []


def test_reordered_frames_are_a_fault_of_a_segment_and_not_of_a_foreign_video(
    tmp_path: Path,
) -> None:
    video = tmp_path / f"{STEM}.mkv"
    with av.open(str(video), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"bf": "2", "b-adapt": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(20):
            frame = av.VideoFrame(64, 48, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([number * 5]) * plane.buffer_size)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert _told(video) == ["has B-frames, so its frames are not in order"]
    foreign = video.rename(tmp_path / "mouse.mkv")
    assert _told(foreign) == []


def test_a_short_pause_without_a_gap_is_worth_a_note(tmp_path: Path) -> None:
    times_ms = (*range(0, 2000, 40), *range(2200, 4200, 40))
    result = _check(write_recorded(tmp_path, times_ms))
    assert result.faults == []
    assert result.notes == [
        "1 short pause, at most 240 ms, for which the recorder counted no frame as lost"
    ]


def test_a_gap_without_a_pause_is_a_fault_if_it_was_counted_by_time(tmp_path: Path) -> None:
    gaps = [_gap(1000, 1040, 25, "camera lost"), _gap(2000, 2040, 1, "camera dropped frames")]
    assert _told(write_recorded(tmp_path, gaps=gaps)) == [
        "the manifest misses 25 frames up to 1040 ms (camera lost), but there is no pause (1000 ms)"
    ]


def test_a_gap_before_the_first_frame_needs_no_pause(tmp_path: Path) -> None:
    video = write_recorded(tmp_path, gaps=[_gap(-9000, 0, 200, "recorder restarted")])
    assert _told(video) == []


def test_a_key_frame_that_comes_late_is_a_fault(tmp_path: Path) -> None:
    assert _told(write_recorded(tmp_path, key_every=60)) == [
        "no key frame for 2080 ms, at most 2000 are right (frame 52, 2080 ms)"
    ]


def test_a_flipped_byte_is_found_by_hash_and_decoder_and_not_by_a_quick_look(
    tmp_path: Path,
) -> None:
    video = write_recorded(tmp_path)
    content = bytearray(video.read_bytes())
    content[content.index(b"\x1f\x43\xb6\x75") + 200] ^= 0xFF
    video.write_bytes(content)
    assert f"{STEM}.mkv has another SHA-256 than its manifest says: it was changed" in _told(video)
    assert _told(video, quick=True) == []


def test_frames_that_cannot_be_decoded_are_a_fault_unless_the_manifest_knows_them(
    tmp_path: Path,
) -> None:
    video = write_recorded(tmp_path)
    content = video.read_bytes()
    begins = content.rindex(b"\x1f\x43\xb6\x75", 0, len(content) // 2)
    ends = content.index(b"\x1f\x43\xb6\x75", begins + 4)
    video.write_bytes(content[: begins + 40] + bytes(ends - begins - 40) + content[ends:])
    describe(video, _EVEN)
    result = _check(video)
    first = next(fault for fault in result.faults if "cannot be decoded" in fault.text)
    assert first.at_ms is not None
    assert sentence(first) == (
        "cannot be decoded from here on, which the manifest does not know "
        f"(frame {first.at_ms // 40}, {first.at_ms} ms)"
    )
    describe(video, _EVEN, [_gap(0, 3960, 100, "undecodable")])
    assert _told(video) == []


def test_frames_cut_off_are_missed(tmp_path: Path) -> None:
    video = write_recorded(tmp_path)
    write_video(video, _EVEN[:90])
    told = _told(video, quick=True)
    assert "holds 90 frames, its manifest says 100 (frame 90)" in told
    assert "its last frame is at 3560 ms, its manifest says 3960 (frame 89)" in told
    assert any(one.startswith(f"{STEM}.mkv has ") for one in told)


def test_a_label_row_too_few_is_a_fault(tmp_path: Path) -> None:
    video = write_recorded(tmp_path)
    labels = video.with_suffix(".csv")
    labels.write_text("".join(labels.read_text().splitlines(keepends=True)[:-1]))
    told = _told(video)
    assert told[0] == "the label file has 99 rows for 100 frames (frame 99)"
    assert told[1].startswith(f"{STEM}.csv has ")


def test_a_label_file_that_is_missing_is_a_fault(tmp_path: Path) -> None:
    video = write_recorded(tmp_path)
    video.with_suffix(".csv").unlink()
    assert _told(video) == [f"{STEM}.csv is missing, the manifest names it"]


def test_a_manifest_that_is_not_valid_is_named_with_its_key(tmp_path: Path) -> None:
    video = write_recorded(tmp_path)
    _change_manifest(video, frame_count="many")
    (told,) = _told(video)
    assert told.startswith(f"{STEM}.json is no valid manifest: frame_count: ")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"cage": "04"}, "is named as cage 03, its manifest says 04"),
        ({"boot_id": "other"}, "its tag BOOT_ID is boot, its manifest says other"),
        ({"utc_offset": "+02:00"}, "its name says 11:00:00, it began at 2026-11-22 12:00:00"),
    ],
)
def test_another_cage_boot_or_hour_is_a_fault(
    tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    video = write_recorded(tmp_path)
    _change_manifest(video, **changes)
    assert _told(video) == [told]


def test_a_file_in_the_wrong_folder_is_a_fault(tmp_path: Path) -> None:
    video = write_recorded(tmp_path)
    day = tmp_path / "04" / "2026-11-23"
    video.parent.parent.rename(tmp_path / "04")
    (tmp_path / "04" / "2026-11-22").rename(day)
    assert _told(day / video.name) == [
        "is of 2026-11-22 and lies in the folder of 2026-11-23",
        "is named as cage 03 and lies in the folder of cage 04",
    ]


def test_without_duration_and_index_it_is_a_fault_unless_it_was_not_closed_in_order(
    tmp_path: Path,
) -> None:
    video = write_recorded(tmp_path, closed=False)
    count = _check(video).frames
    describe(video, _EVEN[:count])
    assert _told(video) == [
        "states no duration",
        "has no index (cues), so seeking in it is slow",
    ]
    _change_manifest(video, closed_in_order=False)
    result = _check(video)
    assert result.faults == []
    assert result.notes[0] == "states no duration; the recorder could not close it in order"


def _orphan_labels(day: Path) -> None:
    (day / f"{STEM}.csv").write_text("x")


def _kept_original(day: Path) -> None:
    (day / f"{STEM}.mkv.unreadable").write_bytes(b"abc")


def _old_leftover(day: Path) -> None:
    part = write_video(day / f"{STEM}.mkv.part", _EVEN, closed=False)
    os.utime(part, (time.time() - 60, time.time() - 60))


def _killed_repair(day: Path) -> None:
    _kept_original(day)
    (day / f"{STEM}.mkv.unreadable").rename(day / f"{STEM}.mkv.repair")


@pytest.mark.parametrize(
    ("make", "state", "told"),
    [
        (
            _killed_repair,
            "orphan",
            f"{STEM}.mkv.repair was left by a repair that was killed: repair again",
        ),
        (_orphan_labels, "orphan", f"there is no video to {STEM}.csv"),
        (
            _kept_original,
            "orphan",
            f"{STEM}.mkv.unreadable, 3 bytes, was kept because not all of it could be read",
        ),
        (
            _old_leftover,
            "unfinished",
            "was left unfinished and nobody writes it: `ethoprofiler segment repair`",
        ),
    ],
)
def test_what_has_no_finished_video_is_told_of(
    tmp_path: Path, make: Callable[[Path], None], state: str, told: str
) -> None:
    day = tmp_path / "03" / "2026-11-22"
    day.mkdir(parents=True)
    make(day)
    result = _check(tmp_path)
    assert (result.state, [fault.text for fault in result.faults]) == (state, [told])


def test_a_file_that_a_recorder_has_open_is_no_fault_and_another_of_its_is_left_to_it(
    tmp_path: Path,
) -> None:
    day = tmp_path / "03" / "2026-11-22"
    day.mkdir(parents=True)
    _old_leftover(day)
    part = day / f"{STEM}.mkv.part"
    with InstanceLock(tmp_path / ".lock" / "recorder-03"):
        with part.open("rb"):
            result = _check(day)
            assert (result.state, result.faults) == ("open", [])
            assert result.notes == [f"is being written by process {os.getpid()}"]
        result = _check(day)
        assert (result.state, result.faults) == ("unfinished", [])
        assert result.notes == [
            f"was left unfinished; the recorder, process {os.getpid()}, repairs it"
        ]


def test_a_file_that_grew_just_now_counts_as_open_without_a_lock(tmp_path: Path) -> None:
    write_video(tmp_path / f"{STEM}.mkv.part", _EVEN, closed=False)
    assert _check(tmp_path / STEM).state == "open"


def test_a_video_from_elsewhere_is_decoded_and_compared_with_nothing(tmp_path: Path) -> None:
    video = write_video(tmp_path / "mouse.mkv", _PAUSED, tags={}, key_every=90)
    result = _check(video)
    assert (result.faults, result.decoded) == ([], 100)
    assert result.notes == ["there is no manifest to compare it with"]


def test_labels_that_are_not_finished_yet_are_no_fault(tmp_path: Path) -> None:
    video = write_video(tmp_path / f"{STEM}.mkv", _EVEN)
    (tmp_path / f"{STEM}.journal.part").write_text("")
    result = _check(video)
    assert result.faults == []
    assert result.notes == ["its labels are not finished: there is no manifest to compare it with"]


def test_each_segment_is_found_once_by_whatever_name(tmp_path: Path) -> None:
    video = write_recorded(tmp_path)
    (tmp_path / ".state").mkdir()
    write_video(tmp_path / ".state" / "hidden.mkv", _EVEN[:3])
    names = [tmp_path, tmp_path / "03", video.parent, video, video.with_suffix("")]
    names += [video.with_suffix(".csv"), video.with_suffix(".json")]
    found, refusals = find_segments([str(name) for name in names])
    assert [files.video for files in found] == [video]
    assert refusals == []


def test_what_is_not_there_is_refused_in_one_sentence(tmp_path: Path) -> None:
    found, refusals = find_segments([str(tmp_path / "a"), str(tmp_path / "b" / "c"), str(tmp_path)])
    assert found == []
    assert [one.message for one in refusals] == [
        f"{tmp_path}/a: no such file, segment or folder",
        f"{tmp_path}/b/c: No such file or directory",
        f"{tmp_path}: holds no segment and no video",
    ]


def test_a_check_stops_when_it_is_told(tmp_path: Path) -> None:
    (files,), _ = find_segments([str(write_recorded(tmp_path))])
    with pytest.raises(CheckStopped):
        check_segment(files, quick=True, on_frame=lambda frames: frames > 10)


def test_damaged_files_of_others_give_sentences(shared_data: Path) -> None:
    found, _ = find_segments([str(shared_data / "damaged")])
    results = {files.video.name: check_segment(files, quick=False) for files in found}
    assert len(results) == 9
    assert results["lpms_zero-frame.ts"].faults[0].text == "holds no frame"
    assert results["decord_corrupted.mp4"].decoded == 48
    assert all("\n" not in fault.text for one in results.values() for fault in one.faults)
