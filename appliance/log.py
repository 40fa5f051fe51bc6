"""Logs: sentences for people, one JSON object a line in a bounded file for each process."""

import json
import logging
import sys
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

_FILE_BYTES: Final = 5_000_000
_OLD_FILES: Final = 4


def start_log(path: Path, *, also_stderr: bool) -> None:
    """Send this process's log to `path`, and to standard error if asked. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = RotatingFileHandler(path, maxBytes=_FILE_BYTES, backupCount=_OLD_FILES)
    file.setFormatter(_JsonLine())
    handlers: list[logging.Handler] = [file]
    if also_stderr:
        people = logging.StreamHandler(sys.stderr)
        people.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
        handlers.append(people)
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)


class _JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "source": record.name,
            "pid": record.process,
            "text": record.getMessage(),
        }
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)
