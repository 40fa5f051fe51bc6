"""PNG files of one gray plane with alpha and one text, as this program writes them.

Source: W3C Portable Network Graphics, third edition. Any viewer shows them; only files written
here are read. It is small, and saves the picture watch from loading OpenCV.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_HEADER: Final = struct.Struct(">IIBBBBB")
_GRAY_WITH_ALPHA: Final = (8, 4, 0, 0, 0)
"""8 bits, color type 4, deflate, adaptive filtering, not interlaced."""
_MOST_PIXELS: Final = 1 << 26
_Chunk: TypeAlias = tuple[bytes, bytes]


class PngError(ValueError):
    """The bytes are no PNG that this program wrote; what is wrong."""


def encode_png(gray: NDArray[np.uint8], alpha: NDArray[np.uint8], name: str, text: str) -> bytes:
    """Return the file's content; shapes (height, width), `text` in ASCII under a `name`."""
    height, width = gray.shape
    rows = np.zeros((height, 1 + 2 * width), np.uint8)  # filter 0 in front of each row
    rows[:, 1::2], rows[:, 2::2] = gray, alpha
    chunks: list[_Chunk] = [
        (b"IHDR", _HEADER.pack(width, height, *_GRAY_WITH_ALPHA)),
        (b"tEXt", name.encode("ascii") + b"\0" + text.encode("ascii")),
        (b"IDAT", zlib.compress(rows.tobytes(), 6)),
        (b"IEND", b""),
    ]
    return _SIGNATURE + b"".join(_packed(kind, body) for kind, body in chunks)


def decode_png(content: bytes, name: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8], str]:
    """Return gray, alpha and the text called `name`. Raises PngError."""
    chunks = dict(_chunks(content))
    if set(chunks) != {b"IHDR", b"tEXt", b"IDAT", b"IEND"}:
        raise PngError("is no PNG that this program wrote")
    if len(chunks[b"IHDR"]) != _HEADER.size:
        raise PngError("has a header of a wrong length")
    width, height, *form = _HEADER.unpack(chunks[b"IHDR"])
    if tuple(form) != _GRAY_WITH_ALPHA or not 0 < width * height <= _MOST_PIXELS:
        raise PngError("is not 8 bits of gray with alpha")
    rows = _rows(chunks[b"IDAT"], width, height)
    found, _, text = chunks[b"tEXt"].partition(b"\0")
    if found.decode("latin-1") != name:
        raise PngError(f"holds no text {name}")
    return rows[:, 1::2].copy(), rows[:, 2::2].copy(), text.decode("latin-1")


def _rows(packed: bytes, width: int, height: int) -> NDArray[np.uint8]:
    length = height * (1 + 2 * width)
    try:
        raw = zlib.decompressobj().decompress(packed, length)
    except zlib.error as error:
        raise PngError("its picture is damaged") from error
    if len(raw) != length:
        raise PngError("its picture ends early")
    rows = np.frombuffer(raw, np.uint8).reshape(height, 1 + 2 * width)
    if rows[:, 0].any():
        raise PngError("was written by another program")
    return rows


def _packed(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body)
    return len(body).to_bytes(4, "big") + kind + body + check.to_bytes(4, "big")


def _chunks(content: bytes) -> Iterator[_Chunk]:
    if not content.startswith(_SIGNATURE):
        raise PngError("is no PNG")
    place = len(_SIGNATURE)
    while place < len(content):
        end = place + 8 + int.from_bytes(content[place : place + 4], "big")
        kind, body = content[place + 4 : place + 8], content[place + 8 : end]
        if content[end : end + 4] != zlib.crc32(kind + body).to_bytes(4, "big"):
            raise PngError("is torn or damaged")
        yield kind, body
        place = end + 4
