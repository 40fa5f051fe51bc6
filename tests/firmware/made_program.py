"""Programs by chance, as far as a panel can run them, and the moments at which they are close."""

from hypothesis import strategies as st

from capture_hw.light_plan import Era
from capture_hw.panel.program import MOST_ERAS, MOST_SPANS, PanelProgram
from capture_hw.photoperiod import LightSpan, Photoperiod

_LEVEL = st.one_of(st.just(0), st.integers(0, 1000))
_END_S = 2**32 - 1


@st.composite
def programs(draw: st.DrawFn) -> PanelProgram:
    """Draw any program that a panel must run."""
    moments = draw(st.lists(st.integers(0, _END_S), min_size=1, max_size=MOST_ERAS, unique=True))
    most = MOST_SPANS // len(moments)
    eras = tuple(Era(moment, draw(_photoperiods(most))) for moment in sorted(moments))
    return PanelProgram(draw(st.integers(250, 1000)), eras)


@st.composite
def _photoperiods(draw: st.DrawFn, most_spans: int) -> Photoperiod:
    cycle_s = draw(st.one_of(st.integers(1, 259_200), st.sampled_from([82_800, 86_400, 100_800])))
    starts = draw(st.sets(st.integers(0, cycle_s - 1), max_size=most_spans - 1)) | {0}
    spans = tuple(
        LightSpan(start_s, *draw(st.tuples(_LEVEL, _LEVEL))) for start_s in sorted(starts)
    )
    return Photoperiod(draw(st.integers(0, cycle_s - 1)), cycle_s, spans[:most_spans])


@st.composite
def moments_of(draw: st.DrawFn, program: PanelProgram, count: int) -> list[int]:
    """Draw moments, half of them a second around where something changes."""
    moments: list[int] = []
    for _ in range(count // 2):
        at_s = draw(st.integers(0, _END_S))
        moments.append(at_s)
        ends_s = program.plan.era_at(at_s * 10**9).photoperiod.span_at(at_s * 10**9)[2] // 10**9
        moments.append(min(_END_S, max(0, ends_s + draw(st.integers(-1, 1)))))
    starts = [era.from_utc_s + step for era in program.eras for step in (-1, 0)]
    return moments + [start for start in starts if start >= 0]
