"""What animals go through at a change of the photoperiod: unusual nights and days."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from capture_hw.light_plan import Era, LightPlan
from capture_hw.light_setting import LightSetting, photoperiod_of
from capture_hw.photoperiod import SECOND_NS, Phase

_REACH_S: Final = 3 * 259_200
"""Three of the longest cycles: whatever ends within them is seen whole."""

_JUMP_PERMILLE: Final = 10
"""The configuration's step of white light; a ramp does less in a second."""


@dataclass(frozen=True, slots=True)
class Run:
    """Light or dark without a break; an end that lies far away is not known."""

    phase: Phase
    from_ns: int | None
    until_ns: int | None

    @property
    def length_s(self) -> int | None:
        """Return its length; None if it is longer than anyone looked."""
        if self.from_ns is None or self.until_ns is None:
            return None
        return (self.until_ns - self.from_ns) // SECOND_NS


@dataclass(frozen=True, slots=True)
class OddRun:
    """A night or day that is neither as before the change nor as after it."""

    run: Run
    usual_s: int | None
    """How long it would have been without the change; None if for ever."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A change and what lies around it: a cycle before and a cycle after."""

    at_ns: int
    runs: tuple[Run, ...]
    odd_runs: tuple[OddRun, ...]
    switches_to: Phase | None
    """What the change itself turns light to, where neither cycle would; None if it does not."""
    level_jump: tuple[int, int] | None
    """White light, per mille, before and after, where it jumps within the light phase."""
    zt_h: float
    """Zeitgeber time of the new cycle at the change."""
    zt_jump_s: int
    """How much later ZT0 comes; negative if earlier; 0 if the cycle itself changes."""


def transition(settings: Sequence[LightSetting], plan: LightPlan, index: int) -> Transition:
    """Return what happens where setting `index`, 1 or more, takes over."""
    before, after = settings[index - 1], settings[index]
    at_ns = after.from_utc_s * SECOND_NS
    runs = tuple(
        run
        for run in runs_around(plan, at_ns)
        if (run.until_ns is None or run.until_ns > at_ns - before.cycle_s * SECOND_NS)
        and (run.from_ns is None or run.from_ns < at_ns + after.cycle_s * SECOND_NS)
    )
    return Transition(
        at_ns,
        runs,
        tuple(_odd_runs(runs, before, after)),
        _switches_to(before, after),
        _level_jump(before, after),
        plan.zt_h(at_ns),
        _zt_jump_s(before, after),
    )


def runs_around(plan: LightPlan, at_ns: int) -> Iterator[Run]:
    """Yield light and dark in turn, from some cycles before a moment to some after it."""
    begin_ns, end_ns = at_ns - _REACH_S * SECOND_NS, at_ns + _REACH_S * SECOND_NS
    phase, from_ns = plan.phase(begin_ns), None
    for part in plan.parts(begin_ns, end_ns):
        if part.phase != phase:
            yield Run(phase, from_ns, part.from_ns)
            phase, from_ns = part.phase, part.from_ns
    yield Run(phase, from_ns, None)


def _odd_runs(runs: Sequence[Run], before: LightSetting, after: LightSetting) -> Iterator[OddRun]:
    usual = {(run.phase, run.length_s) for one in (before, after) for run in _usual_runs(one)}
    at_ns = after.from_utc_s * SECOND_NS
    for run in runs:
        if run.length_s is None or (run.phase, run.length_s) in usual:
            continue
        assert run.from_ns is not None
        setting = before if run.from_ns < at_ns else after
        yield OddRun(run, _usual_s(setting, run.from_ns))


def _usual_runs(setting: LightSetting) -> Iterator[Run]:
    return runs_around(_alone(setting), setting.from_utc_s * SECOND_NS)


def _usual_s(setting: LightSetting, at_ns: int) -> int | None:
    """Return the length of the run in which a moment lies if there is only this setting."""
    for run in runs_around(_alone(setting), at_ns):
        if run.until_ns is None or run.until_ns > at_ns:
            return run.length_s
    return None


def _alone(setting: LightSetting) -> LightPlan:
    return LightPlan((Era(0, photoperiod_of(setting)),))


def _switches_to(before: LightSetting, after: LightSetting) -> Phase | None:
    at_ns = after.from_utc_s * SECOND_NS
    old, new = photoperiod_of(before), photoperiod_of(after)
    stays = old.phase(at_ns) == old.phase(at_ns - 1) and new.phase(at_ns) == new.phase(at_ns - 1)
    return new.phase(at_ns) if stays and old.phase(at_ns) != new.phase(at_ns) else None


def _level_jump(before: LightSetting, after: LightSetting) -> tuple[int, int] | None:
    """Return levels that differ where it is light before and after, by either cycle."""
    if before.is_constant and after.is_constant:
        return None  # no moment would be better
    at_ns = after.from_utc_s * SECOND_NS
    old, new = photoperiod_of(before), photoperiod_of(after)
    if "dark" in {one.phase(ns) for one in (old, new) for ns in (at_ns - 1, at_ns)}:
        return None
    levels = old.white_permille(at_ns - 1), new.white_permille(at_ns)
    return levels if abs(levels[1] - levels[0]) >= _JUMP_PERMILLE else None


def _zt_jump_s(before: LightSetting, after: LightSetting) -> int:
    if before.cycle_s != after.cycle_s:
        return 0
    later_s = (after.zero_utc_s - before.zero_utc_s) % after.cycle_s
    return later_s if 2 * later_s <= after.cycle_s else later_s - after.cycle_s
