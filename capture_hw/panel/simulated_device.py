"""What a simulated panel does on each command of the protocol."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from capture_hw.error import DeviceLost
from capture_hw.light_plan import Era
from capture_hw.panel.program import MOST_ERAS, MOST_SPANS, PanelProgram
from capture_hw.panel.quartz import Quartz
from capture_hw.panel.simulated_clock import SimulatedClock
from capture_hw.panel.simulated_command import (
    CommandRefused,
    crc_in,
    integer_or_none,
    integers,
    require,
)
from capture_hw.panel.simulated_lamp import LONGEST_DIMMED_MS, LONGEST_WHITE_MS, SimulatedLamps
from capture_hw.panel.simulated_memory import COUNTER_END, PanelMemory, keep, recall
from capture_hw.panel.simulated_program import FULL, IR_FLOOR, LONGEST_CYCLE_S, ProgramStaging
from capture_hw.panel.state import Lamp
from capture_hw.panel_config import SimulatedPanelConfig
from capture_hw.photoperiod import LightSpan

Verb: TypeAlias = Callable[[tuple[str, ...]], str]
"""From the arguments of a command to those of its answer. Raises CommandRefused."""

_IDENTITY: Final = "simulated-panel 1.0"
_PROTOCOL: Final = 1
_FACTORY_IR: Final = FULL
"""Before a program was ever committed: the cameras should see something."""
_MS_NS: Final = 1_000_000
_SECOND_NS: Final = 1_000_000_000
_MS_END: Final = 2**32
_U8: Final = (0, 255)
_U16: Final = (0, 65_535)
_U32: Final = (0, 4_294_967_295)


class SimulatedDevice:
    """Clock, memory, lamps and program of one panel. One thread at a time.

    Light is a function of program and clock, so nothing has to run for it.
    """

    def __init__(self, config: SimulatedPanelConfig, file: Path, quartz: Quartz) -> None:
        """Switch it on. `file` is its EEPROM; there is none before the first thing to be kept."""
        self._serial_number: Final = f"SIM-{config.name}"[:24]
        self._file: Final = file
        self._memory = recall(file)
        self._clock = SimulatedClock(quartz, self._memory)
        self.lamps: Final = SimulatedLamps(config.faults, config.light_file, self._clock.up_ns)
        self._staging = ProgramStaging()
        self._count_start()
        self.verbs: Final[Mapping[str, Verb]] = {
            "identify": self._identify,
            "limits": self._limits,
            "uptime": self._uptime,
            "state": self._state,
            "clock": self._clock_now,
            "time": self._time,
            "begin": self._begin,
            "stage-era": self._stage_era,
            "stage-span": self._stage_span,
            "verify": self._verify,
            "commit": self._commit,
            "program": self._program,
            "era": self._era,
            "span": self._span,
            "override": self._override,
            "trim": self._trim,
            "calibrate": self._calibrate,
            "sense": self._sense,
            "heartbeat": self._heartbeat,
        }

    def up_ns(self) -> int:
        """Return how long ago it was switched on."""
        return self._clock.up_ns()

    def _identify(self, words: tuple[str, ...]) -> str:
        require(words, 0)
        return f"{_IDENTITY} {self._serial_number} {_PROTOCOL}"

    def _limits(self, words: tuple[str, ...]) -> str:
        require(words, 0)
        longest_s = LONGEST_WHITE_MS // 1000
        rtc = "rtc" if self._clock.has_rtc else "-"
        return f"{IR_FLOOR} {longest_s} {MOST_ERAS} {MOST_SPANS} {rtc}"

    def _uptime(self, words: tuple[str, ...]) -> str:
        require(words, 0)
        up_ms = self.up_ns() // _MS_NS % _MS_END
        return f"{up_ms} {self._memory.starts} power"

    def _state(self, words: tuple[str, ...]) -> str:
        require(words, 0)
        program, utc_ns = self._memory.program, self._clock.utc_ns()
        phase = "dark" if program is None or utc_ns is None else program.plan.phase(utc_ns)
        white, infrared = self._commanded()
        white_raw, ir_raw = self._raw()
        crc = "-" if program is None else f"{program.crc:04X}"
        return (
            f"{phase} {white} {_measured(white_raw, self._memory.white_full)} "
            f"{infrared} {_measured(ir_raw, self._memory.ir_full)} "
            f"{crc} {self.lamps.running_words()}"
        )

    def _clock_now(self, words: tuple[str, ...]) -> str:
        require(words, 0)
        utc_ns, program = self._clock.utc_ns(), self._memory.program
        if utc_ns is None:
            return "- 0 0 none -"
        change_ns = None if program is None else program.plan.next_change_ns(utc_ns)
        change_s = None if change_ns is None else change_ns // _SECOND_NS
        next_change = "-" if change_s is None or change_s > _U32[1] else str(change_s)
        return (
            f"{utc_ns // _SECOND_NS} {utc_ns % _SECOND_NS // _MS_NS} {self._clock.offset_min} "
            f"{self._clock.source} {next_change}"
        )

    def _time(self, words: tuple[str, ...]) -> str:
        utc_s, ms, offset_min = integers(words, _U32, (0, 999), (-840, 840))
        utc_ns = utc_s * _SECOND_NS + ms * _MS_NS
        kept = self._clock.kept_in(self._memory, utc_ns, offset_min)
        if kept != self._memory:
            self._keep(kept)
        self._clock.set(utc_ns, offset_min)
        return " ".join(words)

    def _begin(self, words: tuple[str, ...]) -> str:
        self._staging.begin(*integers(words, _U16))
        return " ".join(words)

    def _stage_era(self, words: tuple[str, ...]) -> str:
        self._staging.add_era(*integers(words, _U32, _U32, (1, LONGEST_CYCLE_S), _U8))
        return " ".join(words)

    def _stage_span(self, words: tuple[str, ...]) -> str:
        self._staging.add_span(*integers(words, _U32, _U16, _U16))
        return " ".join(words)

    def _verify(self, words: tuple[str, ...]) -> str:
        require(words, 0)
        return f"{self._staging.program().crc:04X}"

    def _commit(self, words: tuple[str, ...]) -> str:
        crc = crc_in(words)
        running = self._memory.program
        staged = self._staging.whole_program()
        # Two programs may have the same CRC: one that is staged counts.
        is_other = staged is not None and staged.crc == crc and staged != running
        if running is not None and running.crc == crc and not is_other:
            return words[0]
        program = self._staging.program()
        if program.crc != crc:
            raise CommandRefused("crc")
        generation = (self._memory.generation + 1) % COUNTER_END
        self._keep(
            self._memory.model_copy(
                update={"program": program, "program_crc": crc, "generation": generation}
            )
        )
        return words[0]

    def _program(self, words: tuple[str, ...]) -> str:
        require(words, 0)
        program = self._memory.program
        if program is None:
            return "- 0 0 - 0"
        return (
            f"{program.ir_permille} {len(program.eras)} {len(_spans(program))} "
            f"{program.crc:04X} {self._memory.generation}"
        )

    def _era(self, words: tuple[str, ...]) -> str:
        eras: tuple[Era, ...] = self._memory.program.eras if self._memory.program else ()
        (number,) = integers(words, (0, len(eras) - 1))
        era = eras[number]
        own = era.photoperiod
        return f"{number} {era.from_utc_s} {own.zero_utc_s} {own.cycle_s} {len(own.spans)}"

    def _span(self, words: tuple[str, ...]) -> str:
        spans = _spans(self._memory.program) if self._memory.program else []
        (number,) = integers(words, (0, len(spans) - 1))
        span = spans[number]
        return f"{number} {span.start_s} {span.from_permille} {span.to_permille}"

    def _override(self, words: tuple[str, ...]) -> str:
        try:
            if words == ("end",):
                self.lamps.end_overrides()
            elif words[:1] == ("white",):
                level, for_ms = integers(words[1:], (0, FULL), (1, LONGEST_WHITE_MS))
                self.lamps.override("white", level, for_ms, self._steady_ir())
            elif words[:1] == ("ir",):
                level, for_ms = integers(words[1:], (IR_FLOOR, FULL), (1, LONGEST_DIMMED_MS))
                self.lamps.override("ir", level, for_ms, self._steady_ir())
            else:
                raise CommandRefused("arguments")
        except (OSError, DeviceLost) as error:
            # The cameras before it cannot be told: dimming that nobody sees would mislead.
            raise CommandRefused("storage") from error
        return " ".join(words)

    def _trim(self, words: tuple[str, ...]) -> str:
        (ppm,) = integers(words, (-20_000, 20_000))
        self._keep(self._memory.model_copy(update={"trim_ppm": ppm}))
        self._clock.trim(ppm)
        return " ".join(words)

    def _calibrate(self, words: tuple[str, ...]) -> str:
        require(words, 2)
        white, infrared = (integer_or_none(word, 1, 1023) for word in words)
        self._keep(
            self._memory.model_copy(
                update={
                    "white_full": self._memory.white_full if white is None else white,
                    "ir_full": self._memory.ir_full if infrared is None else infrared,
                }
            )
        )
        return " ".join(words)

    def _sense(self, words: tuple[str, ...]) -> str:
        require(words, 0)
        white_raw, ir_raw = self._raw()
        kept = self._memory
        return f"{white_raw} {ir_raw} {kept.white_full} {kept.ir_full} {kept.trim_ppm}"

    def _heartbeat(self, words: tuple[str, ...]) -> str:
        require(words, 0)
        return ""

    def _steady_ir(self) -> int:
        return self._memory.program.ir_permille if self._memory.program else _FACTORY_IR

    def _commanded(self) -> tuple[int, int]:
        """Return white and infrared light, per mille."""
        program, utc_ns = self._memory.program, self._clock.utc_ns()
        white = 0
        if program is not None and utc_ns is not None:
            white = program.plan.white_permille(utc_ns)
        return (
            self.lamps.commanded("white", white),
            self.lamps.commanded("ir", self._steady_ir()),
        )

    def _raw(self) -> tuple[int, int]:
        lamps: tuple[Lamp, Lamp] = ("white", "ir")
        white, infrared = map(self.lamps.raw, lamps, self._commanded())
        return white, infrared

    def _count_start(self) -> None:
        """Count one start more; a panel that was never given anything leaves no file."""
        starts = (self._memory.starts + 1) % COUNTER_END
        self._memory = self._memory.model_copy(update={"starts": starts})
        if self._file.exists():
            try:
                keep(self._file, self._memory)
            except OSError:
                # Like EEPROM that is worn out: light goes on, and the next commit tells the host.
                return

    def _keep(self, memory: PanelMemory) -> None:
        """Keep something, then go by it. Raises CommandRefused."""
        try:
            keep(self._file, memory)
        except OSError as error:
            raise CommandRefused("storage") from error
        self._memory = memory


def _spans(program: PanelProgram) -> list[LightSpan]:
    return [span for era in program.eras for span in era.photoperiod.spans]


def _measured(raw: int, full: int) -> int:
    return min(FULL, raw * FULL // full)
