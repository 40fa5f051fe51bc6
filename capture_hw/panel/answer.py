"""What the words of a panel's answers mean, taken strictly.

Every function takes the words behind the verb and raises ValueError, with what is wrong in words,
for anything that the protocol does not say. Source: docs/panel-protocol.md, "Commands".
"""

import re
from dataclasses import dataclass
from typing import Final, TypeVar, get_args

from capture_hw.light_plan import Era
from capture_hw.panel.program import MOST_ERAS, MOST_SPANS
from capture_hw.panel.state import (
    ClockSource,
    Lamp,
    LampState,
    ResetCause,
    RunningOverride,
    SensorReading,
)
from capture_hw.photoperiod import LightSpan, Phase, Photoperiod

Words = tuple[str, ...]
Parsed = TypeVar("Parsed")
_NONE: Final = "-"
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,9}")
_SIGNED: Final = re.compile(r"0|-?[1-9][0-9]{0,9}")
_CRC: Final = re.compile(r"[0-9A-F]{4}")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,24}")
_OVERRIDE: Final = re.compile(r"(white|ir):([0-9]+):([0-9]+)")
_MOST: Final = 2**32 - 1
_FULL: Final = 1000
_RAW: Final = 1023
_TRIM: Final = 20_000
_MS_PER_S: Final = 1000


@dataclass(frozen=True, slots=True)
class Names:
    """The answer to `identify`."""

    model: str
    firmware: str
    serial_number: str
    protocol: int


@dataclass(frozen=True, slots=True)
class Limits:
    """The answer to `limits`."""

    ir_floor_permille: int
    longest_override_s: int
    most_eras: int
    most_spans: int
    has_rtc: bool


@dataclass(frozen=True, slots=True)
class Uptime:
    """The answer to `uptime`."""

    up_s: float
    resets: int
    cause: ResetCause


@dataclass(frozen=True, slots=True)
class Light:
    """The answer to `state`."""

    phase: Phase
    white: LampState
    ir: LampState
    program_crc: int | None
    overrides: tuple[RunningOverride, ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """The answer to `clock`."""

    utc_ns: int | None
    source: ClockSource
    next_change_utc_s: int | None


@dataclass(frozen=True, slots=True)
class Counters:
    """The answer to `counters`."""

    host_silent_s: float
    commands: int
    bad_lines: int
    lost_bytes: int


@dataclass(frozen=True, slots=True)
class ProgramHead:
    """The answer to `program`."""

    ir_permille: int
    eras: int
    spans: int
    crc: int


def names(words: Words) -> Names:
    """Parse the answer to `identify`."""
    model, firmware, serial_number, protocol = _count(words, 4)
    for name in (model, firmware, serial_number):
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name")
    return Names(model, firmware, serial_number, number(protocol, 65_535))


def limits(words: Words) -> Limits:
    """Parse the answer to `limits`."""
    floor, override, eras, spans, rtc = _count(words, 5)
    if rtc not in ("rtc", _NONE):
        raise ValueError(f"{rtc!r} is neither 'rtc' nor '-'")
    return Limits(number(floor, _FULL), number(override), number(eras), number(spans), rtc == "rtc")


def uptime(words: Words) -> Uptime:
    """Parse the answer to `uptime`."""
    up_ms, resets, cause = _count(words, 3)
    for known in get_args(ResetCause):
        if cause == known:
            return Uptime(number(up_ms) / _MS_PER_S, number(resets, 65_535), known)
    raise ValueError(f"{cause!r} is no cause of a reset")


def light(words: Words) -> Light:
    """Parse the answer to `state`."""
    phase, *levels, crc, override = _count(words, 7)
    white_commanded, white_measured, ir_commanded, ir_measured = levels
    return Light(
        _phase(phase),
        LampState(number(white_commanded, _FULL), optional(white_measured, _FULL)),
        LampState(number(ir_commanded, _FULL), optional(ir_measured, _FULL)),
        None if crc == _NONE else crc_of(crc),
        () if override == _NONE else tuple(_override(word) for word in override.split(",")),
    )


def clock(words: Words) -> Clock:
    """Parse the answer to `clock`."""
    utc_s, ms, offset_min, source, change = _count(words, 5)
    signed(offset_min, -840, 840)
    since_ms = number(ms, 999)
    if words == (_NONE, "0", "0", "none", _NONE):
        return Clock(None, "none", None)
    for known in get_args(ClockSource):
        if source == known != "none":
            utc_ns = number(utc_s) * 1_000_000_000 + since_ms * 1_000_000
            return Clock(utc_ns, known, optional(change))
    raise ValueError(f"{source!r} is no source of a time")


def counters(words: Words) -> Counters:
    """Parse the answer to `counters`."""
    host_ms, commands, bad, overrun, loop_us = _count(words, 5)
    number(loop_us)
    return Counters(
        number(host_ms) / _MS_PER_S,
        number(commands, 65_535),
        number(bad, 65_535),
        number(overrun, 65_535),
    )


def program_head(words: Words) -> ProgramHead | None:
    """Parse the answer to `program`."""
    if words == (_NONE, "0", "0", _NONE, "0"):
        return None
    ir_permille, eras, spans, crc, generation = _count(words, 5)
    number(generation, 65_535)
    return ProgramHead(
        number(ir_permille, _FULL),
        number(eras, MOST_ERAS),
        number(spans, MOST_SPANS),
        crc_of(crc),
    )


def era(words: Words, position: int, spans: tuple[LightSpan, ...]) -> tuple[Era, int]:
    """Parse the answer to `era`: the era with spans from the front of `spans`, and how many."""
    n, from_utc_s, zero, cycle_s, own = _count(words, 5)
    _at(n, position)
    count = number(own, len(spans))
    photoperiod = Photoperiod(number(zero), number(cycle_s), spans[:count])
    return Era(number(from_utc_s), photoperiod), count


def span(words: Words, position: int) -> LightSpan:
    """Parse the answer to `span`."""
    n, start_s, from_permille, to_permille = _count(words, 4)
    _at(n, position)
    return LightSpan(number(start_s), number(from_permille, _FULL), number(to_permille, _FULL))


def sensors(words: Words) -> SensorReading:
    """Parse the answer to `sense`."""
    *readings, trim = _count(words, 5)
    white_raw, ir_raw, white_full, ir_full = (optional(word, _RAW) for word in readings)
    return SensorReading(white_raw, ir_raw, white_full, ir_full, signed(trim, -_TRIM, _TRIM))


def number(word: str, most: int = _MOST) -> int:
    """Parse a decimal integer without sign or leading zeros."""
    if not _NUMBER.fullmatch(word) or int(word) > most:
        raise ValueError(f"{word!r} is no number up to {most}")
    return int(word)


def signed(word: str, least: int, most: int) -> int:
    """Parse a decimal integer without leading zeros."""
    if not _SIGNED.fullmatch(word) or not least <= int(word) <= most:
        raise ValueError(f"{word!r} is no number from {least} to {most}")
    return int(word)


def optional(word: str, most: int = _MOST) -> int | None:
    """Parse a number or `-`."""
    return None if word == _NONE else number(word, most)


def crc_of(word: str) -> int:
    """Parse four hexadecimal digits."""
    if not _CRC.fullmatch(word):
        raise ValueError(f"{word!r} is no CRC")
    return int(word, 16)


def _count(words: Words, count: int) -> Words:
    if len(words) != count:
        raise ValueError(f"{len(words)} words instead of {count}")
    return words


def _at(word: str, position: int) -> None:
    if number(word) != position:
        raise ValueError(f"{word} instead of {position}")


def _phase(word: str) -> Phase:
    for known in get_args(Phase):
        if word == known:
            phase: Phase = known
            return phase
    raise ValueError(f"{word!r} is no phase")


def _override(word: str) -> RunningOverride:
    form = _OVERRIDE.fullmatch(word)
    if form is None:
        raise ValueError(f"{word!r} is no override")
    lamp: Lamp = "white" if form[1] == "white" else "ir"
    return RunningOverride(lamp, number(form[2], _FULL), number(form[3]) / _MS_PER_S)
