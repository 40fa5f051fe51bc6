"""Logs: sentences for people, one JSON object a line in a bounded file for each process."""

import atexit
import json
import logging
import queue
import sys
import threading
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

_FILE_BYTES: Final = 5_000_000
_OLD_FILES: Final = 4
_MOST_WAITING: Final = 1000
_LAST_LINES_S: Final = 1.0
_QUICK_S: Final = 0.1
"""Who is killed right after a line has it in the file, unless the disk is slow."""


def start_log(path: Path, *, also_stderr: bool) -> None:
    """Send this process's log to `path`, and to standard error if asked. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = RotatingFileHandler(path, maxBytes=_FILE_BYTES, backupCount=_OLD_FILES)
    file.setFormatter(_JsonLine())
    handlers: list[logging.Handler] = [_Later(file)]
    if also_stderr:
        people = _Screen()
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


class _Later(logging.Handler):
    """Has another handler write from a thread of its own, and waits for it as long as it is quick.

    A disk that hangs does not stop the process; how many lines then found no room is said.
    """

    def __init__(self, handler: logging.Handler) -> None:
        super().__init__()
        self._handler: Final = handler
        self._lost = 0
        self._is_late = False
        self._waiting: queue.Queue[tuple[logging.LogRecord, threading.Event] | None] = queue.Queue(
            _MOST_WAITING
        )
        self._thread = threading.Thread(target=self._loop, name="log file", daemon=True)
        self._thread.start()
        atexit.register(self._finish)

    def emit(self, record: logging.LogRecord) -> None:
        record.msg, record.args = record.getMessage(), None  # the values may change until then
        is_written = threading.Event()
        try:
            self._waiting.put_nowait((record, is_written))
        except queue.Full:
            self._lost += 1
            return
        if not self._is_late:
            self._is_late = not is_written.wait(_QUICK_S)

    def close(self) -> None:
        atexit.unregister(self._finish)
        self._finish()
        super().close()

    def _finish(self) -> None:
        try:
            self._waiting.put(None, timeout=_LAST_LINES_S)
        except queue.Full:
            return
        self._thread.join(_LAST_LINES_S)

    def _loop(self) -> None:
        while (waiting := self._waiting.get()) is not None:
            record, is_written = waiting
            self._handler.handle(record)
            lost, self._lost = self._lost, 0
            if lost:
                self._handler.handle(_loss(lost))
            is_written.set()
            if self._waiting.empty():
                self._is_late = False
        self._handler.close()


def _loss(lines: int) -> logging.LogRecord:
    text = f"{lines} lines of this log found no room"
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, None, None)


class _Screen(logging.Handler):
    """Writes lines to standard error from a thread of its own.

    A terminal that somebody paused with Ctrl-S, or a full pipe, does not stop the process; lines
    that find no room are in the file only.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: queue.Queue[str | None] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._loop, name="log", daemon=True)
        self._thread.start()
        atexit.register(self._finish)

    def emit(self, record: logging.LogRecord) -> None:
        self._put(self.format(record))

    def _put(self, line: str | None) -> None:
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            return

    def _finish(self) -> None:
        self._put(None)
        self._thread.join(_LAST_LINES_S)

    def _loop(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                sys.stderr.write(line + "\n")
                sys.stderr.flush()
            except OSError:
                return
