"""Registers of one device on a Modbus RTU line, read and written one at a time."""

import struct
import time
from collections.abc import Callable
from typing import Final

from pymodbus.constants import ExcCodes
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    WriteSingleRegisterRequest,
)

from capture_hw.error import PanelRefused, PanelSilent
from capture_hw.panel.modbus_count import ModbusCount
from capture_hw.panel.port import PanelPort

_TRIES: Final = 2
"""A bus with motors beside it loses a frame now and then; a third try seldom helps."""
_THINKING_S: Final = 0.25
"""A device answers within tens of milliseconds; an adapter of USB adds up to 16."""
_BITS_PER_BYTE: Final = 11
_LONGEST_TALK_BYTES: Final = 17
"""A question of 8 bytes, its answer of up to 8, and one of doubt."""
_PAUSE_BYTES: Final = 3.5
_LEAST_PAUSE_S: Final = 0.00175
"""Source: Modbus over Serial Line V1.02, 2.5.1.1: silence between frames, fixed above 19,200 Bd."""
_LONGEST_PAUSE_S: Final = 0.1
_MOST_HEARD: Final = 4096
_EXCEPTION: Final = 0x80
"""Source: Modbus Application Protocol V1.1b3, 4.1: set in the function code of an exception."""
_LATER: Final = frozenset(
    {ExcCodes.ACKNOWLEDGE, ExcCodes.DEVICE_BUSY, ExcCodes.GATEWAY_NO_RESPONSE}
)
_WORDS: Final[dict[int, str]] = {
    ExcCodes.ILLEGAL_FUNCTION: "it does not know this function",
    ExcCodes.ILLEGAL_ADDRESS: "it has no such register",
    ExcCodes.ILLEGAL_VALUE: "it does not take this value",
    ExcCodes.DEVICE_FAILURE: "it reports a failure of its own",
    ExcCodes.ACKNOWLEDGE: "it has accepted, but needs longer",
    ExcCodes.DEVICE_BUSY: "it is busy",
    ExcCodes.NEGATIVE_ACKNOWLEDGE: "it cannot do this",
    ExcCodes.MEMORY_PARITY_ERROR: "its memory is damaged",
    ExcCodes.GATEWAY_PATH_UNAVIABLE: "the gateway knows no way to it",
    ExcCodes.GATEWAY_NO_RESPONSE: "the gateway hears nothing from it",
}
"""Source: Modbus Application Protocol V1.1b3, section 7."""


class ModbusLine:
    """A device on an open port; one thread at a time.

    Each call ends at `until_s` of the monotonic clock at the latest. All raise PanelSilent (no
    valid answer), PanelLost (the port is gone) and PanelRefused (the device says no).
    """

    def __init__(
        self,
        port: PanelPort,
        unit: int,
        baud: int,
        place: str,
        count: ModbusCount,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take over an open port; `place` begins every sentence of an error."""
        self._port = port
        self._unit = unit
        self._place = place
        self._count = count
        self._monotonic_s = monotonic_s
        byte_s = _BITS_PER_BYTE / baud
        self._pause_s = max(_PAUSE_BYTES * byte_s, _LEAST_PAUSE_S)
        self._answer_s = _THINKING_S + _LONGEST_TALK_BYTES * byte_s
        self._framer = FramerRTU(DecodePDU(is_server=False))

    def read_holding(self, register: int, until_s: float) -> int:
        """Return what a holding register holds."""
        question = ReadHoldingRegistersRequest(dev_id=self._unit, address=register, count=1)
        return self._ask(question, f"holding register {register}", until_s).registers[0]

    def read_input(self, register: int, until_s: float) -> int:
        """Return what an input register holds."""
        question = ReadInputRegistersRequest(dev_id=self._unit, address=register, count=1)
        return self._ask(question, f"input register {register}", until_s).registers[0]

    def write_holding(self, register: int, value: int, until_s: float) -> None:
        """Set a holding register; read it to know what the device made of it."""
        question = WriteSingleRegisterRequest(
            dev_id=self._unit, address=register, registers=[value]
        )
        self._ask(question, f"{value} into holding register {register}", until_s)

    def close(self) -> None:
        """Close the port. Safe to call twice."""
        self._port.close()

    def _ask(self, question: ModbusPDU, subject: str, until_s: float) -> ModbusPDU:
        frame = self._framer.buildFrame(question)
        reason = "does not answer"
        for _ in range(_TRIES):
            self._wait_for_silence()
            wait_s = min(self._answer_s, until_s - self._monotonic_s())
            if wait_s <= 0:
                break
            self._port.write(frame)
            self._count.sent += 1
            answer = self._listen(question, wait_s)
            if answer is None:
                continue
            self._count.answered += 1
            if not answer.isError():
                return answer
            code = answer.exception_code
            words = _WORDS.get(code, f"code {code}")
            if code not in _LATER:
                raise PanelRefused(f"{self._place}: the device refuses {subject}: {words}")
            reason = f"puts off {subject}: {words}"
        raise PanelSilent(f"{self._place}: the device {reason}")

    def _listen(self, question: ModbusPDU, wait_s: float) -> ModbusPDU | None:
        """Return the answer, wherever it is in what comes; None at the time-out."""
        deadline_s = self._monotonic_s() + wait_s
        heard = b""
        while (left_s := deadline_s - self._monotonic_s()) > 0 and len(heard) < _MOST_HEARD:
            heard += self._port.read(left_s)
            answer = self._answer_in(heard, question)
            if answer is not None:
                return answer
        if heard:
            self._count.faults += 1
        return None

    def _answer_in(self, heard: bytes, question: ModbusPDU) -> ModbusPDU | None:
        """Look for the answer behind noise and behind the echo of a two-wire line."""
        for start in range(len(heard) - 1):
            function = heard[start + 1] & ~_EXCEPTION
            if heard[start] != self._unit or function != question.function_code:
                continue
            try:
                _used, answer = self._framer.handleFrame(heard[start:], self._unit, 0)
            except (ModbusException, struct.error, IndexError):
                continue
            if answer is not None and _is_answer(answer, question):
                return answer
        return None

    def _wait_for_silence(self) -> None:
        """Let the line rest as frames need it, and drop late answers, which are counted."""
        deadline_s = self._monotonic_s() + _LONGEST_PAUSE_S
        while self._port.read(self._pause_s):
            self._count.faults += 1
            if self._monotonic_s() > deadline_s:
                return


def _is_answer(answer: ModbusPDU, question: ModbusPDU) -> bool:
    if answer.isError():
        return answer.function_code == question.function_code | _EXCEPTION
    if isinstance(question, WriteSingleRegisterRequest):
        return answer.address == question.address
    return len(answer.registers) == 1
