"""A Modbus dimmer for tests: pymodbus's own serial server behind a wire that can be disturbed."""

import asyncio
import os
import select
import threading
import tty
from pathlib import Path

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

WHITE, IR = 10, 11
WHITE_SENSOR, IR_SENSOR = 20, 21
UNIT = 7
_READ_HOLDING, _READ_INPUT, _WRITE = 3, 4, 6
_SENSOR_OF = {WHITE_SENSOR: WHITE, IR_SENSOR: IR}


class Wire:
    """Two pseudo-terminals and a thread that carries bytes between them."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.mute = False
        self.echo = False
        self.noise = b""
        """Comes before every answer."""
        self.flipped_answers = 0
        """So many of the next answers have a wrong bit."""
        self._far, self.far_path, self._far_slave = _terminal()
        self._near: int | None = None
        self._near_slave: int | None = None
        self._wake_out, self._wake_in = os.pipe()
        self._lock = threading.Lock()
        self._ends = False
        self._thread = threading.Thread(target=self._carry, name="wire")
        self.plug()
        self._thread.start()

    def plug(self) -> None:
        with self._lock:
            self._near, path, self._near_slave = _terminal()
            self.link.unlink(missing_ok=True)
            self.link.symlink_to(path)
        os.write(self._wake_in, b"x")

    def unplug(self) -> None:
        with self._lock:
            assert self._near is not None
            assert self._near_slave is not None
            os.close(self._near)
            os.close(self._near_slave)
            self._near = self._near_slave = None
            self.link.unlink()
        os.write(self._wake_in, b"x")

    def close(self) -> None:
        self._ends = True
        os.write(self._wake_in, b"x")
        self._thread.join(5)
        for descriptor in (self._far, self._far_slave, self._wake_in, self._wake_out):
            os.close(descriptor)
        for end in (self._near, self._near_slave):
            if end is not None:
                os.close(end)

    def _carry(self) -> None:
        while not self._ends:
            near = self._near
            ends = [self._far, self._wake_out, *([] if near is None else [near])]
            ready, _, _ = select.select(ends, [], [], 1)
            if self._wake_out in ready:
                os.read(self._wake_out, 64)
            with self._lock:
                if near is not None and near == self._near and near in ready:
                    self._ask(near)
                if self._far in ready:
                    self._answer()

    def _ask(self, near: int) -> None:
        question = os.read(near, 4096)
        if self.echo:
            os.write(near, question)
        # pymodbus's server would answer for units that are not there.
        if not self.mute and question[0] == UNIT:
            os.write(self._far, question)

    def _answer(self) -> None:
        answer = os.read(self._far, 4096)
        if self._near is None:
            return
        if self.flipped_answers:
            self.flipped_answers -= 1
            answer = answer[:-1] + bytes([answer[-1] ^ 0x10])
        os.write(self._near, self.noise + answer)


class Dimmer:
    """A device with two levels and two sensors; `full` is what it can give at most."""

    def __init__(self, link: Path, full: int = 65_535) -> None:
        self.levels = {WHITE: 0, IR: 0}
        self.writes: list[tuple[int, int]] = []
        self.refuses: ExcCodes | None = None
        self.dead_lamps: set[int] = set()
        self.wire = Wire(link)
        self._full = full
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dimmer")
        self._thread.start()
        assert self._is_up.wait(10)

    def close(self) -> None:
        stopped = self._server.shutdown()  # type: ignore[no-untyped-call]
        asyncio.run_coroutine_threadsafe(stopped, self._loop).result(5)
        self._thread.join(5)
        self.wire.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        bits = [SimData(0, values=[False], datatype=DataType.BITS)]
        registers = [SimData(0, count=64, values=0, datatype=DataType.REGISTERS)]
        device = SimDevice(UNIT, (bits, bits, registers, registers), action=self._act)
        self._loop = asyncio.get_running_loop()
        self._server = ModbusSerialServer(device, port=self.wire.far_path, baudrate=19_200)
        await self._server.serve_forever(background=True)
        self._is_up.set()
        await self._server.serving

    async def _act(
        self,
        function: int,
        start: int,
        address: int,
        _count: int,
        registers: list[int],
        values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        if self.refuses is not None:
            return self.refuses
        if function == _WRITE and values is not None:
            self.levels[address] = min(int(values[0]), self._full)
            self.writes.append((address, self.levels[address]))
        elif function == _READ_HOLDING:
            if address not in self.levels:
                return ExcCodes.ILLEGAL_ADDRESS
            registers[address - start] = self.levels[address]
        elif function == _READ_INPUT:
            lamp = _SENSOR_OF[address]
            registers[address - start] = 0 if lamp in self.dead_lamps else self.levels[lamp]
        return None


def _terminal() -> tuple[int, str, int]:
    """Return a pseudo-terminal: the master, the other end's path, a hold on the other end."""
    master, slave = os.openpty()
    tty.setraw(slave)
    return master, os.ttyname(slave), slave
