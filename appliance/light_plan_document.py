"""Light plans for programs."""

from dataclasses import asdict
from datetime import timezone
from typing import Any, Final

from appliance.config import RackConfig
from appliance.light_check import LightCheck
from appliance.light_outlook import Outlook, PlannedPart, planned_parts
from appliance.light_text import local
from capture_hw.photoperiod import SECOND_NS

_PLAN_SCHEMA: Final = "ethoprofiler.lights-plan/1"
_CHECK_SCHEMA: Final = "ethoprofiler.lights-check/1"


def plan_document(
    config: RackConfig, found: list[Outlook], from_ns: int, until_ns: int
) -> dict[str, Any]:
    """Return all parts of all plans; moments have the offset of standard time with them."""
    zone = config.standard_time
    return {
        "schema": _PLAN_SCHEMA,
        "facility": config.rack.facility,
        "rack": config.rack.name,
        "from": _moment(from_ns, zone),
        "until": _moment(until_ns, zone),
        "plans": [_plan(outlook, from_ns, until_ns, zone) for outlook in found],
    }


def check_document(config: RackConfig, found: LightCheck) -> dict[str, Any]:
    """Return a light plan in words."""
    return {
        "schema": _CHECK_SCHEMA,
        "facility": config.rack.facility,
        "rack": config.rack.name,
        "remark_count": found.remark_count,
    } | asdict(found)


def _plan(outlook: Outlook, from_ns: int, until_ns: int, zone: timezone) -> dict[str, Any]:
    changes_ns = [one.from_utc_s * SECOND_NS for one in outlook.settings[1:]]
    parts = planned_parts(outlook.plan, from_ns, until_ns)
    return {
        "panels": outlook.panels,
        "cages": sorted([*outlook.cages, *outlook.bare_cages]),
        "changes": [_moment(at_ns, zone) for at_ns in changes_ns if from_ns <= at_ns < until_ns],
        "parts": [_part(part, zone) for part in parts],
    }


def _part(planned: PlannedPart, zone: timezone) -> dict[str, Any]:
    part = planned.part
    return {
        "from": _moment(part.from_ns, zone),
        "until": _moment(part.until_ns, zone),
        "zt_h": round(planned.zt_h, 4),
        "phase": part.phase,
        "white_percent": part.from_permille / 10,
        "white_percent_at_end": part.to_permille / 10,
    }


def _moment(utc_ns: int, zone: timezone) -> str:
    return local(utc_ns, zone).isoformat()
