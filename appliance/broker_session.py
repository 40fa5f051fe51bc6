"""What goes over one open link: "online", then events and telemetry, "offline" at the end."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance.broker_link import BrokerLink, BrokerLost
from appliance.event_sender import CONFIRM_S, EventSender
from appliance.machine_state import machine_state
from appliance.picture_figures import read_figures
from appliance.presence import Presence
from appliance.report import CagePicture

_TELEMETRY_EVERY_S: Final = 10.0


class BrokerSession:
    """An open link and its sender; owned by one thread. Raises BrokerLost or sqlite3.Error."""

    def __init__(
        self,
        link: BrokerLink,
        sender: EventSender,
        presence: Presence,
        volume: Path,
        figures: Path,
        count_waiting: Callable[[], int],
    ) -> None:
        """Prepare; nothing is sent before `say_online`."""
        self.sender: Final = sender
        self.began_s: Final = time.monotonic()
        self._link = link
        self._presence = presence
        self._volume = volume
        self._figures = figures
        self._count_waiting = count_waiting
        self._telemetry_due_s = self.began_s
        self._status_refusal = ""
        self._status_packet: int | None = None

    @property
    def reason(self) -> str:
        """What the broker refuses; empty if nothing."""
        return self.sender.reason or self._status_refusal

    def say_online(self) -> None:
        """Begin; events follow once the broker has it, so that its window is never exceeded."""
        self._status_packet = self._link.send(self._presence.online())

    def turn(self, timeout_s: float) -> None:
        """Serve the network for `timeout_s` at most, send what waits."""
        self._hear(timeout_s)
        now_s = time.monotonic()
        if self._status_packet is None:
            self.sender.send()
        elif now_s - self.began_s > CONFIRM_S:
            raise BrokerLost(f"{self._link.address}: confirms nothing for {CONFIRM_S:.0f} s")
        if now_s >= self._telemetry_due_s:
            self._telemetry_due_s = now_s + _TELEMETRY_EVERY_S
            machine = machine_state(self._volume)
            self._link.send(self._presence.telemetry(machine, self._count_waiting()))
            for message in self._presence.pictures(self._pictures()):
                self._link.send(message)

    def say_offline(self, timeout_s: float) -> None:
        """Say that the rack stops in order; wait `timeout_s` at most for the broker's receipt."""
        deadline_s = time.monotonic() + timeout_s
        self._status_packet = self._link.send(self._presence.stopped())
        while self._status_packet is not None and time.monotonic() < deadline_s:
            self._hear(0.05)

    def close(self) -> None:
        """Write down what has arrived, and leave."""
        try:
            self.sender.mark()
        finally:
            self._link.close()

    def _pictures(self) -> tuple[CagePicture, ...]:
        return read_figures(self._figures, time.monotonic_ns())

    def _hear(self, timeout_s: float) -> None:
        receipts = self._link.wait(timeout_s)
        for receipt in receipts:
            if receipt.packet == self._status_packet:
                self._status_packet = None
                self._status_refusal = receipt.refusal and (
                    f"{self._link.address}: refuses the status message: {receipt.refusal}"
                )
        self.sender.settle(receipts)
