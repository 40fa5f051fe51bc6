"""The worker that keeps the light panels right, which run their schedules by themselves."""

import logging
import sqlite3
import time
from typing import Final

from appliance.clock_state import is_clock_synchronized
from appliance.config import ConfigError, RackConfig
from appliance.event import LightsPayload, rfc3339
from appliance.outbox import Event, Outbox
from appliance.panel_keeper import LightClock, PanelKeeper
from appliance.rack_path import event_ledger, panel_memory
from appliance.report import LightsDetail, PanelDetail
from appliance.sentence import wording
from appliance.worker import Worker
from capture_hw.panel_schedule import schedule_of
from capture_hw.photoperiod import photoperiod_of
from capture_hw.simulated_panel import SimulatedPanel
from disk.damaged_ledger import is_lost

_INTERVAL_S: Final = 1.0
_SCHEMA: Final = "ethoprofiler.lights/1"
_SENSOR_NOISE: Final = 5
"""Percent points by which a measured level may move before it is told again."""
_log = logging.getLogger(__name__)


def run(worker: Worker) -> None:
    """Look at every panel each second until `stop`; raises ConfigError if there is none.

    It leaves the light as it is: the panels go on by their schedules.
    """
    config = worker.config
    if not config.lights.panel:
        raise ConfigError("lights: the configuration has no [[lights.panel]]")
    clock = LightClock(time.time_ns, time.monotonic, is_clock_synchronized)
    panels = tuple(
        SimulatedPanel(panel, panel_memory(config, panel.name)) for panel in config.lights.panel
    )
    with Outbox(event_ledger(config)) as outbox:
        lights = Lights(config, panels, outbox, clock)
        while not worker.stop.is_set():
            worker.beat(lights.look())
            worker.stop.wait(_INTERVAL_S)


class Lights:
    """All panels of a rack and what was told of them; one thread at a time."""

    def __init__(
        self,
        config: RackConfig,
        panels: tuple[SimulatedPanel, ...],
        outbox: Outbox,
        clock: LightClock,
    ) -> None:
        self._photoperiod = photoperiod_of(config.lights, config.standard_time)
        schedule = schedule_of(config.lights, self._photoperiod)
        self._keepers = [PanelKeeper(panel, self._photoperiod, schedule, clock) for panel in panels]
        self._outbox = outbox
        self._clock = clock
        self._told: dict[str, PanelDetail] = {}
        self._ledger_fails = False

    def look(self) -> LightsDetail:
        """Look at every panel, tell what changed, and return everything."""
        details = tuple(keeper.look() for keeper in self._keepers)
        now_ns = self._clock.utc_ns()
        self._tell([detail for detail in details if self._is_news(detail)], now_ns)
        return LightsDetail(
            phase=self._photoperiod.phase(now_ns),
            zt_h=self._photoperiod.zt_h(now_ns),
            next_change_utc_ns=self._photoperiod.next_change_ns(now_ns),
            panels=details,
        )

    def _is_news(self, detail: PanelDetail) -> bool:
        told = self._told.get(detail.panel)
        if told is None or _spoken(told) != _spoken(detail):
            return True
        return any(
            before is not None and now is not None and abs(now - before) > _SENSOR_NOISE
            for before, now in (
                (told.white_measured, detail.white_measured),
                (told.ir_measured, detail.ir_measured),
            )
        )

    def _tell(self, news: list[PanelDetail], now_ns: int) -> None:
        """Put events into the ledger; what it does not take is told in a later second.

        Raises sqlite3.Error only if the ledger must be opened again.
        """
        try:
            self._outbox.add([self._event(detail, now_ns) for detail in news])
        except sqlite3.Error as error:
            if is_lost(error):
                raise
            if not self._ledger_fails:
                _log.warning("lights: events cannot be written and wait: %s", error)
            self._ledger_fails = True
            return
        self._ledger_fails = False
        for detail in news:
            self._told[detail.panel] = detail
            _log.info("%s", detail.reason or f"panel {detail.panel}: {detail.phase}, as scheduled")

    def _event(self, detail: PanelDetail, now_ns: int) -> Event:
        return Event(
            topic=f"lights/{detail.panel}",
            schema=_SCHEMA,
            time_utc_ns=now_ns,
            zt_h=self._photoperiod.zt_h(now_ns),
            payload=LightsPayload(
                phase=detail.phase,
                white_commanded=detail.white_commanded,
                ir_commanded=detail.ir_commanded,
                white_measured=detail.white_measured,
                ir_measured=detail.ir_measured,
                next_change=rfc3339(self._photoperiod.next_change_ns(now_ns)),
                override=None,
                reason=detail.reason,
            ),
            retained=True,
        )


def _spoken(detail: PanelDetail) -> tuple[object, ...]:
    """Return what is news whenever it differs."""
    return (
        detail.phase,
        detail.white_commanded,
        detail.ir_commanded,
        detail.white_measured is None,
        detail.ir_measured is None,
        wording(detail.reason),
    )
