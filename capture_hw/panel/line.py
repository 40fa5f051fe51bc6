"""Frames of the panel protocol: bytes to lines and back.

Pure; never raises for what comes in. Source: docs/panel-protocol.md, "Line".
"""

import binascii
import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

MOST_BYTES: Final = 96
"""Of a line with its end."""
CRC_START: Final = 0xFFFF
"""CRC-16/IBM-3740: polynomial 0x1021, this start, no reflection, no final XOR."""
_END: Final = b"\n"
_FORM: Final = re.compile(
    rb"(?P<text>(?P<way>[<>])(?P<number>[0-9A-F]{2})(?P<words>( [!-)+-~]+)+))\*(?P<crc>[0-9A-F]{4})"
)
"""Words are printable ASCII without blank and `*`."""

Way: TypeAlias = Literal[">", "<"]
"""To the panel, from the panel."""
LineFault: TypeAlias = Literal["form", "crc", "length"]


@dataclass(frozen=True, slots=True)
class Line:
    """One question or answer."""

    way: Way
    number: int
    """0 to 255: ties an answer to its question."""
    words: tuple[str, ...]
    """The verb first."""


def encode(line: Line) -> bytes:
    """Return a line as bytes with its end; ValueError if the protocol has no such line."""
    text = f"{line.way}{line.number:02X} {' '.join(line.words)}".encode("ascii")
    raw = text + b"*%04X" % crc_of(text) + _END
    if len(raw) > MOST_BYTES or decode(raw[:-1]) != line:
        raise ValueError(f"no line of the panel protocol: {line}")
    return raw


def decode(raw: bytes) -> Line | LineFault:
    """Return the line that bytes without their end are, or what is wrong with them.

    A damage of up to 16 bits in a row, or of any one byte, is always told from the line that was
    sent; any other damage that still has a line's form is missed once in 65,536 cases.
    """
    if len(raw) >= MOST_BYTES:
        return "length"
    form = _FORM.fullmatch(raw)
    if form is None:
        return "form"
    if int(form["crc"], 16) != crc_of(form["text"]):
        return "crc"
    way: Way = ">" if form["way"] == b">" else "<"
    return Line(way, int(form["number"], 16), tuple(form["words"].decode("ascii").split()))


def crc_of(data: bytes) -> int:
    """Return the CRC-16/IBM-3740; that of `123456789` is 29B1."""
    return binascii.crc_hqx(data, CRC_START)


class LineReader:
    """Cuts bytes into lines, however they arrive; keeps less than a line of them."""

    def __init__(self) -> None:
        self.damaged: int = 0
        """Lines without the right form or CRC."""
        self.too_long: int = 0
        self._begun = bytearray()
        self._skips = False

    def feed(self, data: bytes) -> list[Line]:
        """Take bytes in, return the lines that they complete, count what is none.

        After any garbage the line behind the next line end is understood again.
        """
        *ended, rest = data.split(_END)
        lines = [line for piece in ended if (line := self._end(piece)) is not None]
        self._keep(rest)
        return lines

    def _end(self, piece: bytes) -> Line | None:
        self._keep(piece)
        raw, skips = bytes(self._begun).removesuffix(b"\r"), self._skips
        self._begun.clear()
        self._skips = False
        if skips or not raw:
            return None
        line = decode(raw)
        if isinstance(line, Line):
            return line
        if line == "length":
            self.too_long += 1
        else:
            self.damaged += 1
        return None

    def _keep(self, piece: bytes) -> None:
        if self._skips:
            return
        self._begun += piece
        # One more than a line without its end may have: a CR before the end does not count.
        if len(self._begun) > MOST_BYTES:
            self.too_long += 1
            self._skips = True
            self._begun.clear()
