"""Writing a file of a training."""

from contextlib import suppress
from pathlib import Path

from disk.durable_file import part_path, write_durably
from inference.error import TrainingError


def keep_file(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all; what stood there stays until the new one is there.

    Raises TrainingError, one sentence.
    """
    try:
        write_durably(path, content)
    except OSError as error:
        with suppress(OSError):
            part_path(path).unlink()
        raise TrainingError(f"{path} cannot be written: {error.strerror}") from error
