"""A light plan in a panel's bytes."""

import struct
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from capture_hw.light_config import LightChange, LightConfig
from capture_hw.light_plan import Era, LightPlan
from capture_hw.light_setting import plan_of
from capture_hw.panel.program import MOST_ERAS, MOST_SPANS, PanelProgram, program_of
from capture_hw.photoperiod import SECOND_NS, LightSpan, Photoperiod
from tests.capture_hw.light_calendar import lives, moments

DAY_S: Final = 86_400
BERLIN: Final = timezone(timedelta(hours=1))


def crc_bit_by_bit(image: bytes) -> int:
    """CRC-16/IBM-3740 by its definition."""
    crc = 0xFFFF
    for byte in image:
        crc ^= byte << 8
        for _bit in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return crc


def read_image(image: bytes) -> PanelProgram:
    """Read an image after the protocol's page."""
    ir, era_count, span_count = struct.unpack_from("<HBB", image)
    first_span = 4 + 14 * era_count
    spans = [
        LightSpan(*struct.unpack_from("<IHH", image, first_span + 8 * number))
        for number in range(span_count)
    ]
    eras = []
    for number in range(era_count):
        begin, zero, cycle, first, count = struct.unpack_from("<IIIBB", image, 4 + 14 * number)
        own = tuple(spans[first : first + count])
        eras.append(Era(begin, Photoperiod(zero, cycle, own)))
    assert len(image) == first_span + 8 * span_count
    return PanelProgram(ir, tuple(eras))


def days_apart(count: int, spans: int = 2) -> LightPlan:
    """Return a plan with an era a day."""
    parts = tuple(LightSpan(3600 * number, number % 2, number % 2) for number in range(spans))
    return LightPlan(
        tuple(Era(DAY_S * day, Photoperiod(day, DAY_S, parts)) for day in range(count))
    )


def from_days(program: PanelProgram) -> list[int]:
    return [era.from_utc_s // DAY_S for era in program.eras]


def test_seven_to_seven_in_berlin_in_bytes() -> None:
    program = program_of(plan_of(LightConfig(), BERLIN), 100, 0)
    assert program.image.hex(" ") == (
        "e8 03 01 02 "  # infrared 1000, one era, two spans
        "00 00 00 00 60 54 00 00 80 51 01 00 00 02 "  # always, ZT0 at 06:00 UTC, 24 h, spans 0, 1
        "00 00 00 00 58 02 58 02 "  # 600 from ZT0
        "c0 a8 00 00 00 00 00 00"  # dark from ZT12
    )
    assert program.crc == crc_bit_by_bit(program.image)


def test_a_changed_program_in_bytes() -> None:
    change = LightChange(at=datetime(2026, 12, 1), lights_on=time(1), dawn_minutes=30)
    program = program_of(plan_of(LightConfig(change=(change,)), BERLIN), 25, 0)
    assert program.image.hex(" ") == (
        "fa 00 02 05 "
        "00 00 00 00 60 54 00 00 80 51 01 00 00 02 "
        "f0 ff 0d 6b 00 00 00 00 80 51 01 00 02 03 "  # 2026-11-30T23:00Z, ZT0 at 00:00 UTC
        "00 00 00 00 58 02 58 02 c0 a8 00 00 00 00 00 00 "
        "00 00 00 00 00 00 58 02 08 07 00 00 58 02 58 02 c0 a8 00 00 00 00 00 00"
    )


def test_the_crc_is_the_one_of_the_catalog() -> None:
    assert crc_bit_by_bit(b"123456789") == 0x29B1


@settings(deadline=None, max_examples=50)
@given(lives(), st.integers(25, 100))
def test_an_image_has_all_of_a_plan(
    life: tuple[LightConfig, timezone, str | None, int], ir_percent: int
) -> None:
    config, zone, panel, utc_ns = life
    plan = plan_of(config, zone, panel)
    program = program_of(plan, ir_percent, utc_ns)
    assert read_image(program.image) == program
    assert program.crc == crc_bit_by_bit(program.image)
    assert (program.ir_permille, program.plan) == (ir_percent * 10, plan)


def test_of_a_plan_that_is_too_long_what_is_over_is_left_out_first() -> None:
    plan = days_apart(11)
    found = {day: from_days(program_of(plan, 100, day * DAY_S * SECOND_NS)) for day in range(11)}
    assert found[0] == [0, 1, 2, 3, 4, 5, 6, 7]
    assert found[2] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert found[3] == found[7] == found[10] == [3, 4, 5, 6, 7, 8, 9, 10]


def test_many_spans_take_the_place_of_eras() -> None:
    plan = days_apart(4, spans=14)
    assert from_days(program_of(plan, 100, 0)) == [0, 1]
    assert from_days(program_of(plan, 100, 3 * DAY_S * SECOND_NS)) == [2, 3]


def test_the_widest_program_is_what_a_panel_holds() -> None:
    program = program_of(days_apart(9, spans=5), 100, 8 * DAY_S * SECOND_NS)
    assert (len(program.eras), len(program.image)) == (8, 4 + 14 * 8 + 8 * 40)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 30), st.integers(1, 6), st.integers(0, 40 * DAY_S))
def test_what_a_panel_gets_has_its_light_now_and_fits(eras: int, spans: int, now_s: int) -> None:
    plan = days_apart(eras, spans)
    program = program_of(plan, 100, now_s * SECOND_NS)
    assert len(program.eras) <= MOST_ERAS
    assert sum(len(era.photoperiod.spans) for era in program.eras) <= MOST_SPANS
    assert program.plan.era_at(now_s * SECOND_NS) == plan.era_at(now_s * SECOND_NS)


@settings(deadline=None, max_examples=50)
@given(lives(), moments)
def test_no_photoperiod_of_the_configuration_is_too_long(
    life: tuple[LightConfig, timezone, str | None, int], utc_ns: int
) -> None:
    program = program_of(plan_of(*life[:3]), 100, utc_ns)
    assert max(len(era.photoperiod.spans) for era in program.eras) <= 4


def test_the_last_moment_of_a_configuration_fits_into_32_bits() -> None:
    change = LightChange(at=datetime(2105, 12, 31, 23, 59, 59), light_hours=0)
    plan = plan_of(LightConfig(change=(change,)), timezone(timedelta(hours=-14)))
    assert read_image(program_of(plan, 100, 0).image).eras[1].from_utc_s == 4_291_797_599


def test_the_first_moment_of_a_configuration_is_after_1970() -> None:
    change = LightChange(at=datetime(2000, 1, 1), light_hours=0)
    plan = plan_of(LightConfig(change=(change,)), UTC)
    assert [era.from_utc_s for era in plan.eras] == [0, 946_684_800]
