"""The control socket and its client."""

import json
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from appliance.control_client import (
    ControlClient,
    ControlError,
    NoRackRunning,
    RequestRefused,
)
from appliance.control_message import NoteRequest, StopCageRequest
from appliance.control_server import ControlServer
from appliance.instance_lock import AlreadyRunning
from tests.appliance.rack_factory import PreparedRack, rack_status

STATUS_LINE = b'{"version":1,"ask":"status"}\n'


@contextmanager
def served(path: Path, rack: PreparedRack) -> Iterator[ControlServer]:
    """Serve prepared states from a thread while the block runs."""
    stop = threading.Event()
    server = ControlServer(path, rack.answer)

    def loop() -> None:
        with server:
            while not stop.is_set():
                server.serve(0.05)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield server
    finally:
        stop.set()
        thread.join(10)


@pytest.fixture
def rack() -> PreparedRack:
    return PreparedRack(rack_status(2))


@pytest.fixture
def path(tmp_path: Path, rack: PreparedRack) -> Iterator[Path]:
    """The socket of a rack that answers."""
    with served(tmp_path / "control.sock", rack):
        yield tmp_path / "control.sock"


@contextmanager
def connection(path: Path) -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_UNIX)) as client:
        client.settimeout(5)
        client.connect(str(path))
        yield client


def until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline_s, "not within 10 s"
        time.sleep(0.01)


def line_from(client: socket.socket) -> dict[str, object]:
    received = b""
    while not received.endswith(b"\n"):
        chunk = client.recv(65_536)
        assert chunk, "hung up before the end of the line"
        received += chunk
    document = json.loads(received)
    assert isinstance(document, dict)
    return document


def test_a_status_arrives_as_it_was(path: Path, rack: PreparedRack) -> None:
    with ControlClient(path) as client:
        assert client.status() == rack.status
        assert client.status() == rack.status


def test_a_history_arrives_in_bins(path: Path) -> None:
    with ControlClient(path) as client:
        history = client.history(hours=2, bins=30)
    assert history.bin_s == 240.0
    assert history.cages[0].codes == (1,) * 10 + (2,) * 10 + (3,) * 10


def test_what_a_person_wants_reaches_the_rack(path: Path, rack: PreparedRack) -> None:
    with ControlClient(path) as client:
        assert client.note("food changed\nand water", "anna", cage=2) == "done"
        assert client.stop_cage(1, "anna") == "done"
    assert rack.told == [
        NoteRequest(text="food changed\nand water", author="anna", cage=2),
        StopCageRequest(cage=1, author="anna"),
    ]


def test_a_watch_follows_the_rack_until_it_is_closed(path: Path, rack: PreparedRack) -> None:
    with ControlClient(path) as client:
        states = client.watch(0.1)
        assert next(states).up_s == 600.0
        rack.status = rack_status(2, up_s=601.0)
        later = next(state for state in states if state.up_s != 600.0)
        assert later.up_s == 601.0
        client.close()
        assert list(states) == []


def test_a_watch_may_end_from_another_thread(path: Path) -> None:
    client = ControlClient(path)
    states = client.watch(3600)
    next(states)
    threading.Timer(0.1, client.close).start()
    began_s = time.monotonic()
    assert list(states) == []
    assert time.monotonic() - began_s < 3


def test_no_rack_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NoRackRunning, match="no rack is running here"):
        ControlClient(tmp_path / "control.sock").status()


def test_a_dead_racks_socket_is_no_rack(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    leave_dead_socket(path)
    with pytest.raises(NoRackRunning, match="no rack is running here"):
        ControlClient(path).status()


def leave_dead_socket(path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as dead:
        dead.bind(str(path))
        dead.listen()


def test_a_dead_racks_socket_is_replaced(tmp_path: Path, rack: PreparedRack) -> None:
    path = tmp_path / "control.sock"
    leave_dead_socket(path)
    with served(path, rack), ControlClient(path) as client:
        assert client.status() == rack.status


def test_a_living_racks_socket_is_never_replaced(path: Path, rack: PreparedRack) -> None:
    with pytest.raises(AlreadyRunning, match="another rack answers here"):
        ControlServer(path, rack.answer)
    with ControlClient(path) as client:
        assert client.status() == rack.status


def test_a_file_in_the_sockets_place_stays(tmp_path: Path, rack: PreparedRack) -> None:
    path = tmp_path / "control.sock"
    path.write_text("precious")
    with pytest.raises(OSError, match="is not a socket"):
        ControlServer(path, rack.answer)
    assert path.read_text() == "precious"


def test_only_owner_and_group_may_talk(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_the_socket_goes_with_its_server(tmp_path: Path, rack: PreparedRack) -> None:
    with served(tmp_path / "control.sock", rack):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_path_longer_than_a_socket_address_works(tmp_path: Path, rack: PreparedRack) -> None:
    path = tmp_path / ("deep" * 40) / "control.sock"
    path.parent.mkdir()
    with served(path, rack), ControlClient(path) as client:
        assert client.status() == rack.status


def test_a_client_survives_the_racks_restart(tmp_path: Path, rack: PreparedRack) -> None:
    path = tmp_path / "control.sock"
    with ControlClient(path) as client:
        with served(path, rack):
            client.status()
        with pytest.raises(ControlError):
            client.status()
        with served(path, rack):
            assert client.status() == rack.status


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        (b"hello", "the request: Invalid JSON"),
        (b"[1]", "the request: Input should be"),
        (b"{}", "the request: Unable to extract tag"),
        (b'{"version":1,"ask":"reboot"}', "the request: Input tag 'reboot'"),
        (b'{"version":2,"ask":"status"}', "this rack speaks protocol 1"),
        (b'{"version":1,"ask":"stop_cage","cage":0,"author":"a"}', "stop_cage.cage: Input"),
        (b'{"version":1,"ask":"note","text":"\\u001b[2J","author":"a"}', "note.text: String"),
        (b"\xff\xfe\x00", "the request: Invalid JSON"),
        (b"", "the request: Invalid JSON"),
    ],
)
def test_what_is_no_request_is_refused_in_one_line(path: Path, line: bytes, refusal: str) -> None:
    with connection(path) as client:
        client.sendall(line + b"\n")
        answer = line_from(client)
        assert str(answer["refused"]).startswith(refusal)
        client.sendall(STATUS_LINE)
        assert line_from(client)["status"]


def test_a_request_in_pieces_is_answered_when_it_is_whole(path: Path) -> None:
    with connection(path) as client:
        client.sendall(STATUS_LINE[:9])
        with ControlClient(path) as other:
            other.status()
        client.sendall(STATUS_LINE[9:])
        assert line_from(client)["status"]


def test_an_answer_reaches_who_has_stopped_talking(path: Path) -> None:
    with connection(path) as client:
        client.sendall(STATUS_LINE)
        client.shutdown(socket.SHUT_WR)
        assert line_from(client)["status"]
        assert client.recv(1) == b""


def test_a_request_without_end_is_refused(path: Path) -> None:
    with connection(path) as client:
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            client.sendall(b"x" * 10_000_000)
        assert b"the request is too long" in client.recv(65_536)


def test_a_thousand_clients_do_not_keep_the_next_one_out(
    tmp_path: Path, rack: PreparedRack
) -> None:
    path = tmp_path / "control.sock"
    crowd = [socket.socket(socket.AF_UNIX) for _ in range(1000)]
    try:
        with served(path, rack) as server, ControlClient(path) as client:
            for number, visitor in enumerate(crowd):
                visitor.connect(str(path))
                visitor.send(b'{"half'[: number % 7])
            assert client.status() == rack.status
            assert len(server._clients) == 64
    finally:
        for visitor in crowd:
            visitor.close()


def test_who_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    rack = PreparedRack(rack_status(99))
    with served(tmp_path / "control.sock", rack) as server:
        path = tmp_path / "control.sock"
        with connection(path) as greedy, connection(path) as watcher:
            greedy.setblocking(False)
            watcher.sendall(b'{"version":1,"ask":"watch","every_s":0.1}\n')
            sent = flood(greedy)
            with ControlClient(path) as client:
                for _ in range(5):
                    began_s = time.monotonic()
                    assert client.status() == rack.status
                    assert time.monotonic() - began_s < 1.0
            assert sent < 1_000_000, "the server takes no more requests than it can answer"
            clients = list(server._clients.values())
            assert len(clients) >= 2
            answer_bytes = len(rack.status.model_dump_json()) + 100
            assert max(len(client._unsent) for client in clients) <= answer_bytes


def flood(client: socket.socket) -> int:
    """Send requests until the other side takes no more for a while; return the bytes sent."""
    sent = 0
    quiet_until_s = time.monotonic() + 0.5
    while time.monotonic() < quiet_until_s and sent < 1_000_000:
        try:
            sent += client.send(STATUS_LINE * 100)
        except BlockingIOError:
            continue
        quiet_until_s = time.monotonic() + 0.5
    return sent


def test_a_stuck_client_is_hung_up_on(
    tmp_path: Path, rack: PreparedRack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.control_server._STUCK_S", 0.2)
    path = tmp_path / "control.sock"
    with served(path, rack) as server, connection(path) as stuck:
        stuck.sendall(STATUS_LINE * 2000)
        until(lambda: any(client.is_sending for client in server._clients.values()))
        until(lambda: not server._clients)


def test_a_killed_client_is_forgotten(path: Path) -> None:
    program = (
        "import os, socket; client = socket.socket(socket.AF_UNIX); "
        f"client.connect({str(path)!r}); client.sendall({STATUS_LINE * 50!r}); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20)
    with ControlClient(path) as client:
        client.status()


@pytest.mark.parametrize(
    "answer",
    [b"nonsense\n", b"[]\n", b'{"version":7}\n', b'{"version":1,"status":{"a":1}}\n', b""],
)
def test_a_strange_rack_is_one_sentence(tmp_path: Path, answer: bytes) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(tmp_path / "control.sock"))
        listener.listen()

        def reply() -> None:
            other, _ = listener.accept()
            with other:
                other.recv(1000)
                other.sendall(answer)

        thread = threading.Thread(target=reply)
        thread.start()
        with (
            ControlClient(tmp_path / "control.sock", timeout_s=2) as client,
            pytest.raises(ControlError, match=r"control\.sock: "),
        ):
            client.status()
        thread.join(5)


def test_a_silent_rack_is_given_up_on(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(tmp_path / "control.sock"))
        listener.listen()
        with (
            ControlClient(tmp_path / "control.sock", timeout_s=0.2) as client,
            pytest.raises(ControlError, match=r"no answer within 0\.2 s"),
        ):
            client.status()


def test_a_request_that_cannot_be_is_refused_before_it_is_sent(path: Path) -> None:
    with ControlClient(path) as client, pytest.raises(RequestRefused, match="cage: Input"):
        client.stop_cage(100, "anna")
