"""Bytes to and from a panel: a serial port, held alone, opened without resetting anything.

Linux raises DTR and RTS when a port is opened and, with HUPCL, lowers them when it is closed.
Boards after the Arduino's pattern reset when DTR rises. So the two are left as Linux sets them
(lowering them would be one more edge) and HUPCL is cleared: they stay up when the port is closed,
and opening it again is no edge. The very first opening after plugging in is one, which only wiring
can keep from the controller.
Source: tty_ioctl(4), termios(3); docs/firmware.md, "Wiring".
"""

import errno
import fcntl
import os
import select
import termios
from typing import Final, Protocol

from serial import PARITY_NONE, Serial, SerialTimeoutException

from capture_hw.error import PanelLost

PANEL_BAUD: Final = 115_200
_MOST_READ: Final = 4096
_WRITE_S: Final = 0.25
"""A line takes 8 ms at most; a port that does not take it for so long is stuck."""
_CONTROL_FLAGS: Final = 2
"""Position in what tcgetattr returns. Source: Python's termios."""


class PanelPort(Protocol):
    """Bytes both ways. One thread at a time. Raises PanelLost when the line is gone."""

    def read(self, timeout_s: float) -> bytes:
        """Return what has come, as soon as anything has; nothing after the time-out."""

    def write(self, data: bytes) -> None:
        """Send all of it."""

    def close(self) -> None:
        """Let go of the line. Safe to call twice."""


class SerialPort:
    """A `PanelPort` on a serial port or a pseudo-terminal; links are followed at each opening."""

    def __init__(self, path: str, baud: int = PANEL_BAUD, parity: str = PARITY_NONE) -> None:
        """Open and lock it. Raises PanelLost, also if another program holds it."""
        self.path: Final = path
        try:
            self._serial = Serial(
                path,
                baud,
                parity=parity,
                timeout=0,
                write_timeout=_WRITE_S,
                exclusive=True,
            )
        except (OSError, ValueError, termios.error) as error:
            raise PanelLost(_why_not_opened(path, error)) from error
        try:
            _stay_up(self._serial.fileno())
        except (OSError, termios.error) as error:
            self.close()
            raise PanelLost(_why_not_opened(path, error)) from error

    def read(self, timeout_s: float) -> bytes:
        """Return what has come, as soon as anything has; nothing after the time-out."""
        try:
            ready, _, _ = select.select([self._serial], [], [], max(0.0, timeout_s))
            return bytes(self._serial.read(_MOST_READ)) if ready else b""
        except (OSError, ValueError) as error:
            # Of a device that was pulled pyserial tells in words of its own, without a number.
            why = "it was unplugged" if _code(error) is None else _words(error)
            raise PanelLost(f"{self.path}: the line is gone: {why}") from error

    def write(self, data: bytes) -> None:
        """Send all of it, within 0.25 s."""
        try:
            self._serial.write(data)
        except SerialTimeoutException as error:
            raise PanelLost(f"{self.path}: the line takes nothing") from error
        except OSError as error:
            raise PanelLost(f"{self.path}: the line is gone: {_words(error)}") from error

    def close(self) -> None:
        """Let go of the line. Safe to call twice."""
        try:
            if self._serial.is_open:
                # Of a pseudo-terminal the mark would outlive the last close.
                fcntl.ioctl(self._serial.fileno(), termios.TIOCNXCL)
        except OSError:
            pass  # The device is gone, and the mark with it.
        finally:
            self._serial.close()


def _stay_up(descriptor: int) -> None:
    """Keep DTR up at closing, and other programs out: ModemManager tries every port it sees."""
    settings = termios.tcgetattr(descriptor)
    settings[_CONTROL_FLAGS] &= ~termios.HUPCL
    termios.tcsetattr(descriptor, termios.TCSANOW, settings)
    fcntl.ioctl(descriptor, termios.TIOCEXCL)


def _why_not_opened(path: str, error: Exception) -> str:
    code = _code(error)
    if code in {errno.EAGAIN, errno.EBUSY}:
        return f"{path}: another program holds the port"
    if code in {errno.ENOENT, errno.ENXIO, errno.ENODEV}:
        return f"{path}: there is no such port; is the panel plugged in?"
    if code in {errno.EACCES, errno.EPERM}:
        return f"{path}: this user may not open the port; is it in the group dialout?"
    return f"{path}: cannot be opened: {_words(error)}"


def _code(error: BaseException | None) -> int | None:
    """Return the kernel's number of an error, or of the one that pyserial made it from."""
    while error is not None:
        if error.args and isinstance(error.args[0], int):
            return error.args[0]
        error = error.__context__
    return None


def _words(error: Exception) -> str:
    code = _code(error)
    return str(error) if code is None else os.strerror(code)
