"""Telling the outside what each cage's recording does, when it changes."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from appliance.event import RecordingPayload
from appliance.outbox import Event
from appliance.sentence import wording
from appliance.status import CageStatus, RackStatus
from capture_hw.light_plan import LightPlan

SCHEMA: Final = "ethoprofiler.recording/1"
_LEAST_S: Final = 1.0
_Telling: TypeAlias = tuple[str, str, str | None, int]
"""State, wording of the reason, segment and gaps: what is worth an event when it changes."""


class RecordingEvents:
    """Remembers what was told of each cage; at most one event a second a cage."""

    def __init__(self, plans: Mapping[int, LightPlan]) -> None:
        """Tell nothing yet; `plans` has the light of each cage."""
        self._plans: Final = plans
        self._told: Final[dict[int, _Telling]] = {}
        self._told_s: Final[dict[int, float]] = {}

    def take(self, status: RackStatus, now_s: float) -> list[Event]:
        """Return the events that the present state calls for."""
        events = []
        for cage in status.cages:
            payload = _payload(cage)
            if payload is None:
                continue
            telling = (payload.state, wording(payload.reason), payload.segment, payload.gaps)
            if telling == self._told.get(cage.cage):
                continue
            if now_s - self._told_s.get(cage.cage, -_LEAST_S) < _LEAST_S:
                continue
            self._told[cage.cage], self._told_s[cage.cage] = telling, now_s
            events.append(
                Event(
                    topic=f"cage/{cage.cage:02d}/recording",
                    schema=SCHEMA,
                    time_utc_ns=status.time_utc_ns,
                    zt_h=self._plans[cage.cage].zt_h(status.time_utc_ns),
                    payload=payload,
                    retained=True,
                )
            )
        return events


def _payload(cage: CageStatus) -> RecordingPayload | None:
    """Return what to tell; None for a recorder that was just started or adopted."""
    recorder, worker = cage.recorder, cage.worker
    if recorder is not None:
        return RecordingPayload(
            state=recorder.state,
            reason=recorder.reason,
            fps=round(recorder.fps, 2),
            frames=recorder.frames,
            gaps=recorder.gaps,
            segment=recorder.segment,
        )
    if worker.state not in ("stopped", "failed"):
        return None
    return RecordingPayload(
        state=worker.state, reason=worker.reason, fps=0.0, frames=0, gaps=0, segment=None
    )
