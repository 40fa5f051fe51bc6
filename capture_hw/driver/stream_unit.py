"""The access units of a network stream, each with its arrival."""

from __future__ import annotations  # PyAV's types take parameters in stubs only

import time
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import av
from av.packet import Packet
from av.video.stream import VideoStream

from capture_hw.driver.annexb import AccessUnit, AccessUnits
from capture_hw.driver.stream_clock import Arrival, with_stamps
from capture_hw.error import DeviceLost

_BURST_S: Final = 0.5
_SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class ReceivedUnit:
    """One picture of the stream."""

    arrival: Arrival
    unit: AccessUnit


class StreamUnits:
    """Makes access units of packets, from the first key frame on."""

    def __init__(self, place: str, stream: VideoStream) -> None:
        self._place = place
        self._tick_ns = (stream.time_base or Fraction(1, 90_000)) * _SECOND_NS
        self._units = AccessUnits(stream)
        self._parameters: tuple[bytes, ...] = ()

    def next(self, packet: Packet[VideoStream]) -> ReceivedUnit | None:
        """Return the packet's access unit; None if it has none. Raises DeviceLost."""
        arrived_ns = time.monotonic_ns()
        if not packet.size:
            return None
        stamp_ns = None if packet.pts is None else round(packet.pts * self._tick_ns)
        try:
            unit = self._units.convert(packet)
        except av.FFmpegError:
            return None  # without a frame the camera's times show a pause
        if unit is None or not (self._parameters or unit.is_key):
            return None
        if unit.is_key:
            self._check_unchanged()
        return ReceivedUnit(Arrival(stamp_ns, arrived_ns), unit)

    def _check_unchanged(self) -> None:
        parameters = self._units.sequence_parameters
        if self._parameters and parameters != self._parameters:
            raise DeviceLost(f"{self._place}: the camera has changed its picture format")
        self._parameters = parameters


class StreamOpening:
    """Holds the frames that FFmpeg read while it opened, until one comes that had to be waited for.

    Only that one arrived when it arrived; see `stream_clock`.
    """

    def __init__(self, interval_ns: int) -> None:
        self._interval_ns = interval_ns
        self._held: list[ReceivedUnit] = []

    def add(self, received: ReceivedUnit) -> list[ReceivedUnit]:
        """Return all frames so far once the burst is over, nothing before."""
        self._held.append(received)
        arrivals = [one.arrival for one in self._held]
        waited_ns = arrivals[-1].arrived_ns - arrivals[max(0, len(arrivals) - 2)].arrived_ns
        lasted_ns = arrivals[-1].arrived_ns - arrivals[0].arrived_ns
        if 2 * waited_ns < self._interval_ns and lasted_ns < _BURST_S * _SECOND_NS:
            return []
        stamped = with_stamps(arrivals, self._interval_ns)
        pairs = zip(self._held, stamped, strict=True)
        return [replace(one, arrival=arrival) for one, arrival in pairs]
