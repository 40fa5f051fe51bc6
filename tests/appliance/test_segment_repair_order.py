"""`ethoprofiler segment repair`: what is left to others, and what is told of each file."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import pytest
from click.testing import CliRunner, Result

from appliance.main import main
from appliance.segment_check import check_segment
from appliance.segment_fault import SegmentResult
from appliance.segment_files import find_segments
from capture_hw.ebml import read_index
from capture_hw.segment_hold import held, is_held
from tests.capture_hw.scripted_camera import wait_until
from tests.recorded_segment import STEM, write_video

_EVEN: Final = tuple(range(0, 4000, 40))
_SEEK_POSITION: Final = b"\x53\xac"
"""Source: RFC 9559, 5.1.1.1.2. The last one leads to the cues."""
_ROOT: Final = Path(__file__).parents[2]
_PARTS: Final = "03/*/*.mkv.part"
_RECORDER: Final = [sys.executable, "-m", "tests.capture_hw.recorder_process"]


def _segment(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["segment", *map(str, arguments)])


def _check(path: Path) -> SegmentResult:
    (files,), _ = find_segments([str(path)])
    return check_segment(files, quick=True)


def _age(path: Path) -> None:
    os.utime(path, (time.time() - 60, time.time() - 60))


@pytest.fixture
def halted(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A recorder without a lock in its data folder that has written nothing for a while."""
    command = [*_RECORDER, str(tmp_path / "03")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=_ROOT) as process:
        try:
            wait_until(lambda: any(map(is_held, tmp_path.glob(_PARTS))), "a held segment")
            os.kill(process.pid, signal.SIGSTOP)
            (part,) = tmp_path.glob(_PARTS)
            _age(part)
            yield process.pid, part
        finally:
            process.kill()


def test_what_a_recorder_writes_is_left_to_it_wherever_its_lock_lies(
    halted: tuple[int, Path],
) -> None:
    recorder, part = halted
    content = part.read_bytes()
    result = _segment("repair", part.parents[2])
    assert result.exit_code == 1
    assert result.stderr == f"{part}: process {recorder} writes or repairs it\n"
    assert part.read_bytes() == content
    checked = _check(part)
    assert (checked.state, checked.faults) == ("open", [])
    assert checked.notes == [f"is being written by process {recorder}"]


def test_a_repair_at_work_is_no_killed_one(tmp_path: Path) -> None:
    part = write_video(tmp_path / f"{STEM}.mkv.part", _EVEN, closed=False)
    (tmp_path / f"{STEM}.mkv.repair").write_bytes(b"")
    _age(part)
    with held(part):
        assert (_check(part).state, _check(part).faults) == ("open", [])
    assert len(_check(part).faults) == 2


@pytest.mark.parametrize("named", ["./x.mkv", "x.mkv", "..//{folder}//x.mkv", "x"])
def test_a_video_is_named_by_any_path_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    video = write_video(tmp_path / "x.mkv", _EVEN, closed=False, tags={})
    result = _segment("repair", named.format(folder=tmp_path.name))
    assert "x.mkv: repaired, 99 frames, 3.9 s\n" in result.stdout
    assert read_index(video).has_cues


def test_a_folder_names_no_finished_video(tmp_path: Path) -> None:
    write_video(tmp_path / "x.mkv", _EVEN, closed=False, tags={})
    assert _segment("repair", tmp_path).stdout == "there is nothing to repair\n"


def test_a_leftover_whose_video_is_there_is_said_to_be_removed(tmp_path: Path) -> None:
    part = write_video(tmp_path / f"{STEM}.mkv.part", _EVEN, closed=False)
    write_video(tmp_path / f"{STEM}.mkv", _EVEN)
    _age(part)
    assert _segment("repair", tmp_path).stdout == f"{part}: removed, its video is there\n"
    assert not part.exists()


def test_a_leftover_whose_video_was_broken_off_is_said_to_be_kept(tmp_path: Path) -> None:
    part = write_video(tmp_path / f"{STEM}.mkv.part", _EVEN, closed=False)
    write_video(tmp_path / f"{STEM}.mkv", _EVEN[:50], closed=False)
    _age(part)
    assert _segment("repair", tmp_path).stdout == (
        f"{part}: its video is there without all that it holds, kept as {STEM}.mkv.unreadable\n"
    )
    assert (tmp_path / f"{STEM}.mkv.unreadable").exists()


def test_a_damaged_header_stops_no_repair_of_the_files_behind_it(tmp_path: Path) -> None:
    first = write_video(tmp_path / "a.mkv", _EVEN, tags={})
    content = first.read_bytes()
    place = content.rindex(_SEEK_POSITION, 0, 200) + len(_SEEK_POSITION)
    first.write_bytes(content[:place] + b"\x88" + b"\xff" * 8 + content[place + 9 :])
    second = write_video(tmp_path / "b.mkv", _EVEN, closed=False, tags={})
    result = _segment("repair", first, second)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert f"{second}: repaired, 99 frames, 3.9 s\n" in result.stdout


def test_a_video_that_a_repair_would_cost_something_is_refused(tmp_path: Path) -> None:
    video = tmp_path / "mouse.mkv"
    with av.open(str(video), "w", options={"live": "1"}) as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode(None))
    content = video.read_bytes()
    result = _segment("repair", video)
    assert result.exit_code == 1
    assert result.stderr == (
        f"{video}: holds mpeg4, not H.264, which a repair would lose; it is left as it is\n"
    )
    assert video.read_bytes() == content
