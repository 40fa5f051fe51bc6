"""What `ethoprofiler dataset sample` does not cut, and how it says so."""

from pathlib import Path

import pytest

from tests.appliance.sampled_rack import EVERY, even, names, sample, table, write_segment
from tests.small_disk import small_disk


def test_what_is_not_finished_is_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    video = write_segment(data, 3, "2026-11-22T06:00:00", even(6))
    bare = write_segment(data, 3, "2026-11-22T12:00:00", even(6))
    growing = write_segment(data, 3, "2026-11-22T18:00:00", even(6))
    bare.with_suffix(".json").unlink()
    growing.rename(growing.with_name(growing.name + ".part"))
    result = sample(data, tmp_path / "out", *EVERY)
    assert result.exit_code == 0
    assert names(tmp_path / "out") == [f"{video.stem[:-2]}_s0_n125.mkv"]
    assert f"{bare.stem}: left out, it has no manifest yet" in result.stderr
    assert growing.stem not in result.stderr


def test_a_damaged_recording_is_named_and_the_others_are_cut(tmp_path: Path) -> None:
    damaged = write_segment(tmp_path / "data", 3, "2026-11-22T06:00:00", even(6))
    write_segment(tmp_path / "data", 3, "2026-11-22T12:00:00", even(6))
    damaged.write_bytes(b"nothing")
    result = sample(tmp_path / "data", tmp_path / "out", *EVERY)
    assert result.exit_code == 1
    assert f"{damaged}: not a readable video" in result.stderr
    assert names(tmp_path / "out") == ["03_20261122_1200_s0_n125.mkv"]
    assert len(table(tmp_path / "out")) == 1


@pytest.mark.parametrize(
    ("cage", "animal", "message"),
    [
        (3, "m18", "Error: cage 03 held m17 and m18: choose the time of one of them"),
        (4, "m17", "Error: m17 was in cages 03 and 04: choose one of them"),
    ],
)
def test_animals_that_the_layout_cannot_tell_apart_are_refused_before_a_clip_is_cut(
    tmp_path: Path, cage: int, animal: str, message: str
) -> None:
    write_segment(tmp_path / "data", 3, "2026-11-22T06:00:00", even(6))
    write_segment(tmp_path / "data", cage, "2026-11-22T12:00:00", even(6), animal=animal)
    result = sample(tmp_path / "data", tmp_path / "out", *EVERY)
    assert result.exit_code == 1
    assert result.stderr.startswith(message)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--every", "5m", "--length", "10m"), 1, "clips of 0:10:00 every 0:05:00"),
        (("--every", "7m"), 1, "every 0:07:00 does not divide a day into equal parts"),
        (("--every", "soon"), 2, "`soon` is not a number with s, m or h, such as 30m"),
        (("--cage", "9"), 1, "there is no recording of cage 09"),
        (("--from", "2027-01-01"), 1, "holds no finished recording of what is asked for"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    tmp_path: Path, options: tuple[str, ...], code: int, message: str
) -> None:
    write_segment(tmp_path / "data", 3, "2026-11-22T06:00:00", even(2))
    result = sample(tmp_path / "data", tmp_path / "out", *options)
    assert result.exit_code == code
    assert message in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_one_sentence_and_the_next_run_goes_on(tmp_path: Path) -> None:
    write_segment(tmp_path / "data", 3, "2026-11-22T06:00:00", even(56))
    with small_disk(tmp_path / "small", "256k") as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(200_000))
        result = sample(tmp_path / "data", disk / "out", *EVERY)
        assert result.exit_code == 1
        assert result.stderr.count("\n") == 1
        assert "No space left on device" in result.stderr
        assert not list((disk / "out").glob("*.part"))
        ballast.unlink()
        assert sample(tmp_path / "data", disk / "out", *EVERY).exit_code == 0
        assert len(names(disk / "out")) == 6
