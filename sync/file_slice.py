"""A stretch of a file, read like a file of its own."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sync.error import SourceChanged

_BUFFER_BYTES: Final = 1 << 18
"""Small enough that a stop is noticed soon on a slow line; the page cache makes it cheap."""


def open_slice(
    path: Path, start: int, size: int, on_block: Callable[[], None]
) -> io.BufferedReader:
    """Open `size` bytes of a file from `start`; close it after use.

    `on_block` is called before every read from the file and may raise. Reading raises
    SourceChanged if the file cannot be read or is shorter.
    """
    return io.BufferedReader(_FileSlice(path, start, size, on_block), _BUFFER_BYTES)


class _FileSlice(io.RawIOBase):
    def __init__(self, path: Path, start: int, size: int, on_block: Callable[[], None]) -> None:
        self._path = path
        self._start = start
        self._size = size
        self._on_block = on_block
        self._position = 0
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise SourceChanged(f"{path}: cannot be read: {error.strerror}") from error

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        self._on_block()
        wanted = min(len(buffer), self._size - self._position)
        if wanted <= 0:
            return 0
        try:
            got = os.preadv(
                self._descriptor, [memoryview(buffer)[:wanted]], self._start + self._position
            )
        except OSError as error:
            raise SourceChanged(f"{self._path}: cannot be read: {error.strerror}") from error
        if not got:
            raise SourceChanged(f"{self._path}: became shorter while it was sent")
        self._position += got
        return got

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()
