"""Looking at many things at once, each with its own deadline."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final, Literal, TypeAlias

Verdict: TypeAlias = Literal["ok", "warning", "failed"]
_AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe has found."""

    verdict: Verdict
    text: str
    """One sentence."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A look at one thing; `look` may be left waiting in its thread when its time is over."""

    what: str
    timeout_s: float
    look: Callable[[], Finding]


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One line of a check."""

    what: str
    verdict: Verdict
    text: str


def run_probes(probes: Sequence[Probe]) -> list[CheckRow]:
    """Run probes, four at a time, and return a row for each in their order.

    A probe that is late or crashes is a failed row.
    """
    waiting = list(enumerate(probes))[::-1]
    deadlines: dict[int, float] = {}
    found: dict[int, Finding] = {}
    answers: SimpleQueue[tuple[int, Finding]] = SimpleQueue()
    while waiting or deadlines:
        while waiting and len(deadlines) < _AT_ONCE:
            number, probe = waiting.pop()
            deadlines[number] = time.monotonic() + probe.timeout_s
            # Daemons: a driver that hangs cannot be broken off, and must not hold up the end.
            threading.Thread(
                target=lambda n=number, p=probe: answers.put((n, _look(p))), daemon=True
            ).start()
        try:
            left_s = min(deadlines.values()) - time.monotonic()
            number, finding = answers.get(timeout=max(0.0, left_s))
        except Empty:
            number = min(deadlines, key=deadlines.__getitem__)
            finding = Finding("failed", f"no answer in {probes[number].timeout_s:g} s")
        # An answer that comes after its deadline is not waited for any more.
        if deadlines.pop(number, None) is not None:
            found[number] = finding
    return [
        CheckRow(probe.what, found[number].verdict, found[number].text)
        for number, probe in enumerate(probes)
    ]


def _look(probe: Probe) -> Finding:
    try:
        return probe.look()
    except Exception as error:  # noqa: BLE001 - a probe's outermost frame: one row, not the end
        return Finding("failed", f"the probe itself failed: {type(error).__name__}: {error}")
