"""A panel's day, and a rack's, in one sentence."""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import timezone
from typing import Final

from appliance.light_report import UNSEEN_S, PanelReport, Verdict
from appliance.light_report_day import PanelDay
from appliance.light_report_deviation import Deviation, DeviationKind
from appliance.light_report_piece import Span, is_lit, total_s
from appliance.light_text import clock_text, length_text

_OPENING: Final[dict[Verdict, str]] = {
    "as planned": "Light was as planned",
    "not as planned": "Not as planned",
    "not fully observed": "Not fully observed",
}
_KINDS: Final[tuple[DeviationKind, ...]] = (
    "white light in the dark",
    "light at another time",
    "too little white light",
    "too much white light",
    "infrared too weak",
)
"""The worst for an animal first."""


def panel_verdict(day: PanelDay) -> Verdict:
    """Return what a panel's day comes to: a deviation counts more than what nobody saw."""
    if day.deviations:
        return "not as planned"
    return "not fully observed" if total_s(unseen(day)) > UNSEEN_S else "as planned"


def panel_sentence(day: PanelDay, zone: timezone) -> str:
    """Return why, without the panel's name."""
    return f"{_OPENING[panel_verdict(day)]}: {'; '.join(_parts(day, zone))}."


def rack_verdict(panels: Sequence[PanelReport]) -> Verdict:
    """Return the worst of the panels' verdicts."""
    verdicts = {panel.verdict for panel in panels}
    if "not as planned" in verdicts:
        return "not as planned"
    return "not fully observed" if "not fully observed" in verdicts else "as planned"


def rack_sentence(panels: Sequence[PanelReport], until: str | None) -> str:
    """Return one sentence about all panels; `until` is the time of day that it reaches to."""
    verdict = rack_verdict(panels)
    names = [f"panel {panel.panel}" for panel in panels if panel.verdict == verdict]
    opening = _OPENING[verdict]
    if until is not None:
        opening = f"Until {until}: {opening[0].lower()}{opening[1:]}"
    if len(panels) == 1:
        return f"{opening}: {names[0]}: {_rest(panels[0])}"
    if verdict == "as planned":
        return f"{opening}: {', '.join(names)}."
    parts = [
        f"panel {panel.panel}: {_rest(panel).rstrip('.')}"
        for panel in panels
        if panel.verdict == verdict
    ]
    others = len(panels) - len(names)
    rest = f"; {others} other panels are listed below" if others > 1 else ""
    rest = "; 1 other panel is listed below" if others == 1 else rest
    return f"{opening}: {'; '.join(parts)}{rest}."


def unseen(day: PanelDay) -> list[Span]:
    """Return the pieces of which nothing is known."""
    return [piece.span for piece in day.pieces if piece.hole]


def length(seconds: float) -> str:
    """Return a length as people read it; whatever lasted is at least a second."""
    return length_text(math.ceil(seconds))


def _rest(panel: PanelReport) -> str:
    return panel.sentence.split(": ", 1)[1]


def _parts(day: PanelDay, zone: timezone) -> Iterator[str]:
    for kind in _KINDS:
        found = [one for one in day.deviations if one.kind == kind]
        if found:
            yield _deviation(kind, found, zone)
    hidden = unseen(day)
    if hidden:
        begin = clock_text(hidden[0][0], zone)
        times = f"from {begin}" if len(_joined(hidden)) == 1 else f"first at {begin}"
        yield f"{length(total_s(hidden))} not observed, {times}"
    yield _delivered(day)
    if has_white_sensor(day) and (gone_s := unmeasured_s(day)):
        yield f"{length(gone_s)} of it commanded, but not measured"
    if day.overrides:
        count = len(day.overrides)
        yield "1 override, listed" if count == 1 else f"{count} overrides, listed"


def _deviation(kind: DeviationKind, found: Sequence[Deviation], zone: timezone) -> str:
    lasted_s = total_s((one.from_ns, one.until_ns) for one in found)
    levels = [one.worst for one in found]
    if kind == "light at another time":
        worst = f"clock off by {max(levels, key=abs):+.1f} s"
    else:
        is_low = kind in ("too little white light", "infrared too weak")
        worst = f"{min(levels) if is_low else max(levels)} %"
    begin = clock_text(found[0].from_ns, zone)
    times = f"from {begin}" if len(found) == 1 else f"{len(found)} times, first at {begin}"
    return f"{kind} for {length(lasted_s)}, {times}, {worst} at worst"


def _delivered(day: PanelDay) -> str:
    lit_s, dark_s = delivered_s(day)
    return f"{length_text(round(lit_s))} of light and {length_text(round(dark_s))} of darkness seen"


def delivered_s(day: PanelDay) -> tuple[float, float]:
    """Return how long light and darkness were observed."""
    lit = [piece.span for piece in day.pieces if piece.seen is not None and is_lit(piece.seen)]
    dark = [piece.span for piece in day.pieces if piece.seen is not None and not is_lit(piece.seen)]
    return total_s(lit), total_s(dark)


def has_white_sensor(day: PanelDay) -> bool:
    """Return whether white light was measured at all."""
    return any(row.white_measured is not None for row in day.rows)


def unmeasured_s(day: PanelDay) -> float:
    """Return how long white light was observed by the command only."""
    return total_s(
        piece.span
        for piece in day.pieces
        if piece.seen is not None and piece.seen.white_measured is None
    )


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for from_ns, until_ns in spans:
        if joined and joined[-1][1] == from_ns:
            joined[-1] = (joined[-1][0], until_ns)
        else:
            joined.append((from_ns, until_ns))
    return joined
