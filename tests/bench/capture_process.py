"""A recorder as a process of its own, with a camera that plays pictures or units from memory."""

import json
import signal
import sys
import threading
import time
from datetime import UTC
from pathlib import Path
from typing import Final

import numpy as np

from capture_hw import segment_chain
from capture_hw.camera import CameraFormat, CapturedFrame
from capture_hw.data_volume import mark_data_folder
from capture_hw.error import DeviceStalled
from capture_hw.recorder import Recorder, RecorderProgress
from capture_hw.recording_rate import RecordingRate
from capture_hw.segment_clock import Clock
from capture_hw.segment_file import SegmentPlan

FPS: Final = 25
FRAME_NS: Final = 1_000_000_000 // FPS
_BUFFERS: Final = 8
"""Frames that a camera holds for a reader who is late; older ones are lost."""


class MemoryCamera:
    """Gives what it was given in turn, there and back, so that nothing ever jumps."""

    def __init__(self, contents: list[np.ndarray] | list[tuple[bytes, bool]], size: str) -> None:
        width, height = (int(part) for part in size.split("x"))
        self.format: Final = CameraFormat(
            "h264" if isinstance(contents[0], tuple) else "luma", width, height, float(FPS)
        )
        self.counts_frames: Final = True
        self._contents: Final = contents
        self._start_ns: Final = time.monotonic_ns()
        self._next = 0

    def read(self, timeout_s: float) -> CapturedFrame:
        now_ns = time.monotonic_ns()
        oldest = (now_ns - self._start_ns) // FRAME_NS - _BUFFERS
        number = max(self._next, oldest)
        due_ns = self._start_ns + number * FRAME_NS
        if due_ns - now_ns > timeout_s * 1e9:
            time.sleep(timeout_s)
            raise DeviceStalled("not yet")
        time.sleep(max(0, due_ns - now_ns) / 1e9)
        self._next = number + 1
        content = self._contents[self._place(number)]
        if isinstance(content, tuple):
            return CapturedFrame(due_ns, number, content[0], is_key=content[1])
        return CapturedFrame(due_ns, number, content, is_key=True)

    def _place(self, number: int) -> int:
        count = len(self._contents)
        if self.format.codec == "h264":
            return number % count
        there_and_back = number % (2 * count - 2)
        return min(there_and_back, 2 * count - 2 - there_and_back)

    def close(self) -> None:
        """There is nothing to give back."""


class _Lateness:
    """Keeps how late every frame was written, and when it was captured."""

    def __init__(self) -> None:
        self.captured_ns: list[int] = []
        self.late_ns: list[int] = []

    def listen(self) -> None:
        """Hear of every frame that any recorder of this process writes from now on."""
        heard = RecordingRate.add

        def add(rate: RecordingRate, captured_ns: int, now_ns: int, size: int) -> None:
            heard(rate, captured_ns, now_ns, size)
            self.captured_ns.append(captured_ns)
            self.late_ns.append(now_ns - captured_ns)

        RecordingRate.add = add  # type: ignore[assignment, method-assign]


def contents_of(path: Path) -> list[np.ndarray] | list[tuple[bytes, bool]]:
    """Load pictures (.npy, shared between processes) or units (.json index and .264)."""
    if path.suffix == ".npy":
        return list(np.load(path, mmap_mode="r"))
    stream = path.read_bytes()
    index = json.loads(path.with_suffix(".json").read_text())
    return [(stream[start:end], is_key) for start, end, is_key in index]


def main() -> None:
    folder, source, cage, size = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    segment_s = int(sys.argv[5])
    segment_chain._SLOT_S = float(sys.argv[6])  # type: ignore[misc]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    contents = contents_of(source)
    mark_data_folder(folder)
    plan = SegmentPlan(folder / f"{cage:02d}", cage, segment_s, UTC, {"software": "bench"})
    last: list[RecorderProgress] = []
    lateness = _Lateness()
    lateness.listen()
    recorder = Recorder(plan, 0, lambda: MemoryCamera(contents, size), Clock(), last.append)
    recorder.run(stop)
    clock_ns = time.time_ns() - time.monotonic_ns()
    result = {
        "frames": last[-1].frames,
        "frames_lost": last[-1].frames_lost,
        "gaps": last[-1].gaps,
        "captured_utc_ns": [moment_ns + clock_ns for moment_ns in lateness.captured_ns],
        "late_ns": lateness.late_ns,
    }
    (folder / f"result-{cage:02d}.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main()
