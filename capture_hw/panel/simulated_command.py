"""What a command to a simulated panel may be made of."""

import re
from typing import Final, Literal, TypeAlias

ErrorCode: TypeAlias = Literal["verb", "arguments", "range", "order", "crc", "busy", "storage"]
"""Source: docs/panel-protocol.md, "Commands"."""
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]*")
_CRC: Final = re.compile(r"[0-9A-F]{4}")
_NONE: Final = "-"


class CommandRefused(Exception):
    """The panel answers `error` with this code."""

    def __init__(self, code: ErrorCode) -> None:
        super().__init__(code)
        self.code: Final = code


def integers(words: tuple[str, ...], *ranges: tuple[int, int]) -> list[int]:
    """Return as many integers as there are ranges (both ends included). Raises CommandRefused."""
    require(words, len(ranges))
    if not all(_INTEGER.fullmatch(word) for word in words):
        raise CommandRefused("arguments")
    values = [int(word) for word in words]
    if not all(least <= value <= most for value, (least, most) in zip(values, ranges, strict=True)):
        raise CommandRefused("range")
    return values


def integer_or_none(word: str, least: int, most: int) -> int | None:
    """Return an integer, or None for `-`. Raises CommandRefused."""
    return None if word == _NONE else integers((word,), (least, most))[0]


def crc_in(words: tuple[str, ...]) -> int:
    """Return the only argument, four hexadecimal digits. Raises CommandRefused."""
    require(words, 1)
    if not _CRC.fullmatch(words[0]):
        raise CommandRefused("arguments")
    return int(words[0], 16)


def require(words: tuple[str, ...], count: int) -> None:
    """Raise CommandRefused if there is another number of arguments."""
    if len(words) != count:
        raise CommandRefused("arguments")
