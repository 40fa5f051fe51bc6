"""How many frames a cage's finished segments hold, and how many their own times say there were.

Nothing here asks the recorder: the figures stand beside its own count of lost frames.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av

_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class RecordedFrames:
    """What one cage has on its disk."""

    frames: int
    """Packets in the videos."""
    due: int
    """Frames that a camera without losses gives from the first one to the last."""
    covered_s: float
    unfinished: int
    """Videos that are still `.part`."""

    @property
    def lost(self) -> int:
        """Return how many are missing; negative if there are too many."""
        return self.due - self.frames


def recorded_frames(folder: Path, frame_ns: int) -> RecordedFrames:
    """Count the frames of a cage whose camera gives one every `frame_ns`."""
    moments = [ns for video in sorted(folder.glob("*/*.mkv")) for ns in _captured_ns(video)]
    unfinished = len(list(folder.glob("*/*.mkv.part")))
    if not moments:
        return RecordedFrames(0, 0, 0.0, unfinished)
    covered_ns = max(moments) - min(moments)
    due = round(covered_ns / frame_ns) + 1
    return RecordedFrames(len(moments), due, covered_ns / 1e9, unfinished)


def recording_faults(
    recorded: Sequence[RecordedFrames],
    told_lost: Sequence[int | None],
    exit_codes: Sequence[int],
    seconds: float,
) -> list[str]:
    """Return what is wrong, one sentence each, by cage in order from 1.

    `told_lost` is what each recorder has counted, None if it has left no result; `seconds` is how
    long it had to record at least.
    """
    faults = []
    rows = zip(recorded, told_lost, exit_codes, strict=True)
    for cage, (found, told, code) in enumerate(rows, start=1):
        name = f"cage {cage:02d}"
        if code != 0:
            faults.append(f"{name}: the recorder ended with {code}")
        if told is None:
            faults.append(f"{name}: the recorder has left no result")
        elif told != found.lost:
            faults.append(f"{name}: {found.lost} frames are missing, the recorder counted {told}")
        if found.covered_s < seconds:
            faults.append(f"{name}: {found.covered_s:.1f} s are recorded, not {seconds:.1f}")
        if found.unfinished:
            faults.append(f"{name}: {found.unfinished} videos are not finished")
    return faults


def _captured_ns(video: Path) -> list[int]:
    with av.open(str(video)) as container:
        start_ns = int(container.metadata["START_MONOTONIC_NS"])
        return [
            start_ns + packet.pts * _MS
            for packet in container.demux(video=0)
            if packet.size and packet.pts is not None
        ]
