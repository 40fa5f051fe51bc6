"""Answers what people and programs order of the light, over the lights worker's socket."""

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

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

_PANEL_S: Final = 4.5
"""A client waits 5 s for its answer."""
_TURN_S: Final = 0.2
_log = logging.getLogger(__name__)


class LightDesk:
    """A socket with a thread of its own: who orders waits for a panel, the worker does not."""

    def __init__(self, path: Path, panels: Mapping[str, PanelThread]) -> None:
        """Listen at `path`. Raises AlreadyRunning, OSError."""
        self._panels: Final = panels
        self._stop: Final = threading.Event()
        self._error: BaseException | None = None
        self._server: Final = ControlServer(path, self._answer)
        self._thread: Final = threading.Thread(target=self._run, name="light desk", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise the error that ended the thread, if there was one."""
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Answer nobody any more and remove the socket; safe to call twice."""
        self._stop.set()
        self._thread.join(_PANEL_S + 1)

    def _run(self) -> None:
        try:
            with self._server:
                while not self._stop.is_set():
                    self._server.serve(_TURN_S)
        except Exception as error:  # noqa: BLE001 - outermost loop: raised again by `check`
            self._error = error

    def _answer(self, request: Request) -> Answer:
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
                answer = panel.order(request, _PANEL_S)
                if not isinstance(request, DimInfraredRequest):
                    outcome = answer.done or answer.refused
                    _log.warning("%s (%s by %s)", outcome, request.ask, request.author)
                return answer
            case _:
                text = "only orders about light are taken here; ask the rack's control socket"
                return Answer(refused=text)
