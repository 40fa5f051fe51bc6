"""A real object store for tests: SeaweedFS on free ports of this machine."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ACCESS_KEY: Final = "access"
SECRET_KEY: Final = "secret-of-the-tests"
BUCKET: Final = "recordings"
_START_S: Final = 60.0
_STOP_S: Final = 20.0
_FLAGS: Final = (
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-master.telemetry=false",
    "-webdav=false",
    "-admin.ui=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    f"-bucket={BUCKET}",
)
_PORTS: Final = ("s3.port", "master.port", "volume.port", "filer.port", "admin.port")
_GRPC_OFFSET: Final = 10_000
"""SeaweedFS serves every port once more, for its own processes, ten thousand higher."""


class Seaweed:
    """A store that may be killed and started again on the same data and ports."""

    def __init__(self, folder: Path, certificate: tuple[Path, Path] | None = None) -> None:
        """`certificate`: a file with it and one with its key; the store then speaks HTTPS too."""
        self._folder = folder
        self._certificate = certificate
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        *ports, self._https_port = _free_ports(len(_PORTS) + 1)
        self._ports = dict(zip(_PORTS, ports, strict=True))
        self._write_config()

    @property
    def port(self) -> int:
        """The port of plain S3."""
        return self._ports["s3.port"]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def https_endpoint(self) -> str:
        return f"https://localhost:{self._https_port}"

    def start(self) -> None:
        """Start, and wait until the bucket answers."""
        command = [
            str(Path(sys.executable).with_name("weed")),
            f"-logdir={self._folder}",
            "mini",
            f"-dir={self._folder / 'data'}",
            f"-s3.config={self._folder / 's3.json'}",
            *_FLAGS,
            *(f"-{name}={port}" for name, port in self._ports.items()),
        ]
        if self._certificate is not None:
            certificate, key = self._certificate
            command += [
                f"-s3.port.https={self._https_port}",
                f"-s3.cert.file={certificate}",
                f"-s3.key.file={key}",
            ]
        (self._folder / "data").mkdir(exist_ok=True)
        with (self._folder / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=output, cwd=self._folder, start_new_session=True
            )
        self._await_bucket()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_STOP_S)
            self._process = None

    def remove(self) -> None:
        """End it and remove its sockets."""
        self.kill()
        for port in self._ports.values():
            for used in (port, port + _GRPC_OFFSET):
                for path in Path(tempfile.gettempdir()).glob(f"seaweedfs-*-{used}*.sock"):
                    path.unlink(missing_ok=True)

    def _await_bucket(self) -> None:
        deadline_s = time.monotonic() + _START_S
        with closing(raw_client(self.endpoint)) as client:
            while time.monotonic() < deadline_s:
                assert self._process is not None
                if self._process.poll() is not None:
                    break
                try:
                    client.head_bucket(Bucket=BUCKET)
                except (ClientError, BotoCoreError):
                    time.sleep(0.05)
                else:
                    return
        output = (self._folder / "output.txt").read_text(errors="replace")
        self.remove()
        raise RuntimeError(f"SeaweedFS does not start:\n{output[-3000:]}")

    def _write_config(self) -> None:
        credentials = [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        identity = {"name": "tests", "credentials": credentials, "actions": actions}
        (self._folder / "s3.json").write_text(json.dumps({"identities": [identity]}))


@contextmanager
def running_seaweed(
    folder: Path, certificate: tuple[Path, Path] | None = None
) -> Iterator[Seaweed]:
    """Run a store while the block runs."""
    seaweed = Seaweed(folder, certificate)
    seaweed.start()
    try:
        yield seaweed
    finally:
        seaweed.remove()


@contextmanager
def store_keys(access: str = ACCESS_KEY, secret: str = SECRET_KEY) -> Iterator[None]:
    """Put keys into the environment, and nothing else that could hold others."""
    wanted = {
        "AWS_ACCESS_KEY_ID": access,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update({name: value for name, value in wanted.items() if value})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for localhost that vouches for itself; return it and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    return certificate, key


def _free_ports(count: int) -> list[int]:
    """Return ports of which the one that is ten thousand higher is free, too."""
    found: list[int] = []
    with contextlib.ExitStack() as held:
        while len(found) < count:
            low, high = held.enter_context(_tcp()), held.enter_context(_tcp())
            low.bind(("127.0.0.1", 0))
            port = low.getsockname()[1]
            if port + _GRPC_OFFSET > 65_535:
                continue
            try:
                high.bind(("127.0.0.1", port + _GRPC_OFFSET))
            except OSError:
                continue
            found.append(port)
    return found


def _tcp() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def raw_client(endpoint: str, ca_file: Path | None = None) -> "S3Client":
    """Return a plain S3 client with the store's keys, to look at things from outside."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        verify=str(ca_file) if ca_file else None,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
            connect_timeout=2,
            read_timeout=20,
        ),
    )
