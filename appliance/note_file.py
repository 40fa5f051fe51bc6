"""What people wrote down, one JSON object a line, beside the recordings."""

import json
import os
from pathlib import Path

from appliance.event import NotePayload, rfc3339


def append_note(path: Path, note: NotePayload, utc_ns: int) -> None:
    """Add a line durably. Raises OSError.

    A line that a power cut tore is left alone: the new one begins on a line of its own.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"time": rfc3339(utc_ns)} | note.model_dump(mode="json"), ensure_ascii=False)
    with path.open("ab+") as file:
        if file.tell() and not _ends_with_newline(file.fileno(), file.tell()):
            line = "\n" + line
        file.write(line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _ends_with_newline(descriptor: int, size: int) -> bool:
    return os.pread(descriptor, 1, size - 1) == b"\n"
