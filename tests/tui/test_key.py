"""Every key and what it does."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from appliance.control_message import (
    AcknowledgeRequest,
    NoteRequest,
    StartCageRequest,
    StopCageRequest,
)
from appliance.status import RackStatus
from tests.tui.rack_server import RackServer
from tests.tui.rack_state import rack, troubled_rack
from tests.tui.stage import screen_text, session_of, stage, until, until_settled

Act = Callable[[Pilot[None], RackServer], Awaitable[None]]


def play(
    folder: Path, act: Act, status: RackStatus | None = None, size: tuple[int, int] = (120, 40)
) -> RackServer:
    async def run() -> None:
        async with stage(folder / "control.sock", size) as pilot:
            await until_settled(pilot)
            await act(pilot, server)

    with RackServer(folder / "control.sock", status or rack()) as server:
        asyncio.run(run())
    return server


def test_arrows_tab_home_and_end_select_a_cage(tmp_path: Path) -> None:
    async def act(pilot: Pilot[None], _: RackServer) -> None:
        places = []
        for key in ("right", "right", "down", "left", "up", "up", "end", "down", "home"):
            await pilot.press(key)
            places.append(session_of(pilot).place)
        assert places == [1, 1, 3, 2, 0, 0, 9, 9, 0]
        await pilot.press("tab", "tab", "shift+tab")
        assert session_of(pilot).place == 1

    play(tmp_path, act)


def test_enter_opens_a_cage_arrows_go_to_its_neighbors_escape_goes_back(tmp_path: Path) -> None:
    async def act(pilot: Pilot[None], _: RackServer) -> None:
        await pilot.press("down", "enter")
        await until(pilot, lambda text: " Cage 03  M-003" in text)
        await pilot.press("right")
        await until(pilot, lambda text: " Cage 04  M-004" in text)
        await pilot.press("left", "left")
        await until(pilot, lambda text: " Cage 02  M-002" in text)
        await pilot.press("escape")
        await until(pilot, lambda text: "┏━ 02  M-002" in text)

    play(tmp_path, act)


def test_a_click_selects_and_a_second_click_opens(tmp_path: Path) -> None:
    async def act(pilot: Pilot[None], _: RackServer) -> None:
        await pilot.click("#board", offset=(70, 8))
        assert session_of(pilot).place == 3
        await pilot.click("#board", offset=(70, 8))
        await until(pilot, lambda text: " Cage 04  M-004" in text)

    play(tmp_path, act)


def test_t_shows_other_hours_and_capital_l_other_strips(tmp_path: Path) -> None:
    async def act(pilot: Pilot[None], _: RackServer) -> None:
        for hours in ("12", "24", "48", "1", "3", "6"):
            await pilot.press("t")
            await until(pilot, lambda text, hours=hours: f"last {hours} h" in text)  # type: ignore[misc]
        assert "HHHMM" in await until_settled(pilot)
        await pilot.press("L")
        assert "HHHMM" not in await until(pilot, lambda text: "█████" in text)

    play(tmp_path, act)


def test_question_mark_explains_and_escape_goes_back(tmp_path: Path) -> None:
    async def act(pilot: Pilot[None], _: RackServer) -> None:
        await pilot.press("question_mark")
        await until(pilot, lambda text: "Zeitgeber time: hours since the lights went on" in text)
        await pilot.press("escape")
        await until(pilot, lambda text: "M-001" in text)

    play(tmp_path, act)


def test_stopping_a_cage_is_asked_first_and_enter_means_no(tmp_path: Path) -> None:
    async def act(pilot: Pilot[None], server: RackServer) -> None:
        await pilot.press("right", "s")
        text = await until(pilot, lambda text: "Stop recording cage 02, animal M-002?" in text)
        assert "gets no labels until somebody" in text
        await pilot.press("enter")
        await until(pilot, lambda text: "Stop recording" not in text)
        await pilot.press("s", "escape", "s", "n")
        await until(pilot, lambda text: "Stop recording" not in text)
        assert server.asked == []
        await pilot.press("s", "y")
        await until(pilot, lambda text: "cage 02: stop_cage" in text)

    server = play(tmp_path, act)
    assert server.asked == [StopCageRequest(cage=2, author="maria")]


def test_a_stopped_cage_is_started_by_the_name_that_was_typed(tmp_path: Path) -> None:
    async def act(pilot: Pilot[None], _: RackServer) -> None:
        await pilot.press("down", "down", "right", "s")
        await until(pilot, lambda text: "Start recording cage 06, animal M-006?" in text)
        await pilot.press("shift+tab", "ctrl+u", "enter", "y")
        await until(pilot, lambda text: "Your name is missing." in text)
        await pilot.press("b", "y", "enter", "enter")
        await until(pilot, lambda text: "cage 06: start_cage" in text)
        assert session_of(pilot).author == "by"

    server = play(tmp_path, act, troubled_rack())
    assert server.asked == [StartCageRequest(cage=6, author="by")]


def test_a_note_goes_to_the_selected_cage_or_the_rack(tmp_path: Path) -> None:
    async def act(pilot: Pilot[None], _: RackServer) -> None:
        await pilot.press("down", "n", "enter")
        await until(pilot, lambda text: "The note is empty." in text)
        await pilot.press("w", "e", "t", "tab", "ctrl+u", "4", "4", "enter")
        await until(pilot, lambda text: "The rack has no cage 44." in text)
        await pilot.press("ctrl+u", "3", "enter")
        await until(pilot, lambda text: "the note is kept" in text)
        await pilot.press("n", "h", "o", "t", "tab", "ctrl+u", "enter")
        await until(pilot, lambda text: "A note, kept" not in text)
        await pilot.press("n", "x", "escape")
        await until(pilot, lambda text: text.count("the note is kept") == 2)

    server = play(tmp_path, act)
    assert server.asked == [
        NoteRequest(text="wet", author="maria", cage=3),
        NoteRequest(text="hot", author="maria", cage=None),
    ]


def test_an_alert_is_acknowledged_by_name(tmp_path: Path) -> None:
    async def act(pilot: Pilot[None], _: RackServer) -> None:
        await pilot.press("a", "down", "enter")
        text = await until(pilot, lambda text: "Acknowledge this alert?" in text)
        assert "nothing is repaired by this." in text
        await pilot.press("y")
        await until(pilot, lambda text: "cage-03-stalled: acknowledged" in text)
        await pilot.press("end", "enter")
        await until(pilot, lambda text: "This alert is acknowledged already." in text)
        await pilot.press("escape")
        await until(pilot, lambda text: "M-001" in text)

    server = play(tmp_path, act, troubled_rack())
    assert server.asked == [AcknowledgeRequest(alert="cage-03-stalled", author="maria")]


def test_a_refusal_is_shown_and_the_dashboard_goes_on(tmp_path: Path) -> None:
    async def act(pilot: Pilot[None], server: RackServer) -> None:
        server.refusal = "cage 01: [red]is being stopped already"
        await pilot.press("s", "y")
        await until(pilot, lambda text: "cage 01: [red]is being stopped already" in text)
        assert "● RECORDING" in screen_text(pilot)

    play(tmp_path, act)


def test_what_cannot_be_done_without_a_rack_is_said(tmp_path: Path) -> None:
    async def run() -> None:
        socket = tmp_path / "control.sock"
        async with stage(socket, (120, 40)) as pilot:
            with RackServer(socket, rack()):
                await until_settled(pilot)
            await until(pilot, lambda text: "NO CONNECTION" in text)
            await pilot.press("s", "y")
            await until(pilot, lambda text: text.count("no rack is running here") == 2)

    asyncio.run(run())


def test_q_and_ctrl_c_leave(tmp_path: Path) -> None:
    for key in ("q", "ctrl+c"):

        async def act(pilot: Pilot[None], _: RackServer, key: str = key) -> None:
            await pilot.press(key)
            assert not pilot.app.is_running or pilot.app._exit

        play(tmp_path, act)
