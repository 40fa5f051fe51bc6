"""The worker that keeps the light panels right, which run their programs by themselves."""

import logging
import sqlite3
import time
from collections import deque
from collections.abc import Iterator
from typing import Final

from appliance.cage_plan import panel_plan, rack_plan
from appliance.clock_state import is_clock_synchronized
from appliance.config import ConfigError, RackConfig
from appliance.light_clock import LightClock
from appliance.light_desk import LightDesk
from appliance.light_record import LightRecord
from appliance.light_record_writer import LightRecordWriter
from appliance.light_teller import LightTeller
from appliance.outbox import Event, Outbox
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
from disk.damaged_ledger import is_lost

_INTERVAL_S: Final = 0.2
_STOP_S: Final = 3.0
_MOST_EVENTS: Final = 10_000
"""That the ledger has not taken; then the oldest are lost, and counted."""
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
    with Outbox(event_ledger(config)) as outbox:
        lights = Lights(config, panels, outbox, writer, clock)
        desk = LightDesk(lights_socket(config), {panel.name: panel for panel in panels})
        try:
            for panel in panels:
                panel.start()
            while not worker.stop.is_set():
                desk.check()
                worker.beat(lights.collect())
                worker.stop.wait(_INTERVAL_S)
        finally:
            for panel in panels:
                panel.stop()
            desk.close()
            until_s = time.monotonic() + _STOP_S
            for panel in panels:
                panel.join(max(0.0, until_s - time.monotonic()))
            lights.close()
            writer.close(_STOP_S)


class Lights:
    """What the panels' threads have seen, brought together; belongs to the worker's loop."""

    def __init__(
        self,
        config: RackConfig,
        panels: list[PanelThread],
        outbox: Outbox,
        writer: LightRecordWriter,
        clock: LightClock,
    ) -> None:
        self._plan = rack_plan(config)
        self._panels = panels
        self._outbox = outbox
        self._writer = writer
        self._clock = clock
        self._teller = LightTeller()
        self._newest: dict[str, PanelLook] = {}
        self._heard_s = {panel.name: clock.monotonic_s() for panel in panels}
        self._events: deque[Event] = deque()
        self._lost_events = 0
        self._ledger_fails = False

    def collect(self) -> LightsDetail:
        """Take what the threads have seen, tell what changed, and return everything.

        Raises sqlite3.Error only if the ledger must be opened again, and a thread's error.
        """
        now_s = self._clock.monotonic_s()
        for panel in self._panels:
            for look in panel.looks():
                self._take(look)
                self._heard_s[panel.name] = now_s
        self._store()
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
        self._store()
        self._writer.put(self._teller.farewell(self._clock.utc_ns()))

    def _take(self, look: PanelLook) -> None:
        before = self._newest.get(look.detail.panel)
        self._newest[look.detail.panel] = look
        told = self._teller.take(look)
        self._writer.put(told.rows)
        self._events.extend(told.events)
        while len(self._events) > _MOST_EVENTS:
            self._events.popleft()
            self._lost_events += 1
        for event, row in zip(told.events, told.rows, strict=False):
            _log.info("panel %s: %s: %s", row.panel, row.cause, row.text or event.topic)
        if before is not None and before.detail.reason and not look.detail.reason:
            _log.info("panel %s: %s, as scheduled", look.detail.panel, look.detail.phase)

    def _store(self) -> None:
        """Put events into the ledger; what it does not take waits."""
        if not self._events:
            return
        try:
            self._outbox.add(list(self._events))
        except sqlite3.Error as error:
            if is_lost(error):
                raise
            if not self._ledger_fails:
                _log.warning("lights: events cannot be written and wait: %s", error)
            self._ledger_fails = True
            return
        if self._lost_events:
            _log.error("lights: %d events were lost, the ledger took none", self._lost_events)
        self._ledger_fails, self._lost_events = False, 0
        self._events.clear()

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
