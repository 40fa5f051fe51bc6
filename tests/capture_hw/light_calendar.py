"""Light by the calendar: another, plainer way from the configuration's words to a level.

Works on local wall time with `datetime` alone, without spans, eras or UTC.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Final

from hypothesis import strategies as st

from capture_hw.light_config import LightChange, LightConfig

SECOND_NS: Final = 1_000_000_000
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
KEYS: Final = (
    *("light_hours", "cycle_hours", "dawn_minutes", "dusk_minutes"),
    *("skeleton_minutes", "white_percent"),
)
MEMORABLE: Final = (
    *("2026-03-29T01:00", "2026-10-25T01:00", "2028-02-29T00:00", "2100-02-28T23:59"),
    *("2038-01-19T03:14", "2000-02-29T12:00", "1999-12-31T23:59", "2036-02-07T06:28"),
)
"""Daylight saving, leap days and a century without, the ends of 31 bits and of NTP's era."""


@dataclass(frozen=True)
class Due:
    """What the calendar says of a moment."""

    zt: timedelta
    white_permille: int
    phase: str


def ns_of(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND * 1000


def due(config: LightConfig, zone: timezone, panel: str | None, utc_ns: int) -> Due:
    """Return light at a moment, which is a whole microsecond."""
    now = (EPOCH + timedelta(microseconds=utc_ns // 1000)).astimezone(zone).replace(tzinfo=None)
    words = {key: getattr(config, key) for key in KEYS}
    lights_on = datetime.combine(datetime(1970, 1, 1), config.lights_on)
    for change in sorted(config.change, key=lambda one: one.at):
        if change.at > now or (change.panels and panel not in change.panels):
            continue
        cycle = timedelta(hours=words["cycle_hours"])
        lights_on += (change.at - lights_on) // cycle * cycle
        if change.lights_on is not None:
            lights_on = datetime.combine(change.at, change.lights_on)
        words |= {key: getattr(change, key) for key in KEYS if getattr(change, key) is not None}
    zt = (now - lights_on) % timedelta(hours=words["cycle_hours"])
    return Due(zt, *_white(words, zt))


def _white(words: dict[str, float], zt: timedelta) -> tuple[int, str]:
    white = int(words["white_percent"]) * 10
    light = timedelta(hours=words["light_hours"])
    dawn, dusk, pulse = (
        timedelta(minutes=words[f"{name}_minutes"]) for name in ("dawn", "dusk", "skeleton")
    )
    if words["light_hours"] == words["cycle_hours"]:
        return white, "light"
    if zt >= light:
        return 0, "dark"
    if pulse and pulse <= zt < light - pulse:
        return 0, "dark"
    if zt < dawn:
        return white * whole_s(zt) // whole_s(dawn), "light"
    if zt >= light - dusk:
        return white - white * whole_s(zt - (light - dusk)) // whole_s(dusk), "light"
    return white, "light"


def whole_s(length: timedelta) -> int:
    return length // timedelta(seconds=1)


zones = st.one_of(
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from([-14 * 60, -570, -210, 0, 60, 330, 345, 765, 14 * 60]),
).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times_of_day = st.one_of(
    st.integers(0, 86_399), st.sampled_from([0, 7 * 3600, 19 * 3600, 86_399])
).map(lambda s: time(s // 3600, s // 60 % 60, s % 60))
moments = st.one_of(
    st.integers(0, 4_291_747_199 * 1_000_000).map(lambda us: us * 1000),
    st.builds(
        lambda text, off_us: ns_of(datetime.fromisoformat(f"{text}+00:00")) + off_us * 1000,
        st.sampled_from(MEMORABLE),
        st.integers(-172_800_000_000, 172_800_000_000),
    ),
)
"""Whole microseconds of the years 1970 to 2105."""


@st.composite
def photoperiods(draw: st.DrawFn, cycles_s: tuple[int, ...]) -> dict[str, float]:
    """Draw all keys of a photoperiod that does not contradict itself."""
    cycle_s = draw(st.sampled_from(cycles_s))
    light_s = draw(st.one_of(st.integers(0, cycle_s), st.sampled_from([0, cycle_s // 2, cycle_s])))
    dawn_s = dusk_s = pulse_s = 0
    if 0 < light_s < cycle_s:
        kind = draw(st.sampled_from(["plain", "ramps", "skeleton"]))
        if kind == "ramps":
            dawn_s = draw(st.integers(0, min(light_s, 43_200)))
            dusk_s = draw(st.integers(0, min(light_s - dawn_s, 43_200)))
        if kind == "skeleton":
            pulse_s = draw(st.integers(0, min(light_s // 2, 43_200)))
    return {
        "light_hours": light_s / 3600,
        "cycle_hours": cycle_s / 3600,
        "dawn_minutes": dawn_s / 60,
        "dusk_minutes": dusk_s / 60,
        "skeleton_minutes": pulse_s / 60,
        "white_percent": draw(st.integers(1, 100)),
    }


_T_CYCLES_S: Final = (86_400, 23 * 3600, 81_000, 25 * 3600, 7200, 3600, 72 * 3600, 86_399)


@st.composite
def _changes(draw: st.DrawFn) -> tuple[LightChange, ...]:
    days = st.datetimes(datetime(2000, 1, 1), datetime(2105, 12, 31)).map(
        lambda at: at.replace(microsecond=0)
    )
    changes = []
    for at in draw(st.lists(days, max_size=4, unique=True)):
        keys: dict[str, object] = {}
        if draw(st.booleans()):
            keys |= draw(photoperiods(_T_CYCLES_S))
        if not keys or draw(st.booleans()):
            keys["lights_on"] = draw(times_of_day)
        if draw(st.booleans()):
            keys["panels"] = ("main",)
        changes.append(LightChange.model_validate({"at": at, **keys}))
    return tuple(changes)


@st.composite
def lives(draw: st.DrawFn) -> tuple[LightConfig, timezone, str | None, int]:
    """Draw a configuration, an offset, a panel or the rack, and a moment, often near a change."""
    zone = draw(zones)
    config = LightConfig.model_validate(
        {
            "lights_on": draw(times_of_day),
            "change": draw(_changes()),
            **draw(photoperiods((86_400,))),
        }
    )
    utc_ns = draw(moments)
    is_near = draw(st.booleans())
    if config.change and is_near:
        change = draw(st.sampled_from(config.change))
        off_us = draw(st.one_of(st.just(0), st.integers(-90_000_000_000, 90_000_000_000)))
        utc_ns = ns_of(change.at.replace(tzinfo=zone)) + off_us * 1000
    return config, zone, draw(st.sampled_from(["main", None])), utc_ns
