"""A real Mosquitto for one test: on a free port, killable, startable again on the same port."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pytest

PROGRAM: Final = Path("/usr/sbin/mosquitto")
_START_S: Final = 10.0


class Mosquitto:
    """A broker process with its folder; a context manager that kills what still runs."""

    def __init__(self, folder: Path, *lines: str, tls: bool = False) -> None:
        """Prepare it; `lines` go into the configuration, such as `allow_anonymous false`."""
        self.folder: Final = folder
        self.port: Final = free_port()
        self.ca_file: Final = folder / "ca.crt"
        self._configuration = folder / "mosquitto.conf"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        if tls:
            make_certificates(folder)
            lines += (
                f"cafile {folder}/ca.crt",
                f"certfile {folder}/server.crt",
                f"keyfile {folder}/server.key",
            )
        self._configuration.write_text(
            "\n".join(
                (
                    "per_listener_settings false",
                    f"listener {self.port} 127.0.0.1",
                    *(() if "allow_anonymous false" in lines else ("allow_anonymous true",)),
                    *lines,
                    "max_queued_messages 100000",
                    "persistence true",
                    f"persistence_location {folder}/",
                    # As root it would become another user, who cannot read the folder.
                    "user root" if os.geteuid() == 0 else "",
                    "",
                )
            )
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._end(signal.SIGKILL)

    def add_user(self, name: str, password: str) -> None:
        """Write the password file that a line `password_file <folder>/users` names."""
        users = self.folder / "users"
        users.touch()
        subprocess.run(["mosquitto_passwd", "-b", users, name, password], check=True)

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = self.folder / "mosquitto.log"
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [PROGRAM, "-c", self._configuration], stdout=file, stderr=file
            )
        deadline_s = time.monotonic() + _START_S
        while not answers(self.port):
            assert self._process.poll() is None, log.read_text()
            assert time.monotonic() < deadline_s, "Mosquitto does not answer"
            time.sleep(0.01)

    def kill(self) -> None:
        """End it as a power cut does: nothing is written any more."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Leave its connections open and answer nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def reload(self) -> None:
        """Let it read its access lists again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def _end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(10)
        self._process = None


@pytest.fixture
def mosquitto(tmp_path: Path) -> Callable[..., Mosquitto]:
    """Return the maker of brokers of this test; `make test` installs Mosquitto."""

    def make(*lines: str, tls: bool = False) -> Mosquitto:
        return Mosquitto(tmp_path / "mosquitto", *lines, tls=tls)

    return make


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Return whether somebody takes connections."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def make_certificates(folder: Path) -> None:
    """Make `ca.crt`, and `server.crt` with `server.key` for 127.0.0.1 and localhost."""
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    _openssl(
        folder,
        ["req", "-x509", *new_key, "-subj", "/CN=test CA", "-days", "2"],
        ["-addext", "keyUsage=critical,keyCertSign", "-keyout", "ca.key", "-out", "ca.crt"],
    )
    _openssl(
        folder,
        ["req", "-x509", *new_key, "-subj", "/CN=localhost", "-days", "2"],
        ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
        ["-addext", "basicConstraints=critical,CA:FALSE"],
        ["-CA", "ca.crt", "-CAkey", "ca.key", "-keyout", "server.key", "-out", "server.crt"],
    )


def _openssl(folder: Path, *parts: list[str]) -> None:
    command = ["openssl", *(word for part in parts for word in part)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
