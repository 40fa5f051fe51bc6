"""What is known of one light panel, ready to be drawn at any size."""

from dataclasses import dataclass
from datetime import timezone
from typing import Final

from rich.style import Style

from appliance.report import LightsDetail, PanelDetail
from appliance.status import RackStatus, WorkerStatus
from capture_hw.light_plan import LightPlan
from tui.ink import CRITICAL, GOOD, QUIET, WARNING
from tui.planned_light import PlannedLight
from tui.time_text import age_s, clock, duration, moment, zt_text

_DAY_S: Final = 86_400
_WORKER: Final = "lights"


@dataclass(frozen=True, slots=True)
class PanelView:
    """One panel at one moment."""

    panel: PanelDetail
    plan: LightPlan | None
    plan_fault: str
    """Why there is no plan, one sentence."""
    cages: tuple[str, ...]
    """The numbers of the cages before it."""
    now_utc_ns: int
    is_old: bool
    """Whether connection or lights worker is lost, so that nothing here is said of now."""
    zone: timezone

    @property
    def state(self) -> tuple[str, Style]:
        """Return mark and word of how the panel is, in doubt if the picture is old."""
        if self.is_old:
            return "? last known", QUIET
        if self.panel.reason:
            return "▲ FAULT", CRITICAL
        if self.panel.override is not None:
            return "■ BY HAND", WARNING
        return "● AS PLANNED", GOOD

    @property
    def phase_words(self) -> str:
        """Return phase, ZT by the panel's own plan and the next change."""
        zt = f", {zt_text(self.plan.zt_h(self.now_utc_ns))}" if self.plan is not None else ""
        change = change_words(self.panel, self.now_utc_ns, self.zone)
        return f"{self.panel.phase}{zt}, {change}"

    @property
    def override_words(self) -> str:
        """Return who gives other light, why, and for how long yet; empty if nobody does."""
        override = self.panel.override
        if override is None:
            return ""
        left = duration(age_s(self.now_utc_ns, override.until_utc_ns))
        until = moment_near(override.until_utc_ns, self.now_utc_ns, self.zone)
        author = override.author or "another host"
        reason = f": {override.reason}" if override.reason else ""
        return f"white {override.white_percent} % until {until}, {left} left, by {author}{reason}"


def panel_views(
    status: RackStatus, planned: PlannedLight, zone: timezone, *, is_old: bool
) -> list[PanelView]:
    """Return the views of all panels in a status, in its order."""
    panels = status.lights.panels if status.lights else ()
    worker = lights_worker(status)
    is_old = is_old or (worker is not None and not is_well(worker))
    return [
        PanelView(
            panel,
            planned.plans.get(panel.panel),
            planned.fault,
            tuple(f"{one.cage:02d}" for one in status.cages if one.panel == panel.panel),
            status.time_utc_ns,
            is_old,
            zone,
        )
        for panel in panels
    ]


def lights_worker(status: RackStatus) -> WorkerStatus | None:
    """Return the process that watches the panels; None if the rack has none."""
    return next((worker for worker in status.workers if worker.name == _WORKER), None)


def is_well(worker: WorkerStatus) -> bool:
    """Return whether a process works and reports."""
    return worker.state == "ready" and not worker.reason


def change_words(of: LightsDetail | PanelDetail, now_utc_ns: int, zone: timezone) -> str:
    """Return when the phase changes, and how long that is from now."""
    change_utc_ns = of.next_change_utc_ns
    if change_utc_ns is None:
        return "for ever"
    following = "dark" if of.phase == "light" else "light"
    left = duration(age_s(now_utc_ns, change_utc_ns))
    return f"{following} in {left}, at {moment_near(change_utc_ns, now_utc_ns, zone)}"


def moment_near(utc_ns: int, now_utc_ns: int, zone: timezone) -> str:
    """Return the time of day, with the day unless the moment is within 24 h."""
    is_near = age_s(now_utc_ns, utc_ns) < _DAY_S
    return clock(utc_ns, zone) if is_near else moment(utc_ns, zone)
