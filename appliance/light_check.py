"""A light plan explained in words: what counts now, what changes, what is unusual about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timezone
from typing import Final

from appliance.config import RackConfig
from appliance.config_place import line_of
from appliance.light_outlook import Outlook, outlooks
from appliance.light_remark import (
    program_remarks,
    rack_remarks,
    sequence_remarks,
    setting_remarks,
    transition_remarks,
)
from appliance.light_text import length_text, moment_text
from appliance.light_transition import OddRun, Run, Transition, transition
from appliance.light_words import clock_sentences, setting_sentences
from capture_hw.light_setting import LightSetting
from capture_hw.photoperiod import SECOND_NS, Phase

_NIGHT_AND_DAY: Final[dict[Phase, str]] = {"dark": "night", "light": "day"}
_DARK_AND_LIGHT: Final[dict[Phase, str]] = {"dark": "darkness", "light": "light"}
_ENDS: Final[dict[Phase, str]] = {"dark": "lights go on", "light": "lights go off"}


@dataclass(frozen=True, slots=True)
class CheckedSetting:
    """One photoperiod in words."""

    begin: str
    """`now` or the moment, with the line of the configuration that it comes from."""
    sentences: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckedPlan:
    """One plan in words."""

    title: str
    settings: tuple[CheckedSetting, ...]
    """What counts now, then all changes to come."""
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LightCheck:
    """A configuration's light in words."""

    plans: tuple[CheckedPlan, ...]
    sentences: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def remark_count(self) -> int:
        """Return how many things are unusual."""
        own = sum(len(plan.remarks) for plan in self.plans)
        of_settings = sum(len(one.remarks) for plan in self.plans for one in plan.settings)
        return own + of_settings + len(self.remarks)


def light_check(config: RackConfig, text: str, utc_ns: int, panel: str | None) -> LightCheck:
    """Explain what is in force at a moment and comes after it; `text` is the configuration's."""
    found = outlooks(config, panel)
    settings = tuple(one for outlook in found for one in outlook.settings)
    return LightCheck(
        tuple(_checked_plan(one, config, text, utc_ns) for one in found),
        tuple(clock_sentences(settings, config.standard_time)),
        tuple(rack_remarks(config)),
    )


def title_of(outlook: Outlook) -> str:
    """Return who lives by a plan: `the rack (cage 03); panels left, right (cages 01, 02)`."""
    panels, bare = outlook.panels, outlook.bare_cages
    titles = [_with_cages("the rack", bare)] if bare or not panels else []
    if panels:
        head = f"{_number('panel', panels)} {', '.join(panels)}"
        titles.append(_with_cages(head, outlook.cages))
    return "; ".join(titles)


def _with_cages(head: str, cages: Sequence[int]) -> str:
    numbers = ", ".join(f"{cage:02d}" for cage in cages)
    return f"{head} ({_number('cage', cages)} {numbers})" if cages else head


def _checked_plan(outlook: Outlook, config: RackConfig, text: str, utc_ns: int) -> CheckedPlan:
    now = outlook.plan.eras.index(outlook.plan.era_at(utc_ns))
    settings = [
        _checked_setting(outlook, index, now, config.standard_time, text)
        for index in range(now, len(outlook.settings))
    ]
    remarks = tuple(program_remarks(outlook, config, utc_ns))
    return CheckedPlan(title_of(outlook), tuple(settings), remarks)


def _checked_setting(
    outlook: Outlook, index: int, now: int, zone: timezone, text: str
) -> CheckedSetting:
    setting = outlook.settings[index]
    sentences = [*setting_sentences(setting, zone)]
    remarks = [*setting_remarks(setting)]
    if index > now:
        before = outlook.settings[index - 1]
        found = transition(outlook.settings, outlook.plan, index)
        sentences += _transition_sentences(found, before, setting, zone)
        remarks += [*transition_remarks(found, zone), *sequence_remarks(before, setting)]
    return CheckedSetting(
        _begin(setting, zone, text, is_now=index == now), tuple(sentences), tuple(remarks)
    )


def _begin(setting: LightSetting, zone: timezone, text: str, *, is_now: bool) -> str:
    if setting.change is None:
        return "now"
    moment = moment_text(setting.from_utc_s * SECOND_NS, zone)
    line = line_of(text, ("lights", "change", setting.change, "at"))
    head = f"now, since {moment}" if is_now else f"from {moment}"
    return f"{head} (line {line})"


def _transition_sentences(
    found: Transition, before: LightSetting, after: LightSetting, zone: timezone
) -> Iterator[str]:
    has_pulses = bool(before.skeleton_s or after.skeleton_s)
    words = _DARK_AND_LIGHT if has_pulses else _NIGHT_AND_DAY
    if found.zt_jump_s:
        way = "later" if found.zt_jump_s > 0 else "earlier"
        yield f"ZT0 comes {length_text(abs(found.zt_jump_s))} {way}"
    told = [_odd_sentence(odd, words, zone) for odd in found.odd_runs]
    told += _endless(found.runs, before, after, zone)
    yield from told or [f"no {words['dark']} and no {words['light']} is of unusual length"]
    ranges = [*_ranges(found, words)]
    if ranges:
        yield f"from one cycle before this change to one after it {', '.join(ranges)}"


def _ranges(found: Transition, words: dict[Phase, str]) -> Iterator[str]:
    """Yield how long nights and days are around a change."""
    for phase, word in words.items():
        lengths_s = [run.length_s for run in found.runs if run.phase == phase and run.length_s]
        if lengths_s:
            least, most = length_text(min(lengths_s)), length_text(max(lengths_s))
            span = least if least == most else f"{least} to {most}"
            yield f"{'a ' if word in ('night', 'day') else ''}{word} lasts {span}"


def _odd_sentence(odd: OddRun, words: dict[Phase, str], zone: timezone) -> str:
    run = odd.run
    assert run.from_ns is not None
    assert run.until_ns is not None
    length_s = (run.until_ns - run.from_ns) // SECOND_NS
    head = f"the {words[run.phase]} from {moment_text(run.from_ns, zone)} lasts"
    end = f"at {moment_text(run.until_ns, zone)}"
    if odd.usual_s is None:
        return f"{head} {length_text(length_s)}: {_ENDS[run.phase]} {end}"
    difference_s = length_s - odd.usual_s
    way = "later" if difference_s > 0 else "earlier"
    return (
        f"{head} {length_text(length_s)} instead of {length_text(odd.usual_s)}: "
        f"{_ENDS[run.phase]} {length_text(abs(difference_s))} {way}, {end}"
    )


def _endless(
    runs: Sequence[Run], before: LightSetting, after: LightSetting, zone: timezone
) -> Iterator[str]:
    for run in runs:
        word = _DARK_AND_LIGHT[run.phase]
        if before.is_constant and run.from_ns is None and run.until_ns is not None:
            yield f"constant {word} ends {moment_text(run.until_ns, zone)}"
        if after.is_constant and run.until_ns is None and run.from_ns is not None:
            yield f"{word} without a break from {moment_text(run.from_ns, zone)} on"


def _number(noun: str, things: Sequence[object]) -> str:
    return noun if len(things) == 1 else f"{noun}s"
