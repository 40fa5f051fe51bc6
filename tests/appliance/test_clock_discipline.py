"""Measuring and trimming a panel's clock, with quartzes and noise of our own."""

import random
from dataclasses import dataclass, field

import pytest

from appliance.clock_discipline import ClockDiscipline

HOUR_S = 3600


@dataclass
class Drifting:
    """A clock with an error, a trim, and a host that reads it late by some milliseconds."""

    error_ppm: float
    takes_trims: bool = True
    trim_ppm: int = 0
    off_s: float = 0.0
    trims: list[int] = field(default_factory=list)
    settings: int = 0

    def run(self, hours: float, every_s: float = 10.0, noise_s: float = 0.01) -> None:
        """Keep it as a panel's clock is kept: trimmed if that is due, set when a second is off."""
        noise = random.Random(1)
        discipline = ClockDiscipline()
        at_s = 0.0
        while at_s < hours * HOUR_S:
            rate_ppm = self.error_ppm + (self.trim_ppm if self.takes_trims else 0)
            self.off_s += every_s * rate_ppm / 1e6
            at_s += every_s
            discipline.note(at_s, self.off_s - noise.random() * noise_s)
            is_set_due = abs(self.off_s) > 1.0
            error_ppm = discipline.error_ppm(is_set_due=is_set_due)
            if error_ppm is not None:
                wanted_ppm = discipline.trim(error_ppm, self.trim_ppm)
                if wanted_ppm is not None:
                    discipline.trimmed(error_ppm)
                    self.trim_ppm = wanted_ppm
                    self.trims.append(wanted_ppm)
            if is_set_due:
                self.off_s = 0.0
                self.settings += 1
                discipline.restart()


@pytest.mark.parametrize("error_ppm", [300.0, -300.0, 37.4, 5000.0, -12_000.0])
def test_a_wrong_clock_ends_within_three_ppm(error_ppm: float) -> None:
    clock = Drifting(error_ppm)
    clock.run(hours=14, every_s=2)
    assert abs(error_ppm + clock.trim_ppm) <= 3
    assert len(clock.trims) <= 4
    assert clock.settings <= 3


def test_one_trim_is_enough_for_a_clock_that_is_far_too_fast() -> None:
    # 1 / 1.005 is 0.995025: a trim of -5000 would leave 25 ppm, two seconds a day.
    assert ClockDiscipline().trim(5000, 0) == -4975


def test_trims_come_ever_closer_and_never_swing() -> None:
    clock = Drifting(250.0)
    clock.run(hours=200)
    errors = [abs(250 + trim) for trim in clock.trims]
    assert errors == sorted(errors, reverse=True)
    assert len(errors) <= 3


def test_a_clock_that_is_right_is_left_alone() -> None:
    clock = Drifting(0.8)
    clock.run(hours=100, noise_s=0.05)
    assert (clock.trims, clock.settings) == ([], 0)


def test_a_clock_that_takes_no_trims_is_trimmed_twice_a_day_and_else_only_set() -> None:
    clock = Drifting(300.0, takes_trims=False)
    clock.run(hours=24)
    assert clock.trims == [-300, -600]
    assert clock.settings == pytest.approx(24 * HOUR_S * 300e-6, abs=2)


def keeps_being_trimmed(errors_ppm: list[int]) -> list[bool]:
    """Return for each error that is measured whether trims are still held to be of use."""
    discipline = ClockDiscipline()
    useful = []
    for error_ppm in errors_ppm:
        if discipline.trim(error_ppm, 0) is not None:
            discipline.trimmed(error_ppm)
        useful.append(not discipline.is_useless)
    return useful


@pytest.mark.parametrize(
    ("errors_ppm", "expected"),
    [
        ([5000, 40, -60, -60, 150], [True] * 5),
        ([300, 250, 30, 28], [True] * 4),
        ([300, -290, 290], [True] * 3),
        ([300, 250, 210], [True, True, False]),
        ([-300, -300, -300], [True, True, False]),
        ([20, 20, 20, 20], [True] * 4),
    ],
)
def test_only_errors_of_one_sign_and_size_say_that_trims_have_no_effect(
    errors_ppm: list[int], expected: list[bool]
) -> None:
    assert keeps_being_trimmed(errors_ppm) == expected


def test_a_trim_that_the_panel_did_not_keep_is_held_against_nobody() -> None:
    discipline = ClockDiscipline()
    found = [discipline.trim(5000, 0) for _ in range(5)]
    assert (found, discipline.is_useless) == ([-4975] * 5, False)


def useless() -> ClockDiscipline:
    discipline = ClockDiscipline()
    discipline.note(0.0, 0.0)
    assert discipline.trim(10, -20_000) is None
    return discipline


@pytest.mark.parametrize(
    ("second", "is_useless"), [(1, True), (24 * HOUR_S - 1, True), (24 * HOUR_S, False)]
)
def test_trims_that_do_not_help_are_tried_again_after_a_day(
    second: float, is_useless: bool
) -> None:
    discipline = useless()
    discipline.note(second, 0.0)
    assert discipline.is_useless is is_useless


def test_trims_that_do_not_help_are_tried_again_with_another_panel() -> None:
    discipline = useless()
    discipline.forget_trims()
    assert not discipline.is_useless


def test_that_a_trim_is_at_its_bound_is_said_once_a_day() -> None:
    discipline = ClockDiscipline()
    told = 0
    for second in range(0, 30 * HOUR_S, 10):
        discipline.note(second, second * 15e-6)
        error_ppm = discipline.error_ppm(is_set_due=False)
        told += error_ppm is not None and discipline.trim(error_ppm, -20_000) is None
    assert told == 2


def test_a_trim_has_a_bound() -> None:
    discipline = ClockDiscipline()
    assert discipline.trim(30_000, 0) == -20_000
    assert discipline.trim(10, -20_000) is None


def test_a_step_of_a_clock_is_no_drift() -> None:
    discipline = ClockDiscipline()
    for second in range(0, 4000, 10):
        discipline.note(second, 0.0)
    discipline.note(4000, 30.0)
    assert discipline.error_ppm(is_set_due=True) is None
    for second in range(4010, 7500, 10):
        discipline.note(second, 30.0)
    assert discipline.error_ppm(is_set_due=False) is None


def test_an_hour_must_pass_before_a_slow_error_is_believed() -> None:
    discipline = ClockDiscipline()
    found = []
    for second in range(0, 4000, 10):
        discipline.note(second, second * 100e-6)
        found.append(discipline.error_ppm(is_set_due=False))
    assert found[:360] == [None] * 360
    assert found[360] == 100


def test_what_may_be_noise_is_not_believed() -> None:
    noise = random.Random(1)
    discipline = ClockDiscipline()
    for second in range(61):
        discipline.note(second, noise.random() * 0.1)
    assert discipline.error_ppm(is_set_due=True) is None
