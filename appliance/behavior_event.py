"""Bouts and changes of behavior as the outside reads them."""

from collections.abc import Iterable
from typing import Final

from appliance.config import CageSection
from appliance.event import BehaviorPayload, BoutPayload, rfc3339
from appliance.outbox import Event
from capture_hw.light_plan import LightPlan
from inference.bout import BehaviorChange, Bout, Finding
from inference.ethogram import CODE_NAMES
from inference.label_file import CONFIDENCE_DECIMALS

_BEHAVIOR_SCHEMA: Final = "ethoprofiler.behavior/1"
_BOUT_SCHEMA: Final = "ethoprofiler.bout/1"
_SECOND_NS: Final = 1_000_000_000


def events_of(
    findings: Iterable[Finding], cage: CageSection, plan: LightPlan, *, is_late: bool
) -> list[Event]:
    """Return the events of findings; what a late segment found is not what the animal does now."""
    return [
        _bout_event(finding, cage, plan)
        if isinstance(finding, Bout)
        else _behavior_event(finding, cage, plan)
        for finding in findings
        if isinstance(finding, Bout) or not is_late
    ]


def _bout_event(bout: Bout, cage: CageSection, plan: LightPlan) -> Event:
    start_utc_ns = bout.first.moment.utc_ns
    payload = BoutPayload(
        behavior=CODE_NAMES[bout.code],
        start=rfc3339(start_utc_ns),
        end=rfc3339(bout.end_utc_ns),
        duration_s=round(bout.duration_ns / _SECOND_NS, 3),
        mean_confidence=round(bout.mean_confidence, CONFIDENCE_DECIMALS),
        segment=bout.first.segment,
        first_frame=bout.first.frame,
        end_segment=bout.last.segment,
        last_frame=bout.last.frame,
        animal=cage.animal,
        strain=cage.strain,
    )
    return Event(
        topic=f"cage/{cage.label}/bout",
        schema=_BOUT_SCHEMA,
        time_utc_ns=start_utc_ns,
        zt_h=plan.zt_h(start_utc_ns),
        payload=payload,
        retained=False,
    )


def _behavior_event(change: BehaviorChange, cage: CageSection, plan: LightPlan) -> Event:
    since_utc_ns = change.first.moment.utc_ns
    payload = BehaviorPayload(
        behavior=CODE_NAMES[change.code],
        since=rfc3339(since_utc_ns),
        confidence=round(change.confidence, CONFIDENCE_DECIMALS),
        segment=change.first.segment,
        frame=change.first.frame,
    )
    return Event(
        topic=f"cage/{cage.label}/behavior",
        schema=_BEHAVIOR_SCHEMA,
        time_utc_ns=since_utc_ns,
        zt_h=plan.zt_h(since_utc_ns),
        payload=payload,
        retained=True,
    )
