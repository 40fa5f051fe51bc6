"""Whether a folder takes data again after it has refused some."""

import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from capture_hw.error import StorageError

_SIZE: Final = 4096


class WriteTrial:
    """One attempt to put a nameless file on the disk, in a thread: a sick disk may take minutes."""

    def __init__(self, folder: Path, look: Callable[[], None] = lambda: None) -> None:
        """`look` comes first; it raises StorageError if it is not worth a trial."""
        self._folder: Final = folder
        self._look: Final = look
        self._fault: str | None = None
        self._thread: Final = threading.Thread(
            target=self._run, name=f"trial {folder}", daemon=True
        )
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether the disk has answered."""
        return not self._thread.is_alive()

    @property
    def has_succeeded(self) -> bool:
        """Whether the disk has taken the file."""
        return self.is_over and not self.fault

    @property
    def fault(self) -> str:
        """Why the disk refused, one sentence; empty if it did not. Of use when it `is_over`."""
        return self._fault or ""

    def _run(self) -> None:
        try:
            self._look()
            with tempfile.TemporaryFile(dir=self._folder) as file:
                file.write(bytes(_SIZE))
                file.flush()
                os.fsync(file.fileno())
        except StorageError as error:
            self._fault = str(error)
        except OSError as error:
            self._fault = f"{self._folder}: cannot be written: {os.strerror(error.errno or 0)}"
