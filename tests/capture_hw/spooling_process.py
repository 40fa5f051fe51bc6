"""A recorder of cage 3 as a process of its own, whose main volume is away.

`python -m tests.capture_hw.spooling_process DATA SPOOL` writes a byte for each frame delivered.
"""

import os
import sys
import threading
from dataclasses import replace
from pathlib import Path

from capture_hw.camera import CapturedFrame
from capture_hw.data_volume import mark_data_folder
from capture_hw.recorder import Recorder
from capture_hw.segment_clock import Clock
from tests.capture_hw.scripted_camera import NoisyCamera, plan


class _AnnouncedCamera(NoisyCamera):
    """Writes a byte for each frame just before it is delivered."""

    def read(self, timeout_s: float) -> CapturedFrame:
        frame = super().read(timeout_s)
        os.write(sys.stdout.fileno(), b".")
        return frame


def main() -> None:
    data, spool = Path(sys.argv[1]), Path(sys.argv[2])
    mark_data_folder(spool)
    places = replace(plan(data / "03"), spool=spool / "03")
    Recorder(places, 0, _AnnouncedCamera, Clock(), lambda _: None).run(threading.Event())


if __name__ == "__main__":
    main()
