"""Commands of the panel protocol: one question, its answer.

Source: docs/panel-protocol.md, "Line", "Repeats".
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import Final, TypeAlias, TypeVar

from capture_hw.error import PanelLost, PanelRefused, PanelSilent
from capture_hw.panel.line import Line, LineReader, encode
from capture_hw.panel.port import PanelPort

ANSWER_S: Final = 0.3
"""The panel has 0.1 s; the rest is for the line, a USB adapter and a busy host."""
TRIES: Final = 3
"""One lost line in a hundred, and a question fails once in a million; silence is known in 0.9 s."""
_BUSY_S: Final = 0.05
"""Before the next try; a panel writes about 15 bytes of EEPROM in that time."""
_LATE_AMONG: Final = 32
"""An answer to one of so many last questions is late, any other is somebody else's."""
_NUMBERS: Final = 256
_ERROR: Final = "error"
_ERROR_WORDS: Final = {
    "verb": "it does not know the command",
    "arguments": "number or form of the arguments is wrong",
    "range": "a value is out of its range",
    "order": "the program is not whole or not in order",
    "crc": "another program than this one is staged",
    "busy": "its memory is being written",
    "storage": "its memory does not take it",
}

Words: TypeAlias = tuple[str, ...]
Parsed = TypeVar("Parsed")


@dataclass(frozen=True, slots=True)
class LineFaults:
    """What was wrong on a line so far."""

    damaged: int = 0
    """Lines without the right form or CRC."""
    too_long: int = 0
    echoes: int = 0
    """Our own questions, come back."""
    late: int = 0
    """Answers to a question that was given up, or was answered already."""
    foreign: int = 0
    """Questions of another host, and answers to them."""
    nonsense: int = 0
    """Undamaged answers that the protocol does not know."""

    @property
    def total(self) -> int:
        """Return how many lines were of no use."""
        return self.damaged + self.too_long + self.echoes + self.late + self.foreign + self.nonsense


class Exchange:
    """Asks a panel over a port. One thread at a time.

    Raises PanelLost, PanelSilent, PanelRefused, each naming the panel.
    """

    def __init__(
        self,
        port: PanelPort,
        panel: str,
        first_number: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask over `port`; two hosts should not begin with the same number."""
        self.panel: Final = panel
        self.monotonic: Final = monotonic
        self.sent = 0
        """Questions, repeats included."""
        self._port = port
        self._reader = LineReader()
        self._number = first_number
        self._asked: deque[Line] = deque(maxlen=_LATE_AMONG)
        self._waiting: deque[Line] = deque()
        self._until_s = inf
        self._echoes = self._late = self._foreign = self._nonsense = 0

    @property
    def faults(self) -> LineFaults:
        """Return what was wrong on the line so far."""
        return LineFaults(
            self._reader.damaged,
            self._reader.too_long,
            self._echoes,
            self._late,
            self._foreign,
            self._nonsense,
        )

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Give up everything in the block after so long; blocks within it are shorter only."""
        before_s = self._until_s
        self._until_s = min(before_s, self.monotonic() + seconds)
        try:
            yield
        finally:
            self._until_s = before_s

    def confirm(
        self, verb: str, *arguments: str, answer_s: float = ANSWER_S, tries: int = TRIES
    ) -> None:
        """Tell the panel something, which it confirms by repeating it."""
        self.ask(
            lambda words: _same(words, arguments), verb, *arguments, answer_s=answer_s, tries=tries
        )

    def ask(
        self,
        parse: Callable[[Words], Parsed],
        verb: str,
        *arguments: str,
        answer_s: float = ANSWER_S,
        tries: int = TRIES,
    ) -> Parsed:
        """Return the parsed answer (words behind the verb), asking up to `tries` times.

        `parse` raises ValueError for words that are none; they count as no answer. A panel that is
        busy is asked again until the time of `within` is over.
        """
        nonsense = ""
        is_busy = False
        tried = 0
        while tried < tries and self.monotonic() < self._until_s:
            words = self._try(verb, arguments, answer_s)
            if words is None:
                tried += 1
            elif words[0] == verb:
                try:
                    return parse(words[1:])
                except ValueError as error:
                    tried += 1
                    self._nonsense += 1
                    nonsense = f"; it said {' '.join(words)!r}: {error}"
            elif words[1:] == ("busy",) and self._until_s < inf:
                is_busy = True
                self._rest(_BUSY_S)
            else:
                raise PanelRefused(f"panel {self.panel}: refuses {verb!r}: {_why(words)}")
        if is_busy and not tried:
            raise PanelSilent(f"panel {self.panel}: stays busy writing, too long for {verb!r}")
        raise PanelSilent(f"panel {self.panel}: no valid answer to {verb!r}{nonsense}")

    def close(self) -> None:
        """Let go of the line. Safe to call twice."""
        self._port.close()

    def _try(self, verb: str, arguments: Words, answer_s: float) -> Words | None:
        """Return the answer's words with its verb or `error`, None if there is none in time."""
        question = Line(">", self._number, (verb, *arguments))
        self._number = (self._number + 1) % _NUMBERS
        until_s = min(self.monotonic() + answer_s, self._until_s)
        try:
            self._port.write(encode(question))
            self.sent += 1
            self._asked.append(question)
            return self._answer_to(question, until_s)
        except PanelLost as error:
            raise PanelLost(f"panel {self.panel}: {error}") from error

    def _answer_to(self, question: Line, until_s: float) -> Words | None:
        while True:
            while self._waiting:
                line = self._waiting.popleft()
                if self._is_answer(line, question):
                    return line.words
                self._count(line)
            left_s = until_s - self.monotonic()
            if left_s <= 0:
                return None
            self._waiting.extend(self._reader.feed(self._port.read(left_s)))

    def _is_answer(self, line: Line, question: Line) -> bool:
        if line.way != "<" or line.number != question.number:
            return False
        return line.words[0] == question.words[0] or _is_error(line.words)

    def _count(self, line: Line) -> None:
        """Count a line that nobody waits for."""
        if line.way == ">":
            if line in self._asked:
                self._echoes += 1
            else:
                self._foreign += 1
        elif any(line.number == asked.number for asked in self._asked):
            self._late += 1
        else:
            self._foreign += 1

    def _rest(self, seconds: float) -> None:
        """Listen for a while, so that what comes is not taken for an answer to what follows."""
        until_s = self.monotonic() + seconds
        while (left_s := until_s - self.monotonic()) > 0:
            for line in self._reader.feed(self._port.read(left_s)):
                self._count(line)


def _same(words: Words, arguments: Words) -> None:
    if words != arguments:
        raise ValueError(f"that is not {' '.join(arguments)!r}")


def _is_error(words: Words) -> bool:
    return len(words) == 2 and words[0] == _ERROR


def _why(words: Words) -> str:
    return _ERROR_WORDS.get(words[1], f"error {words[1]!r}")
