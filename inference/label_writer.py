"""Writing a label file row by row, so that a kill costs nothing but time."""

import fcntl
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from inference.durable_file import part_path, publish
from inference.error import LabelFileError
from inference.label_file import LabelRow, header, read_labels, rows_of


class LabelWriter:
    """A label file under its `.part` name, held exclusively, until `finish` renames it.

    `kept` are the rows that an interrupted run of the same model left; they stay.
    """

    def __init__(self, path: Path, model: str, *, resume: bool = True) -> None:
        """Open or create `<path>.part`; raises LabelFileError."""
        self.path: Final = path
        self._part = part_path(path)
        self._model = model
        try:
            self._file = self._part.open("a+b")
        except OSError as error:
            raise LabelFileError(f"{self._part}: cannot be written: {error.strerror}") from error
        try:
            self._lock()
            self.kept: Final = self._keep_rows() if resume else []
            if not self.kept:
                self._restart()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; what is written stays under `.part` for the next run."""
        with suppress(OSError):  # a full disk has been reported by the write that met it
            self._file.close()

    def append(self, rows: Iterable[LabelRow]) -> None:
        """Write rows through to the operating system; raises LabelFileError."""
        self._write("".join(row.line() for row in rows).encode())

    def finish(self) -> None:
        """Sync and rename to the final name; raises LabelFileError."""
        try:
            os.fsync(self._file.fileno())
            publish(self._part, self.path)
        except OSError as error:
            raise LabelFileError(f"{self.path}: cannot be finished: {error.strerror}") from error

    def discard(self) -> None:
        """Remove the `.part` file, when there is nothing in it worth keeping."""
        self._part.unlink(missing_ok=True)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LabelFileError(
                f"{self._part}: another process is writing it; wait or stop that one"
            ) from error

    def _keep_rows(self) -> list[LabelRow]:
        """Cut a torn last line off and return the rows; none if another model wrote them."""
        whole = _cut_torn_line(self._file)
        if not whole.startswith(header(self._model).encode()):
            return []
        try:
            return rows_of(read_labels(self._part))
        except LabelFileError:
            return []

    def _restart(self) -> None:
        self._file.truncate(0)
        self._write(header(self._model).encode())

    def _write(self, content: bytes) -> None:
        try:
            self._file.write(content)
            self._file.flush()
        except OSError as error:
            raise LabelFileError(f"{self._part}: cannot be written: {error.strerror}") from error


def _cut_torn_line(file: BinaryIO) -> bytes:
    file.seek(0)
    content = file.read()
    whole = content[: content.rfind(b"\n") + 1]
    file.truncate(len(whole))
    return whole
