"""Questions from the guest to its host, as files in the folder that they share."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

from tests.vm.error import MachineError

Question: TypeAlias = Mapping[str, str]
Answer: TypeAlias = dict[str, Any]
"""What JSON can hold."""
_TURN_S: Final = 0.01
_STOP_S: Final = 30.0
_FAILED: Final = "failed"


def ask(folder: Path, question: Question, *, timeout_s: float) -> Answer:
    """Ask from the guest and wait for the answer. Raises MachineError. One asks at a time."""
    name = f"{time.monotonic_ns():020}"
    answer_file = folder / f"{name}.answer"
    _write(folder / f"{name}.question", question)
    deadline_s = time.monotonic() + timeout_s
    while not answer_file.exists():
        if time.monotonic() > deadline_s:
            raise MachineError(f"{question}: no answer in {timeout_s:g} s")
        time.sleep(_TURN_S)
    answer: Answer = json.loads(answer_file.read_text())
    answer_file.unlink()
    if _FAILED in answer:
        raise MachineError(f"{question}: {answer[_FAILED]}")
    return answer


@contextmanager
def answering(folder: Path, answer: Callable[[Question], Answer]) -> Iterator[None]:
    """Answer on the host, in a thread, for as long as the block runs.

    A MachineError of `answer` is told to whoever asked; any other error ends the thread, and is
    raised at the end of the block.
    """
    folder.mkdir()
    stop, errors = threading.Event(), []

    def serve() -> None:
        try:
            while not stop.wait(_TURN_S):
                for file in sorted(folder.glob("*.question")):
                    _answer(file, answer)
        except Exception as error:  # noqa: BLE001 - outermost loop: raised again below
            errors.append(error)

    thread = threading.Thread(target=serve, name="mailbox")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_STOP_S)
    if errors:
        raise errors[0]


def _answer(file: Path, answer: Callable[[Question], Answer]) -> None:
    question: Question = json.loads(file.read_text())
    file.unlink()
    try:
        said = answer(question)
    except MachineError as error:
        said = {_FAILED: str(error)}
    _write(file.with_suffix(".answer"), said)


def _write(file: Path, content: Mapping[str, Any]) -> None:
    """Let nobody see half of it."""
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(content))
    fresh.rename(file)
