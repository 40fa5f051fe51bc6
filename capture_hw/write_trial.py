"""Whether a folder takes data again after it has refused some."""

import os
import tempfile
import threading
from pathlib import Path
from typing import Final

_SIZE: Final = 4096


class WriteTrial:
    """One attempt to put a nameless file on the disk, in a thread: a sick disk may take minutes."""

    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder
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
    def fault(self) -> str:
        """Why the disk refused, one sentence; empty if it did not. Of use when it `is_over`."""
        return self._fault or ""

    def _run(self) -> None:
        try:
            with tempfile.TemporaryFile(dir=self._folder) as file:
                file.write(bytes(_SIZE))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            self._fault = f"{self._folder}: cannot be written: {os.strerror(error.errno or 0)}"
