"""Answers what people and programs order of the light, over the lights worker's socket."""

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from appliance.backoff import Backoff
from appliance.control_message import (
    Answer,
    CalibratePanelRequest,
    DimInfraredRequest,
    EndOverrideRequest,
    OverrideLightRequest,
    Request,
)
from appliance.control_server import ControlServer
from appliance.panel_thread import PanelThread
from appliance.pending_answer import PendingAnswer

_TURN_S: Final = 0.2
_CLOSE_S: Final = 1.0
_FIRST_RETRY_S: Final = 0.25
_LONGEST_RETRY_S: Final = 30.0
_log = logging.getLogger(__name__)


class LightDesk:
    """A socket with a thread of its own, which waits for no panel: each does what is ordered of it.

    A socket that cannot be made, such as on a full disk, is tried again.
    """

    def __init__(self, path: Path, panels: Mapping[str, PanelThread]) -> None:
        """Listen at `path`. Raises AlreadyRunning."""
        self._path: Final = path
        self._panels: Final = panels
        self._stop: Final = threading.Event()
        self._error: BaseException | None = None
        self._is_told = False
        self._server = self._opened()
        self._thread: Final = threading.Thread(target=self._run, name="light desk", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise the error that ended the thread, if there was one."""
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Answer nobody any more and remove the socket; safe to call twice."""
        self._stop.set()
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        try:
            backoff = Backoff(_FIRST_RETRY_S, _LONGEST_RETRY_S)
            while self._server is None and not self._stop.wait(backoff.next_s()):
                self._server = self._opened()
            if self._server is not None:
                self._serve(self._server)
        except Exception as error:  # noqa: BLE001 - outermost loop: raised again by `check`
            self._error = error

    def _serve(self, server: ControlServer) -> None:
        with server:
            while not self._stop.is_set():
                server.serve(_TURN_S)

    def _opened(self) -> ControlServer | None:
        try:
            return ControlServer(self._path, self._answer)
        except OSError as error:
            if not self._is_told:
                _log.error("%s: no orders about light are taken: %s", self._path, error)
            self._is_told = True
            return None

    def _answer(self, request: Request) -> Answer | PendingAnswer:
        match request:
            case (
                OverrideLightRequest()
                | EndOverrideRequest()
                | DimInfraredRequest()
                | CalibratePanelRequest()
            ):
                panel = self._panels.get(request.panel)
                if panel is None:
                    return Answer(refused=f"panel {request.panel}: not in the configuration")
                return panel.order(request)
            case _:
                text = "only orders about light are taken here; ask the rack's control socket"
                return Answer(refused=text)
