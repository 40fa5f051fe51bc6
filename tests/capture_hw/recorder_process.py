"""A recorder as a process of its own that says on standard output what its camera has delivered."""

import os
import signal
import sys
import threading
from pathlib import Path

from capture_hw.camera import CapturedFrame
from capture_hw.data_volume import mark_data_folder
from capture_hw.recorder import Recorder
from capture_hw.segment_clock import Clock
from tests.capture_hw.scripted_camera import FRAME_NS, NoisyCamera, plan


class _AnnouncedCamera(NoisyCamera):
    """Writes a byte for each frame just before it is delivered; as fast as a real camera."""

    FRAME_NS = FRAME_NS

    def read(self, timeout_s: float) -> CapturedFrame:
        frame = super().read(timeout_s)
        os.write(sys.stdout.fileno(), b".")
        return frame


def main() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    folder = Path(sys.argv[1])
    mark_data_folder(folder.parent)
    recorder = Recorder(plan(folder), 0, _AnnouncedCamera, Clock(), lambda _: None)
    recorder.run(stop)


if __name__ == "__main__":
    main()
