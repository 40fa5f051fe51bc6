import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.broker_link import BrokerAddress, BrokerLink, Message
from appliance.demo_broker import DemoBrokerError, demo_broker
from tests.mosquitto import answers, free_port
from tests.mqtt_reader import MqttReader, wait_until

pytest.importorskip("iotcore")
ROOT = "ethoprofiler/demo/rack-1/"
WILL = Message(ROOT + "status", '{"state":"offline"}', retained=True)
STARTER = """
import sys
from pathlib import Path
from appliance.demo_broker import demo_broker
with demo_broker(Path(sys.argv[1]), int(sys.argv[2])) as pid:
    print(pid, flush=True)
    sys.stdin.read()
"""


def test_it_does_for_a_demo_what_mosquitto_does_for_a_rack(tmp_path: Path) -> None:
    with demo_broker(tmp_path, port := free_port()):
        address = BrokerAddress("127.0.0.1", port, "demo-rack-1")
        link = BrokerLink(address, WILL)
        link.open()
        packets = [
            link.send(Message(f"{ROOT}{topic}", body, retained=True))
            for topic, body in (("a", "1"), ("a", "2"), ("b", "1"), ("b", ""))
        ]
        receipts = [receipt for _ in range(20) for receipt in link.wait(0.05)]
        assert [receipt.packet for receipt in receipts] == packets
        assert not any(receipt.refusal for receipt in receipts)
        with MqttReader(port, ROOT) as reader:
            wait_until(lambda: len(reader.read) == 1, "what is retained")
            assert [(read.topic, read.body) for read in reader.read] == [(f"{ROOT}a", "2")]
            _cut(link)
            wait_until(lambda: len(reader.of("status")) == 1, "the last will")
        with MqttReader(port, ROOT, name="late") as late:
            wait_until(lambda: len(late.read) == 2, "what is retained")
            assert late.of("status")[0].body == '{"state":"offline"}'
    assert not answers(port)


def test_it_listens_on_this_machine_only(tmp_path: Path) -> None:
    with demo_broker(tmp_path, port := free_port()):
        sockets = Path("/proc/net/tcp").read_text().split("\n")
    local = [line.split()[1] for line in sockets[1:] if f":{port:04X} " in line]
    assert f"0100007F:{port:04X}" in local
    assert f"00000000:{port:04X}" not in local


def test_it_ends_with_the_program_that_started_it(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", STARTER, os.fspath(tmp_path), str(port)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as starter:
        assert starter.stdout is not None
        starter.stdout.readline()
        starter.send_signal(signal.SIGKILL)
    wait_until(lambda: not answers(port), "the end of the broker")


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with (
            pytest.raises(DemoBrokerError, match=f"{port}: another program listens there"),
            demo_broker(tmp_path, port),
        ):
            pass


def _cut(link: BrokerLink) -> None:
    """Break the connection without a goodbye, as a dead process does."""
    connection = link._client.socket()
    assert isinstance(connection, socket.socket)
    connection.shutdown(socket.SHUT_RDWR)
    link.wait(0.5)
    link.close()
