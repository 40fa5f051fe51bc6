"""The thread that asks the rack."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.tui.rack_server import RackServer
from tests.tui.rack_state import cage, rack
from tui.feed import Feed
from tui.picture import HistoryQuery, Picture

PATIENCE_S = 10.0


class Watcher:
    """Keeps the pictures, and waits for one."""

    def __init__(self) -> None:
        self.pictures: list[Picture] = []
        self._came = threading.Condition()

    def take(self, picture: Picture) -> None:
        with self._came:
            self.pictures.append(picture)
            self._came.notify_all()

    def until(self, liked: Callable[[Picture], bool]) -> Picture:
        deadline_s = time.monotonic() + PATIENCE_S
        with self._came:
            while not (self.pictures and liked(self.pictures[-1])):
                assert self._came.wait(max(0.0, deadline_s - time.monotonic())), "never came"
            return self.pictures[-1]


@contextmanager
def running(socket: Path) -> Iterator[tuple[Feed, Watcher]]:
    watcher = Watcher()
    feed = Feed(socket, 0.02, watcher.take)
    thread = threading.Thread(target=feed.run)
    thread.start()
    try:
        yield feed, watcher
    finally:
        feed.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_a_feed_waits_for_a_rack_that_does_not_run_yet(tmp_path: Path) -> None:
    socket = tmp_path / "control.sock"
    with running(socket) as (_, watcher):
        waiting = watcher.until(lambda picture: picture.connection.state == "waiting")
        assert waiting.status is None
        assert waiting.connection.reason == f"{socket}: no rack is running here"
        with RackServer(socket, rack()):
            assert watcher.until(lambda picture: picture.connection.state == "live").status


def test_a_lost_rack_leaves_its_last_picture_and_is_found_again(tmp_path: Path) -> None:
    socket = tmp_path / "control.sock"
    with running(socket) as (_, watcher):
        with RackServer(socket, rack()):
            watcher.until(lambda picture: picture.connection.state == "live")
        lost = watcher.until(lambda picture: picture.connection.for_s > 0 and picture.is_old)
        assert lost.status == rack()
        assert lost.connection.state == "lost"
        first = next(one for one in watcher.pictures if one.connection.state == "lost")
        assert lost.connection.since_utc_ns == first.connection.since_utc_ns
        with RackServer(socket, rack((cage(7),))):
            back = watcher.until(lambda picture: picture.connection.state == "live")
        assert back.status == rack((cage(7),))


def test_histories_come_when_wanted_and_go_when_not(tmp_path: Path) -> None:
    socket = tmp_path / "control.sock"
    first, second = HistoryQuery(6.0, 24), HistoryQuery(1.0, 10)
    with RackServer(socket, rack()), running(socket) as (feed, watcher):
        feed.want([first])
        watcher.until(lambda picture: first in picture.histories)
        feed.want([second])
        picture = watcher.until(lambda picture: second in picture.histories)
        assert set(picture.histories) == {second}
        assert len(picture.histories[second].cages[0].codes) == 10


def test_a_refused_history_does_not_cost_the_connection(tmp_path: Path) -> None:
    socket = tmp_path / "control.sock"
    with RackServer(socket, rack()), running(socket) as (feed, watcher):
        feed.want([HistoryQuery(6.0, 5000)])
        refused = watcher.until(lambda picture: bool(picture.history_fault))
        assert refused.connection.state == "live"
        assert refused.history_fault.startswith("bins: ")
