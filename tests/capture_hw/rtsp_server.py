"""A real RTSP server that plays a folder of videos, as network cameras for tests."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_START_S: Final = 15.0
_STOP_S: Final = 5.0
_HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class RtspServer:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]

    def url(self, name: str) -> str:
        """Return the address of a video that is played for ever."""
        return f"rtsp://{_HOST}:{self.port}/{name}?play_count=0"

    def fall_silent(self) -> None:
        """Keep the connections and send nothing."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """End the silence."""
        os.kill(self.process.pid, signal.SIGCONT)


@contextmanager
def rtsp_server(folder: Path) -> Iterator[RtspServer]:
    """Serve `<folder>/*.mkv` and `*.mp4` over RTSP in TCP until the block ends."""
    port, control_port = _free_port(), _free_port()
    program = Path(sys.executable).with_name("rtsp-server")
    command = [
        str(program),
        "-d",
        str(folder),
        "-H",
        _HOST,
        "-p",
        str(port),
        "-cp",
        str(control_port),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_it_listens(process, port)
        yield RtspServer(port, process)
    finally:
        process.kill()
        process.wait(_STOP_S)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((_HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    deadline_s = time.monotonic() + _START_S
    while time.monotonic() < deadline_s:
        assert process.poll() is None, "the RTSP server ended at once"
        with socket.socket() as probe:
            if probe.connect_ex((_HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"the RTSP server does not listen after {_START_S} s")
