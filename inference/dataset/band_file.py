"""Bands of a clip in a file."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inference.error import DataSetError
from inference.preprocessing import Gray

_MOST_FRAMES: Final = 10**9
"""NumPy leaves room in a header for a growing number of frames."""
_START: Final = b"\x93NUMPY\x01\x00"
"""Of a NumPy file, version 1.0. Source: NumPy, `numpy.lib.format`, "Format Version 1.0"."""
_HEADER: Final = re.compile(
    rb"{'descr': '(\S{2,3})', 'fortran_order': False, 'shape': \((\d{1,12}(?:, \d+)*),?\), } *\n"
)
_BANDS: Final = b"|u1"
_NUMBERS: Final = b"<i8"


@dataclass(frozen=True, slots=True)
class BandFile:
    """Bands (frames, height, width), uint8, that are read when they are asked for.

    Read, not mapped: a mapping holds a file handle, of which a process has too few for thousands
    of clips, a file that is cut behind a mapping kills the process, and a stack that is not in
    memory yet comes page by page (measured: 100 stacks/s instead of 400).
    Any thread may ask; a copy in another process reads the same file.
    """

    path: Path
    begin: int
    """Byte of the first band."""
    shape: tuple[int, int, int]

    def __len__(self) -> int:
        """Return the number of frames."""
        return self.shape[0]

    def __getitem__(self, frames: slice) -> Gray:
        """Return a copy of consecutive frames; raises DataSetError if the file has been harmed."""
        first, end, _ = frames.indices(len(self))
        bands: Gray = np.empty((max(0, end - first), *self.shape[1:]), np.uint8)
        try:
            with self.path.open("rb", buffering=0) as file:
                place = self.begin + first * self.shape[1] * self.shape[2]
                is_whole = _fill(bands, file.fileno(), place)
        except OSError as error:
            raise DataSetError(f"{self.path} cannot be read: {error.strerror}") from error
        if not is_whole:
            raise _damaged(self.path)
        return bands


Bands: TypeAlias = Gray | BandFile
"""Bands (frames, height, width), in memory or in a file: `len` and slices."""


def write_bands(
    file: BinaryIO, bands: Iterable[Gray | None], shape: tuple[int, int]
) -> tuple[int, int]:
    """Write bands of a shape; None, for an undecodable frame, repeats the band before it.

    One before the first band shows that one, as `inference.stack` cuts it; black if there is none.
    Two NumPy arrays one behind the other: the bands, and the numbers of the undecodable frames.
    By plain writes: on a full disk, one into mapped memory kills the process. Returns the numbers
    of frames and of undecodable frames. Raises OSError.
    """
    undecodable = []
    count = 0
    band: Gray = np.zeros(shape, np.uint8)
    _write_header(file, (_MOST_FRAMES, *shape))
    begin = file.tell()
    for number, found in enumerate(bands):
        if found is None:
            undecodable.append(number)
        else:
            band = found
            if number == len(undecodable):  # every frame before the first that can be decoded
                file.seek(begin)
                file.writelines(band.tobytes() for _ in undecodable)
        file.write(band.tobytes())
        count = number + 1
    np.lib.format.write_array(file, np.array(undecodable, np.int64))
    file.seek(0)
    _write_header(file, (count, *shape))
    file.flush()
    os.fsync(file.fileno())
    return count, len(undecodable)


def open_bands(path: Path, shape: tuple[int, int]) -> tuple[BandFile, NDArray[np.int64]]:
    """Return the bands of a file and the numbers of the undecodable frames; raises DataSetError."""
    try:
        with path.open("rb") as file:
            kind, found = _read_header(file)
            begin = file.tell()
            if kind != _BANDS or len(found) != 3 or found[1:] != shape:
                raise _damaged(path)
            file.seek(found[0] * shape[0] * shape[1], os.SEEK_CUR)
            undecodable = _read_numbers(file)
    except ValueError as error:
        raise _damaged(path) from error
    except OSError as error:
        raise DataSetError(f"{path} cannot be read: {error.strerror}") from error
    return BandFile(path, begin, (found[0], *shape)), undecodable


def _write_header(file: BinaryIO, shape: tuple[int, int, int]) -> None:
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def _read_header(file: BinaryIO) -> tuple[bytes, tuple[int, ...]]:
    """Return kind and shape of the NumPy array that begins here; raises ValueError.

    NumPy's own reader calls `ast.literal_eval`, which fails now and then where two threads do
    so at once. Source: CPython issue 106905.
    """
    if file.read(len(_START)) != _START:
        raise ValueError("not a NumPy array")
    length = int.from_bytes(file.read(2), "little")
    header = _HEADER.fullmatch(file.read(length))
    if header is None:
        raise ValueError("not the header of a NumPy array")
    return header[1], tuple(map(int, header[2].split(b", ")))


def _read_numbers(file: BinaryIO) -> NDArray[np.int64]:
    """Return the array of numbers that ends a file; raises ValueError."""
    kind, shape = _read_header(file)
    numbers = np.frombuffer(file.read(), _NUMBERS.decode())
    if kind != _NUMBERS or shape != numbers.shape:
        raise ValueError("not the numbers that the header counts")
    return numbers.astype(np.int64)


def _fill(bands: Gray, descriptor: int, place: int) -> bool:
    """Read into an array from a place of a file; False if the file ends before."""
    rest = memoryview(bands.reshape(-1).data)
    while rest:
        count = os.preadv(descriptor, [rest], place)
        if count == 0:
            return False
        rest, place = rest[count:], place + count
    return True


def _damaged(path: Path) -> DataSetError:
    return DataSetError(f"{path} is damaged: delete it")
