"""The thread of one panel, so that a silent one costs the others nothing."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import timezone
from typing import Final

from appliance.control_message import Answer, DimInfraredRequest
from appliance.panel_keeper import PanelKeeper
from appliance.panel_look import Happening, PanelLook
from appliance.panel_order import LightRequest, carry_out
from capture_hw.error import PanelRefused, PanelSilent

_INTERVAL_S: Final = 1.0
_MOST_LOOKS: Final = 600
"""Ten minutes of them; who takes them away does so several times a second, or is killed."""


@dataclass(slots=True)
class _Order:
    request: LightRequest
    answered: threading.Event = field(default_factory=threading.Event)
    answer: Answer | None = None


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

    def order(self, request: LightRequest, timeout_s: float) -> Answer:
        """Have something done and wait for the panel's word, up to `timeout_s`."""
        if self._unseen_reason:
            return Answer(refused=self._unseen_reason)
        order = _Order(request)
        with self._changed:
            self._orders.append(order)
            self._changed.notify()
        if order.answered.wait(timeout_s) and order.answer is not None:
            return order.answer
        with self._changed:
            if order in self._orders:
                self._orders.remove(order)
                return Answer(refused=f"panel {self.name}: is busy, so nothing was done")
        text = f"panel {self.name}: has not confirmed in time; its state says whether it was done"
        return Answer(refused=text)

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
        try:
            text, happening = carry_out(self._keeper, order.request, self._standard_time)
            order.answer = Answer(done=text)
        except (PanelSilent, PanelRefused) as error:
            happening = None
            order.answer = Answer(refused=str(error))
        finally:
            order.answered.set()
        return happening

    def _look(self, *done: Happening) -> None:
        look = self._keeper.look(*done)
        detail = look.detail
        self._unseen_reason = detail.reason if detail.ir_commanded is None else ""
        self._looks.append(look)
