"""What is allowed in a light plan and yet may not be what was meant."""

from collections.abc import Iterator
from datetime import timezone
from typing import Final

from appliance.config import RackConfig
from appliance.light_outlook import Outlook
from appliance.light_text import length_text, moment_text, white_text, zt_text
from appliance.light_transition import Transition, runs_around
from capture_hw.light_plan import Era, LightPlan
from capture_hw.light_setting import LightSetting, photoperiod_of
from capture_hw.panel.program import program_of
from capture_hw.photoperiod import SECOND_NS

_LONGEST_RUN_S: Final = 86_400
_SHORTEST_RUN_S: Final = 3600
_WORDS: Final = {"light": "light", "dark": "darkness"}


def setting_remarks(setting: LightSetting) -> Iterator[str]:
    """Yield what is unusual in every cycle of a setting; pulses of a skeleton are meant."""
    if setting.is_constant or setting.skeleton_s:
        return
    alone = LightPlan((Era(0, photoperiod_of(setting)),))
    lengths = {
        run.phase: run.length_s
        for run in runs_around(alone, setting.from_utc_s * SECOND_NS)
        if run.length_s is not None
    }
    for phase, length_s in sorted(lengths.items()):
        if length_s > _LONGEST_RUN_S:
            yield f"each cycle has {length_text(length_s)} of {_WORDS[phase]} at a stretch"
        elif length_s < _SHORTEST_RUN_S:
            yield f"each cycle has only {length_text(length_s)} of {_WORDS[phase]}"


def transition_remarks(found: Transition, zone: timezone) -> Iterator[str]:
    """Yield what is unusual at a change."""
    if found.switches_to is not None:
        way = "on" if found.switches_to == "light" else "off"
        moment, zt = moment_text(found.at_ns, zone), zt_text(found.zt_h)
        yield f"the change itself turns light {way} at {moment}, which is {zt} of the new cycle"
    if found.level_jump is not None:
        old, new = (white_text(level, level) for level in found.level_jump)
        moment = moment_text(found.at_ns, zone)
        yield f"the change itself takes white light from {old} to {new} by day, at {moment}"
    for odd in found.odd_runs:
        length_s = odd.run.length_s
        assert length_s is not None
        assert odd.run.from_ns is not None
        since = f"from {moment_text(odd.run.from_ns, zone)}"
        if length_s > _LONGEST_RUN_S:
            yield f"{length_text(length_s)} of {_WORDS[odd.run.phase]} at a stretch, {since}"
        elif length_s < _SHORTEST_RUN_S:
            yield f"only {length_text(length_s)} of {_WORDS[odd.run.phase]}, {since}"


def sequence_remarks(before: LightSetting, after: LightSetting) -> Iterator[str]:
    """Yield what is unusual about a setting that comes after another."""
    if photoperiod_of(before) == photoperiod_of(after):
        yield "this change changes nothing here"
    passed_s = after.from_utc_s - before.from_utc_s
    if before.change is not None and passed_s < before.cycle_s:
        passed = length_text(passed_s)
        yield f"the photoperiod before it counts for {passed} only, less than a cycle"


def rack_remarks(config: RackConfig) -> Iterator[str]:
    """Yield what the configuration leaves without light of its own, or to this machine alone."""
    bare = [cage.label for cage in config.cage if cage.panel is None]
    if not config.lights.panel:
        yield "no light is controlled: the configuration has no [[lights.panel]]"
    elif bare:
        head = f"cage {bare[0]} names" if len(bare) == 1 else f"cages {', '.join(bare)} name"
        yield f"{head} no panel: Zeitgeber time there is the rack's"
    for panel in config.lights.panel:
        if panel.driver == "modbus":
            yield (
                f"panel {panel.name}: keeps no schedule; without this machine its light stays as "
                "it was"
            )


def program_remarks(outlook: Outlook, config: RackConfig, utc_ns: int) -> Iterator[str]:
    """Yield how much of a long plan the panels hold by themselves."""
    if not outlook.panels:
        return
    held = program_of(outlook.plan, config.lights.ir_percent, utc_ns).eras
    last = outlook.plan.eras.index(held[-1])
    if last + 1 < len(outlook.plan.eras):
        first_ns = outlook.plan.eras[last + 1].from_utc_s * SECOND_NS
        yield (
            "a panel holds a part of this plan: what begins "
            f"{moment_text(first_ns, config.standard_time)} and later is uploaded when earlier "
            "photoperiods are over, so this machine must run until then"
        )
