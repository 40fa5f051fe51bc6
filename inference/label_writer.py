"""Writing a label file row by row, so that a kill costs nothing but time."""

import fcntl
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from io import BufferedRandom
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from disk.durable_file import part_path, publish
from inference.error import LabelFileError
from inference.label_file import LabelRow, header
from inference.written_rows import read_written_rows


class LabelWriter:
    """A label file under its `.part` name, held exclusively, until `finish` renames it.

    `kept` are the rows that an interrupted run of the same model left; they stay.
    """

    def __init__(
        self, path: Path, model: str, *, resume: bool = True, video: Path | None = None
    ) -> None:
        """Open or create `<path>.part`; raises LabelFileError.

        Rows older than the last change of `video` are not kept; without it, as for a video that
        is being written, the caller compares them.
        """
        self.path: Final = path
        self._part = part_path(path)
        self._model = model
        if resume and video is not None and self._part.exists():
            resume = not changed_since(video, self._part)
        self._file = self._open_locked()
        try:
            self.kept: Sequence[LabelRow] = ()
            self.keep(None if resume else 0)
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

    def keep(self, most: int | None = None) -> None:
        """Read the rows that are whole and of this model into `kept`, and cut the others off.

        With `most`, those after the first `most` too. Raises LabelFileError.
        """
        start = header(self._model).encode()
        try:
            self.kept, good = read_written_rows(self._file, start, most)
            self._file.truncate(good)
        except OSError as error:
            raise LabelFileError(f"{self._part}: cannot be read: {error.strerror}") from error
        if not good:
            self._write(start)

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

    def _open_locked(self) -> BufferedRandom:
        """Open the `.part` file and lock it.

        Another process may have renamed it between the two: then it is a finished file, and the
        next one is opened.
        """
        while True:
            try:
                file = self._part.open("a+b")
            except OSError as error:
                raise LabelFileError(
                    f"{self._part}: cannot be written: {error.strerror}"
                ) from error
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.close()
                raise LabelFileError(
                    f"{self._part}: another process is writing it; wait or stop that one"
                ) from error
            if self._part.exists() and self._part.samefile(f"/proc/self/fd/{file.fileno()}"):
                return file
            file.close()

    def _write(self, content: bytes) -> None:
        try:
            self._file.write(content)
            self._file.flush()
        except OSError as error:
            raise LabelFileError(f"{self._part}: cannot be written: {error.strerror}") from error


def changed_since(video: Path, labels: Path) -> bool:
    """Say whether the video's file changed after the label file was last written.

    The time of a file's last change (ctime), unlike that of its content, cannot be set back: a
    video put in the place of another is noticed.
    """
    return video.stat().st_ctime_ns >= labels.stat().st_mtime_ns
