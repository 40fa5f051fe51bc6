"""The broker of the demonstration: MQTT 5 on this machine only, without anything to install."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from socket import create_connection
from typing import Final

HOST: Final = "127.0.0.1"
_START_S: Final = 10.0
_STOP_S: Final = 3.0
# It ends when its standard input does: with whoever started it, however that ends. The working
# folder is not searched: a folder `iotcore` in it would go before the package.
_PROGRAM: Final = """\
import os, sys, threading
sys.path[:] = [path for path in sys.path if path not in ("", ".")]
from iotcore import Broker
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
Broker(config_path=sys.argv[1]).run_forever()
"""
# The parts without which rumqttd does not start, as its own example has them; the router keeps
# 10 MB a topic for readers who are away.
_CONFIGURATION: Final = """\
id = 0

[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 1048576
max_segment_count = 10

[v5.1]
name = "demo"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 5000
max_payload_size = 262144
max_inflight_count = 100
dynamic_filters = true
"""


class DemoBrokerError(Exception):
    """The broker does not start; the message is one sentence."""


@contextmanager
def demo_broker(folder: Path, port: int) -> Iterator[int]:
    """Run a broker on 127.0.0.1 while the block runs; its files go into `folder`.

    Yields its process number. It keeps retained messages, sessions and wills in memory: they end
    with it. Raises DemoBrokerError, OSError.
    """
    if find_spec("iotcore") is None:
        raise DemoBrokerError(
            "the demo's broker is not installed: pip install 'ethoprofiler[demo]'"
        )
    if _answers(port):
        raise DemoBrokerError(f"{HOST}:{port}: another program listens there")
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "broker.toml"
    configuration.write_text(_CONFIGURATION.format(host=HOST, port=port), encoding="utf-8")
    log = folder / "broker.log"
    with log.open("ab") as file:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and text
            [sys.executable, "-c", _PROGRAM, os.fspath(configuration)],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        _wait_until_it_answers(process, port, log)
        yield process.pid
    finally:
        _end(process)


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline_s = time.monotonic() + _START_S
    while not _answers(port):
        if process.poll() is not None:
            raise DemoBrokerError(f"the demo's broker ended at once; {log} may say why")
        if time.monotonic() > deadline_s:
            raise DemoBrokerError(f"the demo's broker does not answer on {HOST}:{port}")
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_STOP_S)


def _answers(port: int) -> bool:
    try:
        create_connection((HOST, port), timeout=0.5).close()
    except OSError:
        return False
    return True
