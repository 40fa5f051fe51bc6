"""What a person sees, at three sizes and on bad days."""

import asyncio
import threading
import time
from pathlib import Path

import pytest

from tests.tui.rack_server import RackServer
from tests.tui.rack_state import alert, cage, label, rack, recorder, troubled_rack
from tests.tui.scene import GOLDEN, picture_of, scenes
from tests.tui.stage import screen_text, session_of, stage, until, until_settled
from tui.plain_text import width_of

HOSTILE = "[red]\x1b[2J\x1b]0;owned\x07\u202eevil\nsecond line [/] " + "マウス" * 40


@pytest.mark.parametrize("name", sorted(scenes()))
def test_a_screen_looks_as_it_was_approved(name: str, tmp_path: Path) -> None:
    shown = asyncio.run(picture_of(scenes()[name], tmp_path))
    assert shown == (GOLDEN / f"{name}.txt").read_text()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_hostile_text_cannot_break_the_screen(size: tuple[int, int], tmp_path: Path) -> None:
    bad = cage(
        1,
        animal=HOSTILE[:64],
        strain=HOSTILE[:64],
        recorder=recorder(1, "stalled", reason=HOSTILE, segment=HOSTILE),
        label=label(1, HOSTILE, fault=HOSTILE),
    )
    odd = cage(2, animal="\u0301" * 40, label=label(2, "[bold]dance", confidence=1.0))
    status = rack((bad, odd), (alert(1, "critical", text=HOSTILE, id=HOSTILE, kind=HOSTILE),))

    async def act() -> dict[str, str]:
        async with stage(tmp_path / "control.sock", size) as pilot:
            pages = {"": await until_settled(pilot)}
            for key in ("enter", "a", "s", "n"):
                await pilot.press(key)
                pages[key] = await until_settled(pilot)
                await pilot.press("escape")
            return pages

    with RackServer(tmp_path / "control.sock", status):
        pages = asyncio.run(act())
    for text in pages.values():
        lines = text.splitlines()
        assert len(lines) == size[1]
        assert all(width_of(line) <= size[0] for line in lines)
        assert not set("\x1b\x07\u202e\u200b") & set(text)
    assert "[red]\ufffd[2J" in pages["a"]


def test_a_resize_moves_everything_at_once(tmp_path: Path) -> None:
    async def act() -> None:
        async with stage(tmp_path / "control.sock", (80, 24)) as pilot:
            await until_settled(pilot)
            await pilot.resize_terminal(200, 60)
            large = await until_settled(pilot)
            assert large == (GOLDEN / "rack_200x60.txt").read_text()
            await pilot.resize_terminal(80, 24)
            small = await until_settled(pilot)
            assert small == (GOLDEN / "rack_80x24.txt").read_text()
            await pilot.resize_terminal(20, 5)
            await until_settled(pilot)

    with RackServer(tmp_path / "control.sock", rack()):
        asyncio.run(act())


def test_news_is_drawn_without_a_key(tmp_path: Path) -> None:
    async def act() -> None:
        async with stage(tmp_path / "control.sock", (80, 24)) as pilot:
            await until(pilot, lambda text: "01 M-001    C57BL… ● RECORDING rest" in text)
            server.status = troubled_rack()
            await until(pilot, lambda text: "03 M-003    C57BL… ▲ STALLED   cage 03" in text)
            server.status = rack((cage(4), cage(5)))
            await until(pilot, lambda text: "M-003" not in text and "05  M-005" in text)

    with RackServer(tmp_path / "control.sock", rack()) as server:
        asyncio.run(act())


def test_before_the_first_answer_the_screen_says_what_it_waits_for(tmp_path: Path) -> None:
    async def act() -> None:
        async with stage(tmp_path / "control.sock", (80, 24)) as pilot:
            await until(pilot, lambda text: "no rack is running here" in text)
            assert "Waiting for the rack since" in screen_text(pilot)
            for key in ("enter", "s", "a", "escape", "down", "end", "t", "l"):
                await pilot.press(key)
            await pilot.press("n", "escape")
            with RackServer(tmp_path / "control.sock", rack()):
                await until(pilot, lambda text: "10 M-010    C57BL… ● RECORDING" in text)

    asyncio.run(act())


def test_a_lost_rack_is_marked_as_old_and_found_again(tmp_path: Path) -> None:
    async def act() -> None:
        socket = tmp_path / "control.sock"
        async with stage(socket, (120, 40)) as pilot:
            with RackServer(socket, rack()):
                await until_settled(pilot)
            text = await until(pilot, lambda text: "NO CONNECTION since" in text)
            assert "What you see is OLD, of 12:03:04. Trying again." in text
            assert " LOST" in text
            assert "RECORDING" not in text
            assert text.count("? recording") == 10
            assert "was REST".upper() in text
            with RackServer(socket, rack()):
                again = await until(pilot, lambda text: "NO CONNECTION" not in text)
            assert again.count("● RECORDING") == 10

    asyncio.run(act())


def test_a_rack_that_hangs_does_not_keep_a_person_in_the_dashboard(tmp_path: Path) -> None:
    released, hung = threading.Event(), threading.Event()

    def hang() -> object:
        hung.set()
        released.wait(10)
        return rack()

    async def act() -> float:
        async with stage(tmp_path / "control.sock", (80, 24)) as pilot:
            await until(pilot, lambda _: hung.is_set())
            await pilot.press("q")
            return time.monotonic()

    with RackServer(tmp_path / "control.sock", hang):  # type: ignore[arg-type]
        left_s = asyncio.run(act())
        assert time.monotonic() - left_s < 3.0
        released.set()


def test_more_cages_than_fit_scroll_with_the_selection(tmp_path: Path) -> None:
    async def act() -> None:
        async with stage(tmp_path / "control.sock", (120, 40)) as pilot:
            await until_settled(pilot)
            await pilot.press("end")
            text = await until(pilot, lambda text: "40  M-040" in text)
            assert "01  M-001" not in text
            await pilot.press("home")
            await until(pilot, lambda text: "01  M-001" in text)
            await pilot.press(*["down"] * 8)
            assert session_of(pilot).place == 16
            await until(pilot, lambda text: "┏━ 17  M-017" in text)

    status = rack(tuple(cage(number) for number in range(1, 41)))
    with RackServer(tmp_path / "control.sock", status):
        asyncio.run(act())
