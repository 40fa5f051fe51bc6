"""Answers what people and programs ask of a running rack over the control socket."""

import logging
import sqlite3
import time
from collections.abc import Callable
from typing import Final

from appliance import rack_path
from appliance.activity import history
from appliance.alarm import Alarm
from appliance.cage_plan import cage_plan, rack_plan
from appliance.config import RackConfig
from appliance.control_message import (
    AcknowledgeRequest,
    Answer,
    CalibratePanelRequest,
    DimInfraredRequest,
    EndOverrideRequest,
    HistoryRequest,
    NoteRequest,
    OverrideLightRequest,
    Request,
    StartCageRequest,
    StatusRequest,
    StopCageRequest,
    StopRackRequest,
    WatchRequest,
)
from appliance.event import NotePayload
from appliance.ledger_writer import LedgerFull, LedgerWriter
from appliance.note_file import append_note
from appliance.outbox import Event
from appliance.rack_volume import volume_fault
from appliance.status import RackStatus
from appliance.stopped_cages import StoppedCages
from appliance.worker import RECORDER
from appliance.worker_table import WorkerTable
from capture_hw.light_plan import LightPlan

_log = logging.getLogger(__name__)
NOTE_SCHEMA: Final = "ethoprofiler.note/1"


class OperatorDesk:
    """The handler of the control socket; belongs to the supervisor's thread."""

    def __init__(
        self,
        config: RackConfig,
        table: WorkerTable,
        stopped: StoppedCages,
        alarm: Alarm,
        ledger: LedgerWriter,
        status: Callable[[], RackStatus],
        stop_rack: Callable[[], None],
    ) -> None:
        self._config: Final = config
        self._table: Final = table
        self._stopped: Final = stopped
        self._alarm: Final = alarm
        self._ledger: Final = ledger
        self._status: Final = status
        self._stop_rack: Final = stop_rack

    def answer(self, request: Request) -> Answer:
        """Do what a request asks; a refusal is one sentence."""
        try:
            match request:
                case StatusRequest() | WatchRequest():
                    return Answer(status=self._status())
                case HistoryRequest():
                    return self._history(request)
                case StopCageRequest():
                    return self._stop_cage(request)
                case StartCageRequest():
                    return self._start_cage(request)
                case NoteRequest():
                    return self._note(request)
                case AcknowledgeRequest():
                    return self._acknowledge(request)
                case StopRackRequest():
                    _log.warning("the rack is stopped by %s", request.author)
                    self._stop_rack()
                    return Answer(done="the rack stops")
                case (
                    OverrideLightRequest()
                    | EndOverrideRequest()
                    | DimInfraredRequest()
                    | CalibratePanelRequest()
                ):
                    socket = rack_path.lights_socket(self._config)
                    return Answer(refused=f"light is ordered of the lights worker, at {socket}")
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            return Answer(refused=f"{place}{error.strerror}")

    def _history(self, request: HistoryRequest) -> Answer:
        ledger = rack_path.event_ledger(self._config)
        cages = [cage.number for cage in self._config.cage]
        try:
            found = history(ledger, cages, request.hours, request.bins)
        except sqlite3.Error as error:
            return Answer(refused=f"{ledger}: cannot be read: {error}")
        return Answer(history=found)

    def _stop_cage(self, request: StopCageRequest) -> Answer:
        label = f"cage {request.cage:02d}"
        if (unknown := self._unknown(request.cage)) is not None:
            return unknown
        if (stop := self._stopped.get(request.cage)) is not None:
            return Answer(done=f"{label}: was stopped by {stop.author} already")
        self._stopped.stop(request.cage, request.author, time.time_ns())
        slot = self._table.slots[f"{RECORDER}-{request.cage:02d}"]
        slot.wanted = False
        slot.stop(time.monotonic())
        _log.warning("%s: recording stopped by %s", label, request.author)
        return Answer(done=f"{label}: recording stops, until somebody starts it again")

    def _start_cage(self, request: StartCageRequest) -> Answer:
        label = f"cage {request.cage:02d}"
        if (unknown := self._unknown(request.cage)) is not None:
            return unknown
        if self._stopped.get(request.cage) is None:
            return Answer(done=f"{label}: was not stopped")
        self._stopped.start(request.cage)
        self._table.slots[f"{RECORDER}-{request.cage:02d}"].want()
        _log.warning("%s: recording started by %s", label, request.author)
        return Answer(done=f"{label}: recording starts")

    def _note(self, request: NoteRequest) -> Answer:
        if request.cage is not None and (unknown := self._unknown(request.cage)) is not None:
            return unknown
        if fault := volume_fault(self._config):
            return Answer(refused=fault)
        utc_ns = time.time_ns()
        payload = NotePayload(
            cage=None if request.cage is None else f"{request.cage:02d}",
            author=request.author,
            text=request.text,
        )
        append_note(rack_path.notes(self._config), payload, utc_ns)
        event = Event(
            topic="note",
            schema=NOTE_SCHEMA,
            time_utc_ns=utc_ns,
            zt_h=self._plan(request.cage).zt_h(utc_ns),
            payload=payload,
            retained=False,
        )
        try:
            self._ledger.put(event)
        except LedgerFull as error:
            return Answer(done=f"written down, but it cannot be published: {error}")
        return Answer(done="written down")

    def _plan(self, cage: int | None) -> LightPlan:
        config = self._config
        return rack_plan(config) if cage is None else cage_plan(config, config.cage_numbered(cage))

    def _acknowledge(self, request: AcknowledgeRequest) -> Answer:
        if not self._alarm.acknowledge(request.alert):
            return Answer(refused=f"{request.alert}: no such alert is open")
        _log.info("alert %s: acknowledged by %s", request.alert, request.author)
        return Answer(done=f"{request.alert}: acknowledged")

    def _unknown(self, cage: int) -> Answer | None:
        """Return a refusal if the rack has no such cage."""
        if all(known.number != cage for known in self._config.cage):
            return Answer(refused=f"cage {cage:02d}: not in the configuration")
        return None
