"""What a recorder knows of its camera."""

from dataclasses import dataclass

from capture_hw.capture_thread import CameraOpened
from capture_hw.gap_finder import STALLED_NS
from capture_hw.recorder_progress import RecorderState


@dataclass(slots=True)
class CameraState:
    """One thread at a time; who goes on in another one gets a copy."""

    opened: CameraOpened | None = None
    """The camera whose frames come; None if there is none."""
    lost: str = "the camera is not open yet"
    """Why there is no camera; empty if it gives frames."""
    was_open: bool = False
    was_silent: bool = False
    """Whether the camera was closed because nothing came; then opening it says little."""
    heard_ns: int = 0
    """When it last gave something."""

    def fault(self, name: str, now_ns: int) -> tuple[RecorderState, str] | None:
        """Return the state of a recorder that gets no frames, and why; None if it gets some."""
        if self.lost:
            return ("lost" if self.was_open else "opening"), self.lost
        silent_ns = now_ns - self.heard_ns
        if silent_ns >= STALLED_NS:
            return "stalled", f"{name}: no frame for {silent_ns / 1e9:.1f} s"
        return None
