"""Orders about light of several clients to several panels, one of which hangs."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from appliance.control_client import ControlClient, RequestRefused
from appliance.control_message import Answer
from appliance.control_server import ControlServer
from appliance.light_desk import LightDesk
from appliance.panel_keeper import PanelKeeper
from appliance.panel_thread import PanelThread
from appliance.pending_answer import PendingAnswer
from capture_hw.error import PanelSilent
from tests.appliance.light_room import STANDARD_TIME, Room
from tests.appliance.running_lights import wait_until

TOLD: Final = Answer(done="done")
BUSY: Final = Answer(refused="panel north: is busy, so nothing was done")


class Hang:
    """Makes a panel's driver hang in an override until it is released."""

    def __init__(self, keeper: PanelKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
        self.orders: Final[list[int]] = []
        self.release: Final = threading.Event()
        monkeypatch.setattr(keeper.panel, "override_white", self._hang)

    def _hang(self, permille: int, _for_s: int) -> None:
        self.orders.append(permille)
        self.release.wait(20)
        raise PanelSilent("panel hung: no valid answer")


@contextmanager
def started(keeper: PanelKeeper) -> Iterator[PanelThread]:
    thread = PanelThread(keeper, STANDARD_TIME)
    thread.start()
    try:
        wait_until(lambda: bool(thread.looks()))
        yield thread
    finally:
        thread.stop()
        thread.join(5)


def ordered(path: Path, panel: str, percent: int) -> tuple[str, float]:
    """Give an order; return what was said and how long it took."""
    before_s = time.monotonic()
    with ControlClient(path) as client:
        try:
            said = client.override_light(panel, percent, 10, "cage change", "Zoë")
        except RequestRefused as error:
            said = str(error)
    return said, time.monotonic() - before_s


def test_a_panel_that_hangs_holds_up_no_other_and_is_not_told_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lights.sock"
    rooms = [Room(tmp_path / "hung", at_h=3), Room(tmp_path / "well", at_h=3)]
    with ExitStack() as stack:
        keepers = [stack.enter_context(room.keeper()) for room in rooms]
        hang = Hang(keepers[0], monkeypatch)
        threads = [stack.enter_context(started(keeper)) for keeper in keepers]
        desk = LightDesk(path, dict(zip(("hung", "well"), threads, strict=True)))
        stack.callback(desk.close)
        pool = stack.enter_context(ThreadPoolExecutor())
        first = pool.submit(ordered, path, "hung", 10)
        wait_until(lambda: bool(hang.orders))
        second = pool.submit(ordered, path, "hung", 20)
        well, well_took_s = ordered(path, "well", 30)
        busy, busy_took_s = second.result(20)
        hang.release.set()
        late, _took_s = first.result(20)
        looked = threads[0].looks
        wait_until(lambda: bool(looked()))
    assert (well_took_s < 1.0, busy_took_s < 1.0) == (True, True)
    assert "30 % white light until" in well
    assert busy == BUSY.refused
    assert "10 % white light was withdrawn" in late
    assert hang.orders == [100]


@pytest.fixture
def pending() -> PendingAnswer:
    return PendingAnswer("panel north", lambda: 0.0)


@contextmanager
def asking(path: Path, pending: PendingAnswer) -> Iterator[socket.socket]:
    """Yield a client whose request a server has handed on."""
    stop = threading.Event()

    def serve() -> None:
        with ControlServer(path, lambda _request: pending) as server:
            while not stop.is_set():
                server.serve(0.2)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        wait_until(path.exists)
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(path))
            client.sendall(b'{"version":1,"ask":"status"}\n')
            yield client
    finally:
        stop.set()
        thread.join(5)


def test_a_pending_answer_reaches_who_has_stopped_talking(
    tmp_path: Path, pending: PendingAnswer
) -> None:
    with asking(tmp_path / "a.sock", pending) as client:
        client.shutdown(socket.SHUT_WR)
        pending.begin()
        pending.give(TOLD)
        said = client.recv(1000)
        ended = client.recv(1)
    assert (Answer.model_validate_json(said), ended) == (TOLD, b"")


def test_what_a_client_asked_that_hangs_up_is_cancelled(
    tmp_path: Path, pending: PendingAnswer
) -> None:
    with asking(tmp_path / "a.sock", pending) as client:
        client.close()
        wait_until(lambda: pending.answer() is not None)
    assert pending.answer() == Answer(
        refused="panel north: nothing was done, for who asked has hung up"
    )


def test_what_is_not_begun_in_time_is_refused_and_never_begun() -> None:
    clock = [0.0]
    waiting = PendingAnswer("panel north", lambda: clock[0])
    clock[0] = 0.5
    assert waiting.answer() is None
    clock[0] = 0.6
    assert waiting.begin() is False
    waiting.give(TOLD)
    assert waiting.answer() == BUSY


def test_what_is_begun_is_answered_before_its_client_has_gone() -> None:
    clock = [0.0]
    slow = PendingAnswer("panel north", lambda: clock[0])
    assert slow.begin() is True
    clock[0] = 4.6
    said = slow.answer()
    slow.give(TOLD)
    assert said == slow.answer()
    assert said == Answer(
        refused="panel north: has not confirmed in time; its state says whether it was done"
    )


def test_what_is_asked_by_who_has_hung_up_is_not_begun() -> None:
    left, begun = PendingAnswer("panel north"), PendingAnswer("panel north")
    begun.begin()
    for pending in (left, begun):
        pending.cancel()
    begun.give(TOLD)
    assert (left.begin(), begun.answer()) == (False, TOLD)


def test_a_socket_that_cannot_be_made_is_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.write_text("not a folder")
    desk = LightDesk(folder / "lights.sock", {})
    try:
        folder.unlink()
        wait_until((folder / "lights.sock").exists)
        desk.check()
        assert ordered(folder / "lights.sock", "north", 10)[0] == (
            "panel north: not in the configuration"
        )
    finally:
        desk.close()
