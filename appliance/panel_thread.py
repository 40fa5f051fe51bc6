"""The thread of one panel, so that a silent one costs the others nothing."""

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import timezone
from typing import Final

from appliance.control_message import Answer, DimInfraredRequest
from appliance.panel_keeper import PanelKeeper
from appliance.panel_look import Happening, PanelLook
from appliance.panel_order import LightRequest, carry_out
from appliance.pending_answer import PendingAnswer
from capture_hw.error import PanelRefused, PanelSilent

_INTERVAL_S: Final = 1.0
_MOST_LOOKS: Final = 600
"""Ten minutes of them; who takes them away does so several times a second, or is killed."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Order:
    request: LightRequest
    pending: PendingAnswer


class PanelThread:
    """Looks at a panel each second and does what is ordered in between.

    Any thread may call `order`; `looks` is for one. An error of the program ends the thread, and
    `looks` raises it.
    """

    def __init__(self, keeper: PanelKeeper, standard_time: timezone) -> None:
        self.name: Final = keeper.panel.name
        self.unseen: Final = keeper.unseen("its driver has not answered yet")
        """What can be said before the first look."""
        self._keeper = keeper
        self._standard_time = standard_time
        self._looks: deque[PanelLook] = deque(maxlen=_MOST_LOOKS)
        self._orders: deque[_Order] = deque()
        self._changed: Final = threading.Condition()
        self._stopping = False
        self._unseen_reason = ""
        self._error: BaseException | None = None
        self._thread: Final = threading.Thread(
            target=self._run, name=f"panel {self.name}", daemon=True
        )

    def start(self) -> None:
        """Begin to look; the first look comes at once."""
        self._thread.start()

    def looks(self) -> list[PanelLook]:
        """Return the looks since the last call, mostly none or one. Raises the thread's error."""
        if self._error is not None:
            raise self._error
        taken = []
        while self._looks:
            taken.append(self._looks.popleft())
        return taken

    def order(self, request: LightRequest) -> PendingAnswer:
        """Have something done; the panel's word is in the answer as soon as it has come.

        What the panel cannot begin in time is refused and never done.
        """
        pending = PendingAnswer(f"panel {self.name}")
        if self._unseen_reason:
            pending.give(Answer(refused=self._unseen_reason))
            return pending
        with self._changed:
            waiting = [order for order in self._orders if order.pending.answer() is None]
            self._orders = deque([*waiting, _Order(request, pending)])
            self._changed.notify()
        return pending

    def stop(self) -> None:
        """Let the thread end after the look under way, and let go of the line."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def join(self, timeout_s: float) -> None:
        """Wait for the end of a thread that was told to stop; give up after `timeout_s`."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            self._loop()
        except Exception as error:  # noqa: BLE001 - outermost loop: raised again where it is heard
            self._error = error
        finally:
            self._keeper.panel.close()

    def _loop(self) -> None:
        due_s = time.monotonic()
        done: tuple[Happening, ...] = ()
        while True:
            order = self._next_order(due_s)
            if self._stopping:
                return
            if order is not None:
                if not order.pending.begin():
                    continue
                happening = self._carry_out(order)
                done = (happening,) if happening is not None else ()
                if isinstance(order.request, DimInfraredRequest):
                    continue  # rapid blinking must not wait for a look
            self._look(*done)
            done = ()
            due_s = max(due_s + _INTERVAL_S, time.monotonic())

    def _next_order(self, due_s: float) -> _Order | None:
        """Wait for an order until a look is due; None then."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopping or self._orders, max(0.0, due_s - time.monotonic())
            )
            return self._orders.popleft() if self._orders else None

    def _carry_out(self, order: _Order) -> Happening | None:
        request, happening = order.request, None
        try:
            outcome, happening = carry_out(self._keeper, request, self._standard_time)
            order.pending.give(Answer(done=outcome))
        except (PanelSilent, PanelRefused) as error:
            outcome = str(error)
            order.pending.give(Answer(refused=outcome))
        if not isinstance(request, DimInfraredRequest):
            _log.warning("%s (%s by %s)", outcome, request.ask, request.author)
        return happening

    def _look(self, *done: Happening) -> None:
        look = self._keeper.look(*done)
        detail = look.detail
        self._unseen_reason = detail.reason if detail.ir_commanded is None else ""
        self._looks.append(look)
