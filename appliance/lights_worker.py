"""The worker that keeps the light panels right, which run their programs by themselves."""

import logging
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Final

from appliance.cage_plan import panel_plan, rack_plan
from appliance.clock_state import is_clock_synchronized
from appliance.config import ConfigError, RackConfig
from appliance.light_clock import LightClock
from appliance.light_desk import LightDesk
from appliance.light_event_queue import LightEventQueue
from appliance.light_record import LightRecord
from appliance.light_record_writer import LightRecordWriter
from appliance.light_teller import LightTeller
from appliance.override_book import OverrideBook
from appliance.override_watch import OverrideWatch
from appliance.panel_keeper import PanelKeeper
from appliance.panel_look import PanelLook
from appliance.panel_thread import PanelThread
from appliance.rack_path import (
    event_ledger,
    light_record,
    lights_socket,
    override_memory,
    panel_memory,
)
from appliance.rack_volume import volume_fault
from appliance.report import LightsDetail, PanelDetail
from appliance.worker import Worker
from capture_hw.panel.opening import open_panel
from capture_hw.panel_config import PanelConfig

_INTERVAL_S: Final = 0.2
_STOP_S: Final = 3.0
_STUCK_S: Final = 15.0
"""The longest look takes an upload of 10 s; one that takes longer has a driver that hangs."""
_log = logging.getLogger(__name__)


def run(worker: Worker) -> None:
    """Have every panel looked at each second until `stop`; raises ConfigError if there is none.

    It leaves the light as it is: the panels go on by their programs.
    """
    config = worker.config
    if not config.lights.panel:
        raise ConfigError("lights: the configuration has no [[lights.panel]]")
    clock = LightClock(time.time_ns, time.monotonic, is_clock_synchronized)
    panels = [_panel_thread(config, panel, clock) for panel in config.lights.panel]
    record = LightRecord(light_record(config), config.standard_time)
    writer = LightRecordWriter(record, lambda: volume_fault(config))
    lights = Lights(config, panels, LightEventQueue(event_ledger(config)), writer, clock)
    for panel in panels:
        panel.start()
    try:
        with closing(LightDesk(lights_socket(config), {one.name: one for one in panels})) as desk:
            while not worker.stop.is_set():
                desk.check()
                worker.beat(lights.collect())
                worker.stop.wait(_INTERVAL_S)
    finally:
        _let_go(panels)
        lights.close()
        writer.close(_STOP_S)


def _let_go(panels: list[PanelThread]) -> None:
    for panel in panels:
        panel.stop()
    until_s = time.monotonic() + _STOP_S
    for panel in panels:
        panel.join(max(0.0, until_s - time.monotonic()))


class Lights:
    """What the panels' threads have seen, brought together; belongs to the worker's loop."""

    def __init__(
        self,
        config: RackConfig,
        panels: list[PanelThread],
        events: LightEventQueue,
        writer: LightRecordWriter,
        clock: LightClock,
    ) -> None:
        self._plan = rack_plan(config)
        self._panels = panels
        self._events = events
        self._writer = writer
        self._clock = clock
        self._teller = LightTeller()
        self._newest: dict[str, PanelLook] = {}
        self._heard_s = {panel.name: clock.monotonic_s() for panel in panels}

    def collect(self) -> LightsDetail:
        """Take what the threads have seen, tell what changed, and return everything.

        Raises a thread's error.
        """
        now_s = self._clock.monotonic_s()
        for panel in self._panels:
            for look in panel.looks():
                self._take(look)
                self._heard_s[panel.name] = now_s
        self._events.store()
        now_ns = self._clock.utc_ns()
        return LightsDetail(
            phase=self._plan.phase(now_ns),
            zt_h=self._plan.zt_h(now_ns),
            next_change_utc_ns=self._plan.next_change_ns(now_ns),
            panels=tuple(self._details(now_s)),
            record_fault=self._writer.fault,
        )

    def close(self) -> None:
        """Note in the record that nobody looks any more, and store what waits."""
        for panel in self._panels:
            for look in panel.looks():
                self._take(look)
        self._events.close()
        self._writer.put(self._teller.farewell(self._clock.utc_ns()))

    def _take(self, look: PanelLook) -> None:
        before = self._newest.get(look.detail.panel)
        self._newest[look.detail.panel] = look
        told = self._teller.take(look)
        self._writer.put(told.rows)
        self._events.put(told.events)
        for event, row in zip(told.events, told.rows, strict=False):
            _log.info("panel %s: %s: %s", row.panel, row.cause, row.text or event.topic)
        if before is not None and before.detail.reason and not look.detail.reason:
            _log.info("panel %s: %s, as scheduled", look.detail.panel, look.detail.phase)

    def _details(self, now_s: float) -> Iterator[PanelDetail]:
        """Yield what was seen last; of a panel that was never seen, only when it is overdue."""
        for panel in self._panels:
            silent_s = now_s - self._heard_s[panel.name]
            look = self._newest.get(panel.name)
            if silent_s >= _STUCK_S:
                reason = f"panel {panel.name}: its driver has not come back for {silent_s:.0f} s"
                yield panel.unseen.detail.model_copy(update={"reason": reason})
            elif look is not None:
                yield look.detail


def _panel_thread(config: RackConfig, panel: PanelConfig, clock: LightClock) -> PanelThread:
    book = OverrideBook(override_memory(config, panel.name))
    keeper = PanelKeeper(
        open_panel(panel, panel_memory(config, panel.name)),
        panel_plan(config, panel.name),
        config.lights.ir_percent,
        clock,
        config.standard_time,
        OverrideWatch(panel.name, book),
    )
    return PanelThread(keeper, config.standard_time)
