"""How soon each fault of a panel is told by the real lights worker and supervisor."""

import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from capture_hw.panel.line import Line, encode
from tests.bench.faulty_line import LineFault
from tests.bench.lit_rack import Benched, LitRack, lit_for
from tests.bench.spread import Spread
from tests.firmware.emulated_panel import Reset, SensorFault
from tests.firmware.firmware_build import BuiltFirmware
from tests.firmware.host import NIGHT

LIMIT_S: Final = 5.0
"""From a fault until a person is told. Source: contracts, "Limits"."""
_PATIENCE_S: Final = 30.0
_POLL_S: Final = 0.02
_LINE_S: Final = 0.03
"""Between two lines of a second master, as if it waited for answers."""
_MINUTE_S: Final = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong, and what must be told of it."""

    name: str
    inject: Callable[[Benched], None]
    told: str
    """A pattern; a reason without it does not count."""
    lit_for_h: float = 3.0


@dataclass(frozen=True, slots=True)
class Detection:
    """Seconds from a fault until it was told."""

    event_s: float
    """In the event ledger, from where it goes to the broker."""
    alert_s: float
    """Among the open alerts of the rack's status."""
    reason: str


def print_detections(built: BuiltFirmware, repeats: int) -> bool:
    """Print how soon each fault is told; return whether all were within the limit."""
    print(f"\nfrom a fault to its event and to its alert, {repeats} times each")
    chance = random.Random(1)
    is_well = True
    for fault in FAULTS:
        found = [_detect(built, fault, chance.random()) for _ in range(repeats)]
        events = Spread.of([one.event_s for one in found])
        alerts = Spread.of([one.alert_s for one in found])
        is_held = alerts.largest <= LIMIT_S
        is_well &= is_held
        print(
            f"{fault.name:24} event {events.median:4.2f} max {events.largest:4.2f} s   "
            f"alert {alerts.median:4.2f} max {alerts.largest:4.2f} s   "
            f"{'' if is_held else 'OVER '}{found[0].reason}",
            flush=True,
        )
    return is_well


def _detect(built: BuiltFirmware, fault: Fault, delay_s: float) -> Detection:
    """Let a fresh rack get well, wait `delay_s`, let it happen, and wait until it is told."""
    with (
        tempfile.TemporaryDirectory(prefix="ethoprofiler-bench-") as name,
        Benched(built, Path(name)) as panel,
        LitRack(Path(name), panel, lit_for(fault.lit_for_h)) as rack,
    ):
        rack.await_well()
        time.sleep(1 + delay_s)
        row = rack.last_row()
        began_s = time.monotonic()
        fault.inject(panel)
        return _await(rack, row, fault, began_s)


def _await(rack: LitRack, row: int, fault: Fault, began_s: float) -> Detection:
    event_s = alert_s = None
    reason = ""
    while event_s is None or alert_s is None:
        if time.monotonic() - began_s > _PATIENCE_S:
            raise TimeoutError(f"{fault.name}: told {reason!r}, panel {rack.panel()}")
        if event_s is None:
            matching = [one for one in rack.reasons_after(row) if re.search(fault.told, one)]
            if matching:
                event_s, reason = time.monotonic() - began_s, matching[0]
        if alert_s is None and _alert(rack, fault):
            alert_s = time.monotonic() - began_s
        time.sleep(_POLL_S)
    return Detection(event_s, alert_s, reason)


def _alert(rack: LitRack, fault: Fault) -> bool:
    status = rack.status()
    return status is not None and any(
        alert.id == "panel-north" and re.search(fault.told, alert.text) for alert in status.alerts
    )


def _line(fault: LineFault) -> Callable[[Benched], None]:
    def inject(panel: Benched) -> None:
        panel.line.fault = fault

    return inject


def _lamp(lamp: str, fault: SensorFault) -> Callable[[Benched], None]:
    return lambda panel: panel.paced.call(lambda line: line.set_lamp(lamp, fault))


def _reset(panel: Benched) -> None:
    panel.paced.call(lambda line: line.reset(Reset.EXTERNAL))


def _turn_clock(panel: Benched) -> None:
    _send(panel, [f"time {int(time.time()) + 2 * _MINUTE_S} 0 0"])


def _load_another_program(panel: Benched) -> None:
    _send(panel, _program_lines())


def _program_lines() -> Iterator[str]:
    yield f"begin {NIGHT.ir_permille}"
    for era in NIGHT.eras:
        own = era.photoperiod
        yield f"stage-era {era.from_utc_s} {own.zero_utc_s} {own.cycle_s} {len(own.spans)}"
        for span in own.spans:
            yield f"stage-span {span.start_s} {span.from_permille} {span.to_permille}"
    yield f"commit {NIGHT.crc:04X}"


def _send(panel: Benched, texts: list[str] | Iterator[str]) -> None:
    """Be a second master that does not care for answers."""
    for number, text in enumerate(texts):
        panel.feed(encode(Line(">", number, tuple(text.split()))))
        time.sleep(_LINE_S)


_SILENT: Final = "no such port|unplugged|line is gone|no valid answer|does not answer"
_BAD: Final = f"line is bad|{_SILENT}"
FAULTS: Final = (
    Fault("unplugged", lambda panel: panel.paced.unplug(), _SILENT),
    Fault("panel silent", _line("silent"), _SILENT),
    Fault("garbage on the line", _line("garbage"), _BAD),
    Fault("echo on the line", _line("echo"), "line is bad"),
    Fault("white LED dead", _lamp("white", SensorFault.DEAD), "white is measured at 0 %"),
    Fault("infrared LED dead", _lamp("ir", SensorFault.DEAD), "infrared is measured at 0 %"),
    Fault("white on in the dark", _lamp("white", SensorFault.STUCK_ON), "on in the dark", -3.0),
    Fault("panel started again", _reset, "started again"),
    Fault("clock off by 2 min", _turn_clock, r"differs from this machine's by \+2 min"),
    Fault("another program", _load_another_program, "program"),
)
