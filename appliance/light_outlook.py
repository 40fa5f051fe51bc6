"""The light that a configuration gives: which panels share a plan, and its parts in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from appliance.config import RackConfig
from capture_hw.light_plan import LightPart, LightPlan
from capture_hw.light_setting import LightSetting, plan_of, settings_of
from capture_hw.photoperiod import SECOND_NS


@dataclass(frozen=True, slots=True)
class Outlook:
    """One plan and all that live by it."""

    panels: tuple[str, ...]
    """Empty if it is the rack's and no panel has it."""
    cages: tuple[int, ...]
    """Those that name one of these panels."""
    bare_cages: tuple[int, ...]
    """Those that name no panel, if the plan is the rack's too."""
    settings: tuple[LightSetting, ...]
    """As many as the plan has eras, in the same order."""
    plan: LightPlan


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """A part of a plan, which ends at the latest where another photoperiod begins."""

    part: LightPart
    zt_h: float
    """At its begin."""
    begins_era: bool


def outlooks(config: RackConfig, panel: str | None = None) -> list[Outlook]:
    """Return the plans of all panels, each once, or that of one panel.

    The rack's own plan, by which messages count Zeitgeber time, comes first where a cage or no
    panel at all goes by it.
    """
    if panel is not None:
        return [_outlook(config, (panel,), ())]
    bare = tuple(cage.number for cage in config.cage if cage.panel is None)
    own = tuple(settings_of(config.lights, config.standard_time))
    groups: dict[tuple[LightSetting, ...], list[str]] = {}
    if bare or not config.lights.panel:
        groups[own] = []
    for one in config.lights.panel:
        settings = tuple(settings_of(config.lights, config.standard_time, one.name))
        groups.setdefault(settings, []).append(one.name)
    return [
        _outlook(config, tuple(names), bare if settings == own else ())
        for settings, names in groups.items()
    ]


def planned_parts(plan: LightPlan, from_ns: int, until_ns: int) -> Iterator[PlannedPart]:
    """Yield light from one moment to another without holes, cut where photoperiods change."""
    starts = [era.from_utc_s * SECOND_NS for era in plan.eras[1:]]
    cuts = [from_ns, *(start for start in starts if from_ns < start < until_ns), until_ns]
    for begin_ns, end_ns in pairwise(cuts):
        for part in plan.parts(begin_ns, end_ns):
            yield PlannedPart(part, plan.zt_h(part.from_ns), part.from_ns in starts)


def _outlook(config: RackConfig, panels: tuple[str, ...], bare_cages: tuple[int, ...]) -> Outlook:
    lights, zone = config.lights, config.standard_time
    name = panels[0] if panels else None
    cages = tuple(cage.number for cage in config.cage if cage.panel in panels)
    settings = tuple(settings_of(lights, zone, name))
    return Outlook(panels, cages, bare_cages, settings, plan_of(lights, zone, name))
