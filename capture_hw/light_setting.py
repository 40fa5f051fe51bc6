"""From the configuration's words to photoperiods: what is in force after each change."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Final

from capture_hw.light_config import LightChange, LightConfig
from capture_hw.light_plan import Era, LightPlan
from capture_hw.photoperiod import LightSpan, Photoperiod

_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class LightSetting:
    """A photoperiod in the configuration's words, all of them given."""

    from_utc_s: int
    zero_utc_s: int
    """A moment of ZT0."""
    cycle_s: int
    light_s: int
    dawn_s: int
    dusk_s: int
    skeleton_s: int
    white_percent: int
    change: int | None = None
    """Position of the change that made it; None for the rack's first one."""
    given: frozenset[str] = frozenset()
    """The keys that stand in its own table; the others go on as before."""

    @property
    def is_constant(self) -> bool:
        """Whether there is no day and night."""
        return self.light_s in (0, self.cycle_s)


def settings_of(
    config: LightConfig, standard_time: timezone, panel: str | None = None
) -> list[LightSetting]:
    """Return what is in force one after the other, for a panel or, without one, for the rack.

    A change that names panels does not count for the rack.
    """
    first = LightSetting(
        from_utc_s=0,
        zero_utc_s=_utc_s(datetime(1970, 1, 2), config.lights_on, standard_time) % _DAY_S,
        cycle_s=_DAY_S,
        light_s=round(config.light_hours * 3600),
        dawn_s=round(config.dawn_minutes * 60),
        dusk_s=round(config.dusk_minutes * 60),
        skeleton_s=round(config.skeleton_minutes * 60),
        white_percent=config.white_percent,
        given=frozenset(config.model_fields_set),
    )
    settings = [first]
    changes = [
        (position, change)
        for position, change in enumerate(config.change)
        if not change.panels or panel in change.panels
    ]
    for position, change in sorted(changes, key=lambda one: one[1].at):
        settings.append(_changed(settings[-1], change, position, standard_time))
    return settings


def plan_of(config: LightConfig, standard_time: timezone, panel: str | None = None) -> LightPlan:
    """Return the plan of a panel or, without one, of the rack."""
    settings = settings_of(config, standard_time, panel)
    return LightPlan(tuple(Era(one.from_utc_s, photoperiod_of(one)) for one in settings))


def photoperiod_of(setting: LightSetting) -> Photoperiod:
    """Return what a setting means."""
    spans = tuple(_spans(setting))
    return Photoperiod(setting.zero_utc_s % setting.cycle_s, setting.cycle_s, spans)


def setting_faults(setting: LightSetting) -> Iterator[tuple[str, str]]:
    """Yield what contradicts itself in a setting: the key, and why in one sentence.

    The key is one that its own table gives; what is taken over is its own table's fault.
    """
    for keys, reason in _faults(setting):
        given = [key for key in keys if key in setting.given]
        if given:
            yield given[0], reason


def _faults(setting: LightSetting) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the keys that disagree, and why."""
    light_s = setting.light_s
    light, cycle = _hours(light_s), _hours(setting.cycle_s)
    if light_s > setting.cycle_s:
        reason = f"{light} of light do not fit into a cycle of {cycle}"
        yield ("light_hours", "cycle_hours"), reason
        return
    dawn, dusk, skeleton = (
        f"{seconds / 60:g} min" for seconds in (setting.dawn_s, setting.dusk_s, setting.skeleton_s)
    )
    if setting.is_constant:
        for key, length_s in (
            ("dawn_minutes", setting.dawn_s),
            ("dusk_minutes", setting.dusk_s),
            ("skeleton_minutes", setting.skeleton_s),
        ):
            if length_s:
                yield (key,), f"{light} of light in {cycle} have no lights on and off"
        return
    ramps = ("dusk_minutes", "dawn_minutes")
    if setting.skeleton_s and (setting.dawn_s or setting.dusk_s):
        reason = f"pulses of {skeleton} cannot have a dawn of {dawn} or a dusk of {dusk}"
        yield ("skeleton_minutes", *ramps), reason
    if setting.dawn_s + setting.dusk_s > light_s:
        reason = f"a dawn of {dawn} and a dusk of {dusk} are longer than {light} of light"
        yield (*ramps, "light_hours"), reason
    if 2 * setting.skeleton_s > light_s:
        reason = f"two pulses of {skeleton} are longer than {light} of light"
        yield ("skeleton_minutes", "light_hours"), reason


def _changed(
    before: LightSetting, change: LightChange, position: int, standard_time: timezone
) -> LightSetting:
    from_utc_s = _utc_s(change.at, change.at.time(), standard_time)
    cycle_s = before.cycle_s if change.cycle_hours is None else round(change.cycle_hours * 3600)
    if change.lights_on is not None:
        zero_utc_s = _utc_s(change.at, change.lights_on, standard_time)
    else:
        # The last ZT0 before the change: Zeitgeber time goes on, whatever the new cycle.
        zero_utc_s = from_utc_s - (from_utc_s - before.zero_utc_s) % before.cycle_s
    # Constant light stays constant in another cycle.
    light_s = cycle_s if before.light_s == before.cycle_s else before.light_s
    return replace(
        before,
        from_utc_s=from_utc_s,
        zero_utc_s=zero_utc_s,
        cycle_s=cycle_s,
        light_s=_seconds(change.light_hours, 3600, light_s),
        dawn_s=_seconds(change.dawn_minutes, 60, before.dawn_s),
        dusk_s=_seconds(change.dusk_minutes, 60, before.dusk_s),
        skeleton_s=_seconds(change.skeleton_minutes, 60, before.skeleton_s),
        white_percent=change.white_percent or before.white_percent,
        change=position,
        given=frozenset(change.model_fields_set),
    )


def _spans(setting: LightSetting) -> Iterator[LightSpan]:
    white = setting.white_percent * 10
    light_s, skeleton_s = setting.light_s, setting.skeleton_s
    if setting.is_constant:
        yield LightSpan(0, white if light_s else 0, white if light_s else 0)
        return
    if skeleton_s and 2 * skeleton_s < light_s:
        yield LightSpan(0, white, white)
        yield LightSpan(skeleton_s, 0, 0)
        yield LightSpan(light_s - skeleton_s, white, white)
    else:
        if setting.dawn_s:
            yield LightSpan(0, 0, white)
        if setting.dawn_s + setting.dusk_s < light_s:
            yield LightSpan(setting.dawn_s, white, white)
        if setting.dusk_s:
            yield LightSpan(light_s - setting.dusk_s, white, 0)
    yield LightSpan(light_s, 0, 0)


def _utc_s(day: datetime, at: time, standard_time: timezone) -> int:
    moment = datetime.combine(day.date(), at, standard_time)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)


def _seconds(given: float | None, unit_s: int, before_s: int) -> int:
    return before_s if given is None else round(given * unit_s)


def _hours(seconds: int) -> str:
    return f"{seconds / 3600:g} h"
