"""Programs to and from a panel, piece by piece.

Source: docs/panel-protocol.md, "Commands", "Repeats", "Commit".
"""

from functools import partial
from typing import Final

from capture_hw.error import PanelLost, PanelRefused, PanelSilent
from capture_hw.light_plan import Era
from capture_hw.panel import answer
from capture_hw.panel.exchange import Exchange
from capture_hw.panel.program import PanelProgram
from capture_hw.photoperiod import LightSpan

READ_S: Final = 5.0
"""At most 49 answers; a USB adapter holds each for 16 ms."""
UPLOAD_S: Final = 10.0
_STAGE_S: Final = 4.5
_COMMIT_S: Final = 4.0
"""The panel has 3 s. Source: docs/panel-protocol.md, "Line"."""
_AFTER_COMMIT_S: Final = 1.4


def read_program(exchange: Exchange) -> PanelProgram | None:
    """Return what the panel runs, None if nothing; within 5 s.

    Raises PanelSilent, also if its pieces do not make up its CRC: it was changed meanwhile.
    """
    with exchange.within(READ_S):
        head = exchange.ask(answer.program_head, "program")
        if head is None:
            return None
        spans = tuple(
            exchange.ask(partial(answer.span, position=n), "span", str(n))
            for n in range(head.spans)
        )
        eras = _read_eras(exchange, head.eras, spans)
    program = PanelProgram(head.ir_permille, eras)
    if program.crc != head.crc:
        raise PanelSilent(
            f"panel {exchange.panel}: the program that it shows has CRC {program.crc:04X}, "
            f"it says {head.crc:04X}"
        )
    return program


def upload(exchange: Exchange, program: PanelProgram) -> None:
    """Stage, compare, commit; within 10 s.

    Raises PanelSilent if it cannot be told whether the panel runs it, PanelRefused if it does not.
    """
    with exchange.within(_STAGE_S):
        _stage(exchange, program)
    try:
        with exchange.within(_COMMIT_S):
            exchange.confirm("commit", f"{program.crc:04X}", answer_s=_COMMIT_S, tries=1)
    except PanelLost:
        raise
    except PanelSilent:
        with exchange.within(_AFTER_COMMIT_S):
            head = exchange.ask(answer.program_head, "program")
        if head is None or head.crc != program.crc:
            raise


def _read_eras(exchange: Exchange, count: int, spans: tuple[LightSpan, ...]) -> tuple[Era, ...]:
    eras = []
    for n in range(count):
        parse = partial(answer.era, position=n, spans=spans)
        era, own = exchange.ask(parse, "era", str(n))
        eras.append(era)
        spans = spans[own:]
    return tuple(eras)


def _stage(exchange: Exchange, program: PanelProgram) -> None:
    """Stage it, a second time if the panel forgot the first in between or has got another one."""
    try:
        arrived = _staged_crc(exchange, program)
    except PanelRefused:
        # A panel that was reset has nothing staged; one that cannot take it refuses again.
        arrived = _staged_crc(exchange, program)
    if arrived != program.crc:
        arrived = _staged_crc(exchange, program)
    if arrived != program.crc:
        raise PanelRefused(
            f"panel {exchange.panel}: the program arrived with CRC {arrived:04X}, "
            f"not {program.crc:04X}"
        )


def _staged_crc(exchange: Exchange, program: PanelProgram) -> int:
    exchange.confirm("begin", str(program.ir_permille))
    for era in program.eras:
        own = era.photoperiod
        words = era.from_utc_s, own.zero_utc_s, own.cycle_s, len(own.spans)
        exchange.confirm("stage-era", *map(str, words))
        for span in own.spans:
            levels = span.start_s, span.from_permille, span.to_permille
            exchange.confirm("stage-span", *map(str, levels))
    return exchange.ask(_verified, "verify")


def _verified(words: tuple[str, ...]) -> int:
    (word,) = words if len(words) == 1 else ("",)
    return answer.crc_of(word)
