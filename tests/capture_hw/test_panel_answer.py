"""What the words of an answer mean; anything else is nonsense, whatever its CRC says."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture_hw.light_plan import Era
from capture_hw.panel import answer
from capture_hw.panel.state import LampState, RunningOverride, SensorReading
from capture_hw.photoperiod import LightSpan, Photoperiod

SPANS: Final = (LightSpan(0, 600, 600), LightSpan(43_200, 0, 0))
PARSERS: Final[dict[str, Callable[[tuple[str, ...]], object]]] = {
    "identify": answer.names,
    "limits": answer.limits,
    "uptime": answer.uptime,
    "state": answer.light,
    "clock": answer.clock,
    "counters": answer.counters,
    "program": answer.program_head,
    "era": partial(answer.era, position=1, spans=SPANS),
    "span": partial(answer.span, position=1),
    "sense": answer.sensors,
}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("identify nano-panel 1.2 A_07 1", answer.Names("nano-panel", "1.2", "A_07", 1)),
        ("limits 250 3600 8 40 rtc", answer.Limits(250, 3600, 8, 40, has_rtc=True)),
        ("limits 250 3600 8 40 -", answer.Limits(250, 3600, 8, 40, has_rtc=False)),
        ("uptime 1500 65535 watchdog", answer.Uptime(1.5, 65_535, "watchdog")),
        (
            "state light 600 598 1000 - 91F3 -",
            answer.Light("light", LampState(600, 598), LampState(1000, None), 0x91F3, ()),
        ),
        (
            "state dark 300 - 500 0 - white:300:59500,ir:500:2000",
            answer.Light(
                "dark",
                LampState(300, None),
                LampState(500, 0),
                None,
                (RunningOverride("white", 300, 59.5), RunningOverride("ir", 500, 2.0)),
            ),
        ),
        ("clock - 0 0 none -", answer.Clock(None, "none", None)),
        (
            "clock 1795374000 250 -120 rtc 1795417200",
            answer.Clock(1_795_374_000_250_000_000, "rtc", 1_795_417_200),
        ),
        (
            "clock 4294967295 999 840 host -",
            answer.Clock(4_294_967_295_999_000_000, "host", None),
        ),
        ("counters 1000 17 2 0 850", answer.Counters(1.0, 17, 2, 0)),
        ("program - 0 0 - 0", None),
        ("program 1000 1 2 A1B2 65535", answer.ProgramHead(1000, 1, 2, 0xA1B2)),
        (
            "era 1 0 25200 86400 2",
            (Era(0, Photoperiod(25_200, 86_400, SPANS)), 2),
        ),
        ("span 1 43200 0 1000", LightSpan(43_200, 0, 1000)),
        ("sense 512 - 800 1023 -150", SensorReading(512, None, 800, 1023, -150)),
    ],
)
def test_every_answer_is_understood(text: str, meaning: object) -> None:
    verb, *words = text.split()
    assert PARSERS[verb](tuple(words)) == meaning


@pytest.mark.parametrize(
    "text",
    [
        "identify nano-panel 1.2 A_07",
        "identify nano-panel 1.2 A:07 1",
        "identify nano-panel 1.2 AAAAAAAAAAAAAAAAAAAAAAAAA 1",
        "identify nano-panel 1.2 A07 one",
        "limits 1001 3600 8 40 rtc",
        "limits 250 3600 8 40 yes",
        "uptime 1.5 3 power",
        "uptime 1500 65536 power",
        "uptime 4294967296 3 power",
        "uptime 1500 3 magic",
        "state light 600 598 1000 - 91F3",
        "state dusk 600 598 1000 - 91F3 -",
        "state light 1001 598 1000 - 91F3 -",
        "state light -1 598 1000 - 91F3 -",
        "state light - 598 1000 - 91F3 -",
        "state light 600 598 1000 - 91f3 -",
        "state light 600 598 1000 - 091F3 -",
        "state light 600 598 1000 - 91F3 white:300",
        "state light 600 598 1000 - 91F3 blue:300:1",
        "state light 600 598 1000 - 91F3 white:1001:1",
        "state light 600 598 1000 - 91F3 white:300:1,",
        "clock - 0 0 host -",
        "clock 5 0 0 none -",
        "clock 05 0 0 host -",
        "clock 5 1000 0 host -",
        "clock 5 0 841 host -",
        "clock 5 0 -0 host -",
        "clock 4294967296 0 0 host -",
        "counters 1000 17 2 0",
        "counters 1000 65536 2 0 850",
        "program - 0 0 - 1",
        "program 1000 9 2 A1B2 1",
        "program 1000 1 41 A1B2 1",
        "era 0 0 25200 86400 2",
        "era 1 0 25200 86400 3",
        "span 2 43200 0 0",
        "span 1 43200 0 1001",
        "sense 512 - 800 1024 -150",
        "sense 512 - 800 1023 -20001",
        "sense 512 - 800 1023 +5",
    ],
)
def test_nonsense_is_refused(text: str) -> None:
    verb, *words = text.split()
    with pytest.raises(ValueError, match=r"is no|neither|instead of"):
        PARSERS[verb](tuple(words))


@given(
    st.sampled_from(sorted(PARSERS)),
    st.lists(st.text(max_size=12) | st.integers().map(str), max_size=8).map(tuple),
)
def test_no_words_do_worse_than_being_refused(verb: str, words: tuple[str, ...]) -> None:
    with suppress(ValueError):
        PARSERS[verb](words)
