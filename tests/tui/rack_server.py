"""A rack that answers with prepared states over a real control socket."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from appliance.control_message import (
    AcknowledgeRequest,
    Answer,
    EndOverrideRequest,
    HistoryRequest,
    NoteRequest,
    OverrideLightRequest,
    Request,
    StartCageRequest,
    StatusRequest,
    StopCageRequest,
)
from appliance.control_server import ControlServer
from appliance.status import RackStatus
from tests.tui.rack_state import history


class RackServer:
    """Serves `status`, which a test may replace, in a thread; notes what it was asked to do."""

    def __init__(self, path: Path, status: RackStatus | Callable[[], RackStatus]) -> None:
        self.status = status
        self.asked: list[Request] = []
        self.refusal: str | None = None
        self._stop = threading.Event()
        self._server = ControlServer(path, self._answer)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)
        self._server.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            self._server.serve(0.05)

    def _answer(self, request: Request) -> Answer:
        if isinstance(request, StatusRequest):
            return Answer(status=self.status() if callable(self.status) else self.status)
        if isinstance(request, HistoryRequest):
            cages = len(self.status().cages if callable(self.status) else self.status.cages)
            return Answer(history=history(request.hours, request.bins, cages))
        self.asked.append(request)
        if self.refusal is not None:
            return Answer(refused=self.refusal)
        if isinstance(request, NoteRequest):
            return Answer(done="the note is kept")
        if isinstance(request, AcknowledgeRequest):
            return Answer(done=f"{request.alert}: acknowledged")
        if isinstance(request, OverrideLightRequest | EndOverrideRequest):
            return Answer(done=f"panel {request.panel}: {request.ask}")
        assert isinstance(request, StartCageRequest | StopCageRequest)
        return Answer(done=f"cage {request.cage:02d}: {request.ask}")
