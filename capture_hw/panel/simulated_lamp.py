"""The lamps of a simulated panel: what they are commanded, what they give, what is seen of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from capture_hw.panel.simulated_memory import SENSOR_FULL
from capture_hw.panel.simulated_program import FULL
from capture_hw.panel.state import Lamp
from capture_hw.panel_config import PanelFault, PanelFaultKind
from capture_hw.panel_light import dim, end_dimming

LONGEST_WHITE_MS: Final = 3_600_000
LONGEST_DIMMED_MS: Final = 2000
"""A host that dies meanwhile must not cost pictures."""
_MS_NS: Final = 1_000_000
_SECOND_NS: Final = 1_000_000_000


class SimulatedLamps:
    """White and infrared lamps with overrides, and faults on request; time is the panel's uptime.

    Cameras before it learn from the file when infrared light is dimmed.
    """

    def __init__(
        self, faults: tuple[PanelFault, ...], light_file: Path | None, up_ns: Callable[[], int]
    ) -> None:
        self._faults: Final = faults
        self._light_file: Final = light_file
        self._up_ns: Final = up_ns
        self._overrides: dict[Lamp, tuple[int, int]] = {}
        """Per mille, and until when."""

    def override(self, lamp: Lamp, permille: int, for_ms: int, steady_ir: int) -> None:
        """Give other light for a time, in place of an earlier override. Raises OSError.

        `steady_ir` is infrared light without overrides, at which pictures are as they should be.
        """
        if lamp == "ir" and self._light_file is not None:
            dim(self._light_file, min(100, permille * 100 // steady_ir), for_ms * _MS_NS)
        self._overrides[lamp] = permille, self._up_ns() + for_ms * _MS_NS

    def end_overrides(self) -> None:
        """Go back to the program; without an override nothing happens. Raises OSError."""
        if "ir" in self._running() and self._light_file is not None:
            end_dimming(self._light_file)
        self._overrides.clear()

    def commanded(self, lamp: Lamp, steady: int) -> int:
        """Return the level now, where `steady` is that of the program."""
        return self._running().get(lamp, (steady, 0))[0]

    def raw(self, lamp: Lamp, commanded: int) -> int:
        """Return what the sensor of a lamp reads."""
        emitted = commanded
        if lamp == "white" and self.shows("white-on"):
            emitted = FULL
        elif self.shows("white-dark" if lamp == "white" else "ir-dark"):
            emitted = 0
        return emitted * SENSOR_FULL // FULL

    def running_words(self) -> str:
        """Return the running overrides as `state` says them, `-` if there is none."""
        up_ns = self._up_ns()
        words = [
            f"{lamp}:{permille}:{-((up_ns - until_ns) // _MS_NS)}"
            for lamp, (permille, until_ns) in sorted(self._running().items(), reverse=True)
        ]
        return ",".join(words) or "-"

    def shows(self, kind: PanelFaultKind) -> bool:
        """Say whether a fault that was asked for is there now."""
        up_s = self._up_ns() / _SECOND_NS
        return any(
            fault.kind == kind and fault.after_s <= up_s < fault.after_s + fault.for_s
            for fault in self._faults
        )

    def _running(self) -> dict[Lamp, tuple[int, int]]:
        up_ns = self._up_ns()
        return {lamp: given for lamp, given in self._overrides.items() if up_ns < given[1]}
