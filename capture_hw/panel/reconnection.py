"""A panel whose line may be lost: it is opened when it is needed, and again after it was lost."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from capture_hw.error import PanelLost, PanelRefused, PanelSilent
from capture_hw.panel.port_opening import PanelOpener
from capture_hw.panel.program import PanelProgram
from capture_hw.panel.program_transfer import READ_S, UPLOAD_S
from capture_hw.panel.serial_panel import SerialPanel
from capture_hw.panel.state import LineCount, PanelIdentity, PanelState, SensorReading

_CALL_S: Final = 1.9
_FIRST_BACKOFF_S: Final = 0.25
_LONGEST_BACKOFF_S: Final = 2.0
"""Light is to be right again 5 s after the cable is plugged in. Source: contracts, "Limits"."""
_MOST_SILENT: Final = 3
"""Then the port is opened again: it may be another one by now, or its adapter hangs."""


class ReconnectingPanel:
    """A `Panel` over a serial line. One thread at a time.

    Nothing waits for the line: while the next try is not due, calls fail at once with the reason.
    """

    keeps_schedule: Final = True

    def __init__(
        self,
        name: str,
        opener: PanelOpener,
        monotonic: Callable[[], float] = time.monotonic,
        release: Callable[[], None] = lambda: None,
    ) -> None:
        """Open nothing yet; `release` is called once the panel is closed."""
        self.name: Final = name
        self._opener: Final = opener
        self._monotonic: Final = monotonic
        self._release: Final = release
        self._panel: SerialPanel | None = None
        self._past = LineCount(sent=0, faults=0, openings=0)
        """Of lines that were closed."""
        self._silent = 0
        self._backoff_s = _FIRST_BACKOFF_S
        self._not_before_s = 0.0
        self._failure: PanelSilent | PanelRefused = PanelLost("")
        """Why it is not open."""

    @property
    def port(self) -> str:
        """Where its line is, such as `/dev/ttyUSB0`; empty while it is not open."""
        return self._panel.port if self._panel is not None else ""

    @property
    def line_count(self) -> LineCount:
        """What happened on its lines so far; asks nothing."""
        count = self._past.plus(self._opener.failed)
        return count if self._panel is None else count.plus(self._panel.line_count)

    def identify(self) -> PanelIdentity:
        """Return which panel this is. Raises PanelRefused if it is another one than expected."""
        with self._open_panel() as panel:
            identity = panel.identify()
            self._opener.check(identity)
            return identity

    def read_state(self) -> PanelState:
        """Return levels, phase, time; ask once a second, it is the heartbeat as well."""
        with self._open_panel() as panel:
            return panel.read_state()

    def set_time(self, utc_ns: int, offset_min: int) -> None:
        """Set the panel's clock; the offset is for people who read its display."""
        called_s = self._monotonic()
        with self._open_panel() as panel:
            passed_ns = round((self._monotonic() - called_s) * 1_000_000_000)
            panel.set_time(utc_ns + passed_ns, offset_min)

    def read_program(self) -> PanelProgram | None:
        """Return what it runs, read back from it; None if it runs none. Up to 5 s."""
        with self._open_panel(READ_S) as panel:
            return panel.read_program()

    def upload(self, program: PanelProgram) -> None:
        """Stage, compare by CRC, commit: from now on, and after every power cut. Up to 10 s."""
        with self._open_panel(UPLOAD_S) as panel:
            panel.upload(program)

    def override_white(self, permille: int, for_s: int) -> None:
        """Give that much white light for a time, after which the panel ends it by itself."""
        with self._open_panel() as panel:
            panel.override_white(permille, for_s)

    def end_override(self) -> None:
        """End all overrides now; none is no error."""
        with self._open_panel() as panel:
            panel.end_override()

    def dim_infrared(self, permille: int, for_s: float) -> None:
        """Dim infrared light for a moment, up to 2 s, not below the panel's floor."""
        with self._open_panel() as panel:
            panel.dim_infrared(permille, for_s)

    def trim_clock(self, ppm: int) -> None:
        """Let the panel's clock run faster by so many parts per million, also after a power cut."""
        with self._open_panel() as panel:
            panel.trim_clock(ppm)

    def sense(self) -> SensorReading:
        """Return what the sensors read, raw, and what calibration and trim are kept."""
        with self._open_panel() as panel:
            return panel.sense()

    def calibrate(self, white_full: int | None, ir_full: int | None) -> None:
        """Set what the sensors read (1 to 1023) at full light; None leaves one as it is."""
        with self._open_panel() as panel:
            panel.calibrate(white_full, ir_full)

    def close(self) -> None:
        """Let go of the line; light goes on. Safe to call twice."""
        self._drop()
        self._release()

    @contextmanager
    def _open_panel(self, longest_s: float = _CALL_S) -> Iterator[SerialPanel]:
        """Give the panel to the block, which ends `longest_s` from now, opening included."""
        began_s = self._monotonic()
        panel = self._panel or self._open()
        try:
            with panel.within(longest_s - (self._monotonic() - began_s)):
                yield panel
        except PanelLost as error:
            self._fail(error)
            raise
        except PanelSilent as error:
            self._silent += 1
            if self._silent >= _MOST_SILENT:
                self._fail(error)
            raise
        self._silent = 0
        self._backoff_s = _FIRST_BACKOFF_S

    def _open(self) -> SerialPanel:
        if self._monotonic() < self._not_before_s:
            raise type(self._failure)(str(self._failure))
        try:
            line = self._opener.open()
        except (PanelSilent, PanelRefused) as error:
            self._fail(error)
            raise
        self._panel = line.panel
        if line.was_reset:
            resets = self._past.resets_by_opening + 1
            self._past = replace(self._past, resets_by_opening=resets)
        return line.panel

    def _fail(self, failure: PanelSilent | PanelRefused) -> None:
        """Close, and remember why and when to try again."""
        self._drop()
        self._failure = failure
        self._not_before_s = self._monotonic() + self._backoff_s
        self._backoff_s = min(2 * self._backoff_s, _LONGEST_BACKOFF_S)

    def _drop(self) -> None:
        if self._panel is not None:
            self._panel.close()
            self._past = self._past.plus(self._panel.line_count)
        self._panel = None
        self._silent = 0
