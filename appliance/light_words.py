"""A photoperiod in words, for people who are responsible for animals."""

from collections.abc import Iterator
from datetime import timedelta, timezone
from typing import Final

from appliance.light_text import clock_text, length_text, moment_text, offset_text
from capture_hw.light_setting import LightSetting, photoperiod_of
from capture_hw.photoperiod import SECOND_NS

_DAY_S: Final = 86_400
_NOON_S: Final = 43_200
_SUMMER_OFFSETS_MIN: Final = frozenset(
    round(60 * hours) for hours in (*range(-10, 3), -3.5, 9.5, 10, 10.5, 11, 12, 12.75)
)
"""Standard times with places that set clocks forward in summer. Source: IANA time zones, 2026."""


def setting_sentences(setting: LightSetting, zone: timezone) -> Iterator[str]:
    """Yield what animals live by, from the day on on which the setting begins."""
    white = f"white light {setting.white_percent} %"
    if setting.light_s == 0:
        yield "constant darkness (DD)"
    elif setting.is_constant:
        yield f"constant light (LL), {white}"
    elif setting.cycle_s == _DAY_S:
        yield f"{_ratio(setting)}: light {_hours_of_day(setting, zone)}, {white}"
        yield from _noon(setting, zone)
    else:
        light, dark = setting.light_s, setting.cycle_s - setting.light_s
        yield (
            f"a cycle of {length_text(setting.cycle_s)}: {length_text(light)} of light, "
            f"{length_text(dark)} of dark, {white}"
        )
    if setting.skeleton_s:
        yield _skeleton(setting)
    if setting.dawn_s:
        yield f"light rises over {length_text(setting.dawn_s)} from lights on"
    if setting.dusk_s:
        yield f"light falls over {length_text(setting.dusk_s)} until lights off"
    yield from _counting(setting, zone)


def clock_sentences(settings: tuple[LightSetting, ...], zone: timezone) -> Iterator[str]:
    """Yield what standard time means for people whose clocks change in summer."""
    yield (
        f"All times are standard time, {offset_text(zone)}, all year: animals get no day of 23 or "
        "25 hours."
    )
    offset_min = zone.utcoffset(None) // timedelta(minutes=1)
    daily = [one for one in settings if one.cycle_s == _DAY_S and not one.is_constant]
    if offset_min not in _SUMMER_OFFSETS_MIN or not daily:
        return
    on_ns = daily[-1].zero_utc_s * SECOND_NS
    summer_ns = on_ns + 3600 * SECOND_NS
    yield (
        f"Where clocks are set forward in summer, lights on at {clock_text(on_ns, zone)} is "
        f"{clock_text(summer_ns, zone)} on them then."
    )


def _ratio(setting: LightSetting) -> str:
    light_h, dark_h = setting.light_s / 3600, (setting.cycle_s - setting.light_s) / 3600
    return f"LD {light_h:g}:{dark_h:g}"


def _hours_of_day(setting: LightSetting, zone: timezone) -> str:
    on_ns = setting.zero_utc_s * SECOND_NS
    off_ns = on_ns + setting.light_s * SECOND_NS
    return f"from {clock_text(on_ns, zone)} to {clock_text(off_ns, zone)}"


def _noon(setting: LightSetting, zone: timezone) -> Iterator[str]:
    """Say it where staff at work are in the animals' night."""
    offset_s = zone.utcoffset(None) // timedelta(seconds=1)
    noon_ns = (_NOON_S - offset_s) * SECOND_NS
    # Of a skeleton, too, the subjective day counts, not its pulses.
    if photoperiod_of(setting).zt_ns(noon_ns) >= setting.light_s * SECOND_NS:
        yield "reversed: it is night at noon"


def _skeleton(setting: LightSetting) -> str:
    pulse = length_text(setting.skeleton_s)
    return (
        f"skeleton: light only in the first {pulse} and the last {pulse} of the "
        f"{length_text(setting.light_s)}, dark between"
    )


def _counting(setting: LightSetting, zone: timezone) -> Iterator[str]:
    """Yield how the cycle lies in the day."""
    zero_ns = setting.zero_utc_s * SECOND_NS
    if setting.cycle_s == _DAY_S:
        if setting.is_constant:
            yield f"Zeitgeber time counts on, ZT0 at {clock_text(zero_ns, zone)}"
        return
    name = "ZT0" if setting.is_constant else "lights on"
    first_ns = zero_ns
    if zero_ns < setting.from_utc_s * SECOND_NS:
        first_ns += setting.cycle_s * SECOND_NS
    yield f"{name} at {moment_text(first_ns, zone)}, then {_rhythm(setting.cycle_s)}"


def _rhythm(cycle_s: int) -> str:
    every = f"every {length_text(cycle_s)}"
    drift_s = cycle_s - _DAY_S
    if _DAY_S % cycle_s == 0:
        return f"{every}, at the same times each day"
    if abs(drift_s) < _DAY_S // 2:
        way = "later" if drift_s > 0 else "earlier"
        return f"{every}: {length_text(abs(drift_s))} {way} each time"
    return every
