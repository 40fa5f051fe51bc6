"""A network camera over HTTP for tests: it sends a video as it is told to."""

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from typing import Final

import av
from av.container import OutputContainer

_STOP_S: Final = 5.0


@dataclass
class HttpCamera:
    """What the camera does with whoever connects."""

    videos: Sequence[Path]
    """Sent one after the other in one stream."""
    container: str = "mpegts"
    paced: bool = True
    """At the video's pace; otherwise as fast as the network takes it."""
    endless: bool = True
    status: int = 200
    silent: threading.Event = field(default_factory=threading.Event)
    """While set, nothing is sent."""
    stopping: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        """Return the address, with a user and a password that nobody should see."""
        return f"http://keeper:hidden-word@127.0.0.1:{self.port}/cage.ts?token=hidden-token"


@contextmanager
def http_camera(camera: HttpCamera) -> Iterator[HttpCamera]:
    """Let the camera answer until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(camera.status)
            self.send_header("Connection", "close")
            self.end_headers()
            if camera.status == 200:
                with suppress(OSError):  # whoever listened has gone
                    _send(camera, self.wfile)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    camera.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield camera
    finally:
        camera.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join(_STOP_S)


def _send(camera: HttpCamera, file: io.BufferedIOBase) -> None:
    sink = _Sink(file)
    with av.open(camera.videos[0]) as first:
        template = first.streams.video[0]
        output = av.open(sink, "w", format=camera.container, options={"flush_packets": "1"})
        try:
            stream = output.add_stream_from_template(template)
            _play(camera, output, stream)
        finally:
            sink.lost = True  # the trailer has nowhere to go
            output.close()


def _play(camera: HttpCamera, output: OutputContainer, stream: av.VideoStream) -> None:
    start_s, played_s = monotonic(), 0.0
    while not camera.stopping.is_set():
        for video in camera.videos:
            with av.open(video) as container:
                for packet in container.demux(video=0):
                    if not packet.size or packet.pts is None:
                        continue
                    _wait(camera, start_s + played_s if camera.paced else 0.0)
                    if camera.stopping.is_set():
                        return
                    packet.pts = packet.dts = round(played_s / float(packet.time_base))
                    packet.stream = stream
                    output.mux(packet)
                    played_s += 0.04
        if not camera.endless:
            return


def _wait(camera: HttpCamera, until_s: float) -> None:
    while monotonic() < until_s or camera.silent.is_set():
        if camera.stopping.wait(min(0.02, max(0.001, until_s - monotonic()))):
            return


class _Sink:
    """A file for the muxer that ends in a socket."""

    def __init__(self, file: io.BufferedIOBase) -> None:
        self._file = file
        self.lost = False

    def write(self, content: bytes) -> int:
        if not self.lost:
            self._file.write(content)
            self._file.flush()
        return len(content)
