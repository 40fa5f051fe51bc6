"""Pictures of our own through a real `/dev/video`, by the kernel module v4l2loopback.

Source: v4l2loopback 0.12.7, README. What is written into the node with `write` is one picture; the
node is a camera for everybody else from then on.
"""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from capture_hw.camera_config import V4l2CameraConfig
from tests.vm.guest.card import v4l2_ctl, wait_until

CARD: Final = "loop 0"
_NODE: Final = "/dev/video40"
_BUS_PATH: Final = "platform:v4l2loopback-000"
_INTERVAL_S: Final = 0.04


class Feeder:
    """Writes picture after picture, 25 a second, in a thread of its own; `close` it."""

    def __init__(
        self,
        pixel_format: str,
        width: int,
        height: int,
        picture: Callable[[int], bytes],
        card: str = CARD,
    ) -> None:
        """`picture` is asked for the numbers 0, 1, 2 and so on. The camera is there on return."""
        _load(card)
        self._picture: Final = picture
        self._descriptor: Final = os.open(_NODE, os.O_RDWR)
        size = f"width={width},height={height}"
        v4l2_ctl("-d", _NODE, f"--set-fmt-video-out={size},pixelformat={pixel_format}")
        v4l2_ctl("-d", _NODE, "--set-output-parm=25")
        self._stop: Final = threading.Event()
        self._hold: Final = threading.Event()
        self.written = 0
        self._write_next()
        self._thread: Final = threading.Thread(target=self._run)
        self._thread.start()

    def pause(self) -> None:
        """Write nothing until `resume`."""
        self._hold.set()

    def resume(self) -> None:
        """Go on writing."""
        self._hold.clear()

    def close(self) -> None:
        """Stop writing; the node is no camera any more."""
        self._stop.set()
        self._thread.join(10.0)
        os.close(self._descriptor)

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._stop.is_set():
            due_s += _INTERVAL_S
            self._stop.wait(max(0.0, due_s - time.monotonic()))
            if not self._hold.is_set():
                self._write_next()

    def _write_next(self) -> None:
        content = self._picture(self.written)
        assert os.write(self._descriptor, content) == len(content)
        self.written += 1


@contextmanager
def feeding(
    pixel_format: str,
    width: int,
    height: int,
    picture: Callable[[int], bytes],
    card: str = CARD,
) -> Iterator[Feeder]:
    """Keep a camera that calls itself `card` fed for as long as the block runs."""
    feeder = Feeder(pixel_format, width, height, picture, card)
    try:
        yield feeder
    finally:
        feeder.close()


def loop_config(**settings: Any) -> V4l2CameraConfig:
    """Configure a camera on the fed node."""
    return V4l2CameraConfig.model_validate({"driver": "v4l2", "device": _BUS_PATH, **settings})


def _load(card: str) -> None:
    """Load the module anew: once fed, this version does not take another format."""
    if Path(_NODE).exists():
        subprocess.run(["rmmod", "v4l2loopback"], check=True, timeout=20.0)
    subprocess.run(
        # exclusive_caps: a camera only while it is fed, and then nothing else, like a real one.
        [
            "modprobe",
            "v4l2loopback",
            "video_nr=40",
            "exclusive_caps=1",
            "max_buffers=8",
            f'card_label="{card}"',
        ],
        check=True,
        timeout=20.0,
    )
    wait_until(Path(_NODE).exists, "the loop has not come")
