"""Orders to QEMU itself, over the socket of its monitor.

Source: QEMU, docs/interop/qmp-spec.rst.
"""

import json
import socket
from pathlib import Path
from typing import Final, TextIO

from tests.vm.error import MachineError

_GREETING: Final = "greeting"


def ask_monitor(
    monitor: Path, order: str, *, timeout_s: float, arguments: dict[str, str] | None = None
) -> str:
    """Give one order and return the answer, mostly empty. Raises MachineError, one sentence."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(timeout_s)
            line.connect(str(monitor))
            with line.makefile("r", encoding="utf-8") as answers:
                _next_answer(answers, _GREETING)
                _ask(line, answers, "qmp_capabilities", {})
                return _ask(line, answers, order, arguments or {})
    except TimeoutError as error:
        raise MachineError(f"QEMU, {order}: no answer in {timeout_s:g} s") from error
    except OSError as error:
        raise MachineError(f"QEMU, {order}: {error.strerror}") from error


def _ask(line: socket.socket, answers: TextIO, order: str, arguments: dict[str, str]) -> str:
    line.sendall(json.dumps({"execute": order, "arguments": arguments}).encode())
    while True:
        answer = _next_answer(answers, order)
        if "error" in answer:
            raise MachineError(f"QEMU, {order}: {answer['error']}")
        if "return" in answer:  # anything else is an event
            return str(answer["return"] or "").strip()


def _next_answer(answers: TextIO, order: str) -> dict[str, object]:
    said = answers.readline()
    try:
        answer: dict[str, object] = json.loads(said)
    except ValueError as error:
        raise MachineError(f"QEMU, {order}: no answer but {said!r}") from error
    return answer
