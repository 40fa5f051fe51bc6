"""Finding a panel's rhythm in pictures."""

import numpy as np
import pytest

from capture_hw.panel_blink import CODE, STEP_NS, look_for_blink

FRAME_NS = 40_000_000


def moments(count: int = 110) -> list[int]:
    return [7_000_000_000 + number * FRAME_NS for number in range(count)]


def seen(delay_ns: int, depth: float, noise: float, seed: int) -> list[float]:
    """Return the mean luma of a camera that sees the rhythm `delay_ns` late."""
    random = np.random.default_rng(seed)
    lumas = []
    for moment in moments():
        step = (moment - 7_000_000_000 - delay_ns) // STEP_NS
        dimmed = 0 <= step < len(CODE) and CODE[step] == 1
        lumas.append(90.0 - depth * dimmed + random.normal(0, noise))
    return lumas


@pytest.mark.parametrize("delay_ms", [0, 80, 250, 390])
def test_the_panel_is_seen_through_noise_and_delay(delay_ms: int) -> None:
    result = look_for_blink(moments(), seen(delay_ms * 1_000_000, 12.0, 1.0, 3), 7_000_000_000)
    assert result.is_seen
    assert result.depth == pytest.approx(12.0, abs=1.5)
    assert result.delay_ms == pytest.approx(delay_ms, abs=60)


@pytest.mark.parametrize("seed", range(20))
def test_noise_a_dark_picture_or_a_slow_drift_is_no_panel(seed: int) -> None:
    random = np.random.default_rng(seed)
    for lumas in (
        random.normal(90, 3, 110),
        np.full(110, 16.0),
        90 + 10 * np.sin(np.linspace(0, 6, 110) + seed),
    ):
        assert not look_for_blink(moments(), list(lumas), 7_000_000_000).is_seen


@pytest.mark.parametrize("period", [0.4, 0.8, 1.2, 1.6, 2.0])
def test_a_lamp_that_flickers_evenly_is_no_panel(period: float) -> None:
    lumas = [90.0 - 20 * ((moment / 1e9) % (2 * period) < period) for moment in moments()]
    assert not look_for_blink(moments(), lumas, 7_000_000_000).is_seen


def test_a_rhythm_too_faint_to_be_sure_is_not_seen() -> None:
    assert not look_for_blink(moments(), seen(0, 1.0, 0.0, 1), 7_000_000_000).is_seen


def test_too_few_pictures_are_an_error() -> None:
    with pytest.raises(ValueError, match="too few"):
        look_for_blink(moments()[:10], seen(0, 12.0, 0.0, 1)[:10], 7_000_000_000)
