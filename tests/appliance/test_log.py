"""The log of a process whose disk hangs."""

import json
import logging
import threading
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from appliance.log import start_log


@pytest.fixture(autouse=True)
def _root_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers = handlers
    root.setLevel(level)


def _texts(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in path.read_text().splitlines()]


def test_lines_reach_the_file_at_once_with_the_values_of_their_moment(tmp_path: Path) -> None:
    start_log(tmp_path / "a.log", also_stderr=False)
    seen: list[int] = []
    for number in range(3):
        seen.append(number)
        logging.getLogger("cage").info("frames: %s", seen)
    assert _texts(tmp_path / "a.log") == ["frames: [0]", "frames: [0, 1]", "frames: [0, 1, 2]"]


def test_a_log_on_a_disk_that_hangs_stops_nobody_and_counts_what_it_loses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, answers = threading.Event(), threading.Event()
    real = RotatingFileHandler.emit

    def emit(self: RotatingFileHandler, record: logging.LogRecord) -> None:
        hangs.set()
        answers.wait(10)
        real(self, record)

    monkeypatch.setattr(RotatingFileHandler, "emit", emit)
    start_log(tmp_path / "a.log", also_stderr=False)
    log = logging.getLogger("cage")
    log.info("first")
    assert hangs.wait(10)
    for number in range(1005):
        log.info("line %d", number)
    answers.set()
    (handler,) = logging.getLogger().handlers
    handler.close()
    texts = _texts(tmp_path / "a.log")
    assert texts[:3] == ["first", "5 lines of this log found no room", "line 0"]
    assert len(texts) == 1002
