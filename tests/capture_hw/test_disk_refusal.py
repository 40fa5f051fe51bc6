"""A disk that fails while a segment is put on it: nothing is named that may not be there."""

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from capture_hw import earlier_recording
from capture_hw.data_volume import mark_data_folder
from capture_hw.earlier_recording import EarlierRecording
from capture_hw.segment_clock import Clock
from capture_hw.segment_journal import journal_path, read_journal
from tests.capture_hw.encoded import FedChain
from tests.capture_hw.scripted_camera import luma_frames, plan, times_ms, wait_until

_START_NS: Final = 10**12


class _Disk:
    """Refuses a call as often as it is told, for paths in a folder that end in a certain way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self._folder: Final = f"{folder}/"
        self.refused: list[str] = []
        self.made: list[str] = []
        """Names of the calls that came through."""
        self._due: dict[tuple[str, str], int] = {}
        for name in ("fdatasync", "fsync", "replace"):
            monkeypatch.setattr(os, name, self._call(name, getattr(os, name)))

    def refuse(self, name: str, ending: str, times: int) -> None:
        self._due[name, ending] = times

    def _call(self, name: str, real: Callable[..., None]) -> Callable[..., None]:
        def call(target: "int | str | Path", *rest: Any) -> None:
            is_open = isinstance(target, int)
            path = str(Path(f"/proc/self/fd/{target}").readlink() if is_open else target)
            if not path.startswith(self._folder):  # of a thread that outlives its test
                real(target, *rest)
                return
            for (refused, ending), times in self._due.items():
                if times and refused == name and path.endswith(ending):
                    self._due[refused, ending] = times - 1
                    self.refused.append(path)
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
            real(target, *rest)
            self.made.append(name)

        return call


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> _Disk:
    return _Disk(monkeypatch, tmp_path)


def _fed(folder: Path, earlier: EarlierRecording | None = None, count: int = 20) -> FedChain:
    fed = FedChain(plan(folder), Clock(), earlier)
    fed.feed(luma_frames(_START_NS, range(count)))
    return fed


@pytest.mark.parametrize("ending", [".mkv.part", ".journal.part"])
def test_what_the_disk_refused_once_is_never_given_its_name(
    tmp_path: Path, disk: _Disk, ending: str
) -> None:
    fed = _fed(tmp_path)
    disk.refuse("fdatasync" if "mkv" in ending else "fsync", ending, times=1)
    wait_until(lambda: bool(disk.refused), "the refusal")
    fed.chain.close("storage refused")
    assert fed.chain.join(10)
    assert list(tmp_path.glob("*/*.mkv")) == []
    (part,) = tmp_path.glob("*/*.mkv.part")
    assert part.stat().st_size > 0


def test_what_the_disk_refuses_at_the_very_end_is_repaired_by_the_same_run(
    tmp_path: Path, disk: _Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier_recording, "_RETRY_S", 0.05)
    mark_data_folder(tmp_path)
    folder = tmp_path / "03"
    folder.mkdir()
    earlier = EarlierRecording(folder, 3, 0)
    fed = _fed(folder, earlier)
    earlier.start()
    assert earlier.wait_searched(5)
    disk.refuse("fsync", ".mkv.part", times=1)
    fed.chain.close()
    assert fed.chain.join(10)
    wait_until(lambda: bool(list(folder.glob("*/*.mkv"))), "the repair")
    earlier.stop()
    assert earlier.join(5)
    (video,) = folder.glob("*/*.mkv")
    assert times_ms(video) == [number * 40 for number in range(20)]
    end = read_journal(journal_path(video)).end
    assert end is not None
    assert end.frames == 20


def test_a_name_that_was_given_is_only_put_on_the_disk_again(tmp_path: Path, disk: _Disk) -> None:
    fed = _fed(tmp_path)
    (day,) = tmp_path.glob("*-*-*")
    wait_until(lambda: "fdatasync" in disk.made, "the sync of the folder before")
    disk.refuse("fsync", day.name, times=1)
    fed.chain.close()
    assert fed.chain.join(10)
    assert len(disk.refused) == 1
    assert [path.suffix for path in day.glob("*.mkv*")] == [".mkv"]


def test_a_folder_that_was_cleared_meanwhile_ends_the_matter(tmp_path: Path, disk: _Disk) -> None:
    fed = _fed(tmp_path)
    (day,) = tmp_path.glob("*-*-*")
    wait_until(lambda: "fdatasync" in disk.made, "the sync of the folder before")
    disk.refuse("fsync", day.name, times=1)
    fed.chain.close()
    wait_until(lambda: bool(disk.refused), "the refusal")
    day.rename(tmp_path / "moved on")
    assert fed.chain.join(10)


def test_closed_segments_are_waited_for_together_and_the_oldest_complains(
    tmp_path: Path, disk: _Disk
) -> None:
    disk.refuse("replace", ".mkv.part", times=1_000_000)
    fed = FedChain(plan(tmp_path), Clock())
    for number in range(4):
        fed.feed(luma_frames(_START_NS, range(20 * number, 20 * number + 20)))
        fed.chain.close()
    began_s = time.monotonic()
    assert not fed.chain.join(1.0)
    assert time.monotonic() - began_s < 1.9
    wait_until(lambda: bool(fed.chain.complaint), "the complaint")
    (oldest, *_) = sorted(tmp_path.glob("*/*.mkv.part"))
    assert fed.chain.complaint == f"{str(oldest)[:-5]}: cannot be written: Input/output error"
    assert fed.chain.fault is None
    disk.refuse("replace", ".mkv.part", times=0)
    assert fed.chain.join(10)
    assert fed.chain.complaint == ""
    assert len(list(tmp_path.glob("*/*.mkv"))) == 4
