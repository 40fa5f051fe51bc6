"""Into which folder a cage's frames go, on real volumes that fill, vanish and refuse."""

import subprocess
from pathlib import Path

import pytest

from capture_hw.data_volume import MARKER, mark_data_folder
from capture_hw.error import StorageError
from capture_hw.storage_room import StorageRoom
from tests.capture_hw.scripted_camera import wait_until
from tests.small_disk import small_disk


class _Watch:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def _returns(room: StorageRoom, folder: Path) -> bool:
    try:
        return room.check(resuming=True) == folder
    except StorageError:
        return False


def _rests(room: StorageRoom, spool: Path) -> bool:
    return room.check(resuming=False) == spool and "again and again" in room.reason


def test_without_a_spool_the_main_folder_or_nothing(tmp_path: Path) -> None:
    room = StorageRoom(tmp_path / "data" / "03", 0)
    with pytest.raises(StorageError, match="the volume with the recordings is not mounted"):
        room.check(resuming=False)
    mark_data_folder(tmp_path / "data")
    assert room.check(resuming=True) == tmp_path / "data" / "03"
    assert room.reason == ""


def test_only_the_volume_with_the_wanted_mark_is_written_to(tmp_path: Path) -> None:
    data = tmp_path / "data"
    mark_data_folder(data, "rack-7")
    assert (data / MARKER).read_text() == "rack-7\n"
    other = StorageRoom(data / "03", 0, volume="rack-8")
    with pytest.raises(StorageError, match="`rack-7` is there instead of `rack-8`"):
        other.check(resuming=False)
    assert not (data / "03").exists()
    room = StorageRoom(data / "03", 0, volume="rack-7")
    assert room.check(resuming=False) == data / "03"


def test_the_spool_takes_over_while_the_main_volume_is_away_and_gives_back(tmp_path: Path) -> None:
    main, spool = tmp_path / "data" / "03", tmp_path / "spool" / "03"
    mark_data_folder(main.parent)
    mark_data_folder(spool.parent)
    room = StorageRoom(main, 0, spool=spool)
    assert room.check(resuming=False) == main
    main.parent.rename(tmp_path / "away")
    assert room.check(resuming=False) == spool
    assert room.reason == (
        f"recording to the spool: {main.parent}: the volume with the recordings is not mounted"
    )
    assert not main.parent.exists()
    (tmp_path / "away").rename(main.parent)
    assert room.check(resuming=False) == main
    assert room.reason == ""


def test_a_full_main_volume_hands_over_to_the_spool_with_a_margin_before_the_return(
    tmp_path: Path,
) -> None:
    spool = tmp_path / "spool" / "03"
    mark_data_folder(spool.parent)
    with small_disk(tmp_path / "data", "10m") as data:
        mark_data_folder(data)
        room = StorageRoom(data / "03", 5_000_000, spool=spool)
        filler = data / "filler"
        assert room.check(resuming=False) == data / "03"
        filler.write_bytes(bytes(5_600_000))
        assert room.check(resuming=False) == spool
        assert "MB free, recording needs" in room.reason
        filler.write_bytes(bytes(5_400_000))  # above the limit, but within a fiftieth of the disk
        assert room.check(resuming=False) == spool
        filler.write_bytes(bytes(5_000_000))
        assert room.check(resuming=False) == data / "03"


def test_when_both_are_full_both_are_named(tmp_path: Path) -> None:
    main, spool = tmp_path / "data" / "03", tmp_path / "spool" / "03"
    mark_data_folder(main.parent)
    mark_data_folder(spool.parent)
    room = StorageRoom(main, 10**18, spool=spool)
    with pytest.raises(StorageError) as refusal:
        room.check(resuming=False)
    sentence = str(refusal.value)
    assert sentence.startswith(f"{main}: ")
    assert f"; and the spool does not help: {spool}: " in sentence
    assert room.reason == ""


def test_a_folder_that_refused_is_believed_again_after_it_took_a_trial(tmp_path: Path) -> None:
    main = tmp_path / "data" / "03"
    mark_data_folder(main.parent)
    room = StorageRoom(main, 0)
    assert room.check(resuming=False) == main
    with pytest.raises(StorageError, match="is being tried again"):
        room.check(resuming=True)
    wait_until(lambda: _returns(room, main), "the trial", timeout_s=5)
    assert list(main.iterdir()) == []


def test_a_read_only_volume_is_refused_at_once_and_taken_when_it_is_writable(
    tmp_path: Path,
) -> None:
    spool = tmp_path / "spool" / "03"
    mark_data_folder(spool.parent)
    with small_disk(tmp_path / "data", "10m") as data:
        mark_data_folder(data)
        room = StorageRoom(data / "03", 0, spool=spool)
        assert room.check(resuming=False) == data / "03"
        subprocess.run(["mount", "-o", "remount,ro", str(data)], check=True)
        assert room.check(resuming=False) == spool
        assert "is on a volume that is mounted read-only" in room.reason
        subprocess.run(["mount", "-o", "remount,rw", str(data)], check=True)
        assert room.check(resuming=False) == data / "03"


def test_a_volume_that_refuses_again_and_again_is_left_alone_for_longer(tmp_path: Path) -> None:
    main, spool = tmp_path / "data" / "03", tmp_path / "spool" / "03"
    mark_data_folder(main.parent)
    mark_data_folder(spool.parent)
    watch = _Watch()
    room = StorageRoom(main, 0, spool=spool, monotonic_s=watch)
    assert room.check(resuming=False) == main
    for rest_s in (2, 4, 8, 16, 32, 64, 120, 120):
        assert room.check(resuming=True, refusal=f"{main}: sick") == spool
        assert room.reason == f"recording to the spool: {main}: sick"
        wait_until(lambda: _rests(room, spool), "the end of the trial")
        watch.now_s += rest_s - 0.1
        assert room.check(resuming=False) == spool
        watch.now_s += 0.1
        assert room.check(resuming=False) == main
    watch.now_s += 60.0
    assert room.check(resuming=True) == spool
    wait_until(lambda: room.check(resuming=False) == main, "no rest after a good minute")
