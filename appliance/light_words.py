"""A photoperiod in words, for people who are responsible for animals."""

from collections.abc import Iterator
from datetime import timedelta, timezone
from typing import Final

from appliance.light_text import clock_text, length_text, moment_text, offset_text
from capture_hw.light_setting import LightSetting
from capture_hw.photoperiod import SECOND_NS

_DAY_S: Final = 86_400
_WORK_BEGINS_S: Final = 8 * 3600
_WORK_ENDS_S: Final = 18 * 3600
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
        yield from _reversed(setting, zone)
    else:
        light, dark = setting.light_s, setting.cycle_s - setting.light_s
        yield (
            f"a cycle of {length_text(setting.cycle_s)}: {length_text(light)} of light, "
            f"{length_text(dark)} of dark, {white}"
        )
    if not setting.is_constant:
        yield from _shape(setting)
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


def _reversed(setting: LightSetting, zone: timezone) -> Iterator[str]:
    """Say it where staff at work are in the middle of the animals' night."""
    # Of a skeleton, too, the subjective night counts, not the dark between its pulses.
    middle_s = setting.zero_utc_s + (setting.light_s + setting.cycle_s) // 2
    time_of_day_s = (middle_s + zone.utcoffset(None) // timedelta(seconds=1)) % _DAY_S
    if _WORK_BEGINS_S <= time_of_day_s <= _WORK_ENDS_S:
        yield f"reversed: the middle of the night is at {clock_text(middle_s * SECOND_NS, zone)}"


def _shape(setting: LightSetting) -> Iterator[str]:
    """Yield how light comes and goes within a cycle of light and dark."""
    if setting.skeleton_s:
        pulse = length_text(setting.skeleton_s)
        yield (
            f"skeleton: light only in the first {pulse} and the last {pulse} of the "
            f"{length_text(setting.light_s)}, dark between"
        )
    if setting.dawn_s:
        yield f"light rises over {length_text(setting.dawn_s)} from lights on"
    if setting.dusk_s:
        yield f"light falls over {length_text(setting.dusk_s)} until lights off"


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
