"""A scripted card that takes pictures at an even pace, as a real one does."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.capture_hw.v4l2_device import ScriptedDevice
from tests.capture_hw.v4l2_kernel import ScriptedKernel


@contextmanager
def paced(
    kernel: ScriptedKernel, device: ScriptedDevice, contents: Sequence[bytes], fps: int = 25
) -> Iterator[None]:
    """Let a device take these pictures in turn, stamped with the moments at which they are due."""
    stop = threading.Event()

    def take() -> None:
        begun_ns, number = time.monotonic_ns(), 0
        while not stop.is_set():
            due_ns = begun_ns + number * 1_000_000_000 // fps
            if stop.wait(max(0, due_ns - time.monotonic_ns()) / 1e9):
                return
            kernel.capture(device, contents[number % len(contents)], timestamp_ns=due_ns)
            number += 1

    thread = threading.Thread(target=take, name="scripted card")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
