"""Telling a disk that hangs from a process that was held up."""

from pathlib import Path

from capture_hw.data_volume import mark_data_folder
from capture_hw.hang_watch import HangWatch
from capture_hw.storage_place import StoragePlace
from tests.capture_hw.scripted_camera import wait_until


class _Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def _look(watch: HangWatch, clock: _Clock, step: int, seconds: float) -> None:
    for _ in range(round(seconds * 10)):
        clock.now_s += 0.1
        watch.look(step)


def _place(data: Path) -> StoragePlace:
    mark_data_folder(data)
    return StoragePlace(data / "03", 0, None)


def test_a_step_hangs_after_a_second_and_a_half_and_not_when_it_goes_on(tmp_path: Path) -> None:
    clock = _Clock()
    watch = HangWatch([_place(tmp_path)], clock)
    watch.look(1)
    seen = []
    for step, seconds in ((1, 1.4), (1, 0.2), (2, 0.1)):
        _look(watch, clock, step, seconds)
        seen.append(watch.hangs)
    assert seen == [False, True, False]


def test_a_process_that_was_held_up_does_not_blame_the_disk(tmp_path: Path) -> None:
    clock = _Clock()
    watch = HangWatch([_place(tmp_path)], clock)
    _look(watch, clock, 1, 0.3)
    clock.now_s += 60
    _look(watch, clock, 1, 0.1)
    assert not watch.hangs


def test_another_writer_has_the_whole_time_again(tmp_path: Path) -> None:
    clock = _Clock()
    watch = HangWatch([_place(tmp_path)], clock)
    _look(watch, clock, 1, 2)
    watch.begin()
    _look(watch, clock, 1, 1)
    assert not watch.hangs


def test_there_is_nowhere_to_go_without_a_second_volume(tmp_path: Path) -> None:
    clock = _Clock()
    watch = HangWatch([_place(tmp_path)], clock)
    _look(watch, clock, 1, 5)
    assert watch.hangs
    assert not watch.trials
    assert not watch.may_go_elsewhere


def test_a_volume_that_takes_data_is_where_to_go_also_when_it_comes_later(tmp_path: Path) -> None:
    clock = _Clock()
    watch = HangWatch([_place(tmp_path / "a"), _place(tmp_path / "b")], clock)
    for name in "ab":
        (tmp_path / name).rename(tmp_path / f"{name} away")
    _look(watch, clock, 1, 1.5)
    wait_until(lambda: all(trial.is_over for trial in watch.trials.values()), "the trials")
    assert not watch.may_go_elsewhere
    (tmp_path / "b away").rename(tmp_path / "b")
    _look(watch, clock, 1, 2.5)
    wait_until(lambda: watch.may_go_elsewhere, "a volume")
    assert watch.trials[tmp_path / "b" / "03"].has_succeeded
    assert not watch.trials[tmp_path / "a" / "03"].has_succeeded
