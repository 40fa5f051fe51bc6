"""What a person orders of the light, key by key."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from appliance.control_message import EndOverrideRequest, OverrideLightRequest
from appliance.status import RackStatus
from tests.tui.light_state import dark_rack, hand_lit_rack, lit_rack
from tests.tui.rack_server import RackServer
from tests.tui.rack_state import rack
from tests.tui.stage import CONFIG, session_of, stage, until, until_settled

Act = Callable[[Pilot[None], RackServer], Awaitable[None]]
ALWAYS_DARK = CONFIG.replace(b"[lights]\ndawn_minutes = 60.0\ndusk_minutes = 60.0", b"[lights]\n"
                             b"light_hours = 0.0").partition(b"[[lights.change]]")[0]  # fmt: skip
ALWAYS_LIGHT = ALWAYS_DARK.replace(b"light_hours = 0.0", b"light_hours = 24.0")


def play(folder: Path, act: Act, status: RackStatus | None = None) -> RackServer:
    """Open the light screen beside a lights worker, let `act` use it, return the worker."""

    async def run() -> None:
        async with stage(folder / "control.sock", (80, 24)) as pilot:
            await until_settled(pilot)
            await pilot.press("l")
            await until_settled(pilot)
            await act(pilot, worker)

    with (
        RackServer(folder / "control.sock", status or lit_rack()) as supervisor,
        RackServer(folder / "lights.sock", rack()) as worker,
    ):
        asyncio.run(run())
    assert supervisor.asked == []
    return worker


def dialog(text: str) -> str:
    """Return what a dialog says, without its frame and what lies behind it."""
    return " ".join(" ".join(line.split("│")[1:-1]).strip() for line in text.splitlines())


async def fill(pilot: Pilot[None], white: str, reason: str) -> None:
    """Fill in the form from its first field on, with the minutes and the name that it has."""
    await pilot.press("o", *white, "tab", "tab", *reason)


def test_l_opens_the_panels_and_l_or_escape_leaves_them(tmp_path: Path) -> None:
    async def act(pilot: Pilot[None], _: RackServer) -> None:
        await until(pilot, lambda text: "Panel top   ● AS PLANNED" in text)
        await pilot.press("l")
        await until(pilot, lambda text: "M-001" in text)
        await pilot.press("enter", "l")
        await until(pilot, lambda text: "Panel top   ● AS PLANNED" in text)
        await pilot.press("question_mark", "l", "escape", "escape")
        await until(pilot, lambda text: " Cage 01  M-001" in text)

    play(tmp_path, act)


def test_light_in_the_dark_phase_is_asked_first_and_darkness_is_not(
    tmp_path: Path,
) -> None:
    async def act(pilot: Pilot[None], worker: RackServer) -> None:
        await fill(pilot, "5", "x")
        await pilot.press("enter")
        text = await until(pilot, lambda text: "White light in the dark phase?" in text)
        assert "panel top: it is the dark phase, ZT" in text
        assert "Give white light 5 % for 20 min all the same?" in dialog(text)
        await pilot.press("enter")
        await until(pilot, lambda text: "White light in the dark phase?" not in text)
        assert worker.asked == []
        await fill(pilot, "5", "x")
        await pilot.press("enter", "y")
        await until(pilot, lambda text: "panel top: override_light" in text)
        await fill(pilot, "0", "x")
        await pilot.press("enter")
        await until(pilot, lambda text: text.count("panel top: override_light") == 2)

    (tmp_path / "rack.toml").write_bytes(ALWAYS_DARK)
    assert play(tmp_path, act).asked == [
        OverrideLightRequest(
            panel="top", white_percent=white_percent, minutes=20, reason="x", author="maria"
        )
        for white_percent in (5, 0)
    ]


def test_what_is_missing_is_said_and_light_by_day_is_ordered_at_once(
    tmp_path: Path,
) -> None:
    async def act(pilot: Pilot[None], worker: RackServer) -> None:
        await pilot.press("o", "enter")
        await until(pilot, lambda text: "White light is a whole number from 0 to 100." in text)
        await pilot.press("1", "0", "1", "enter")
        await until(pilot, lambda text: "White light is a whole number from 0 to 100." in text)
        await pilot.press("ctrl+u", "9", "tab", "ctrl+u", "n", "a", "n", "enter")
        await until(pilot, lambda text: "Minutes are a number above 0" in text)
        await pilot.press("ctrl+u", "0", "enter")
        await until(pilot, lambda text: "Minutes are a number above 0" in text)
        await pilot.press("ctrl+u", "2", ",", "5", "enter")
        await until(pilot, lambda text: "The reason is missing." in text)
        await pilot.press("x", "tab", "ctrl+u", "enter")
        await until(pilot, lambda text: "Your name is missing." in text)
        assert worker.asked == []
        await pilot.press("b", "y", "enter")
        await until(pilot, lambda text: "panel top: override_light" in text)
        assert session_of(pilot).author == "by"

    (tmp_path / "rack.toml").write_bytes(ALWAYS_LIGHT)
    assert play(tmp_path, act).asked == [
        OverrideLightRequest(panel="top", white_percent=9, minutes=2.5, reason="x", author="by")
    ]


def test_the_selected_panel_is_meant_and_a_refusal_is_shown(tmp_path: Path) -> None:
    async def act(pilot: Pilot[None], worker: RackServer) -> None:
        await pilot.press("right", "right")
        await until(pilot, lambda text: "▶ Panel bottom" in text)
        await pilot.press("r")
        text = await until(pilot, lambda text: "End light by hand: panel bottom?" in text)
        assert "This dashboard knows of no light by hand on it." in text
        await pilot.press("escape", "o")
        await until(pilot, lambda text: "This machine ends it: if it dies before" in text)
        await pilot.press("escape", "left", "left", "r")
        text = await until(pilot, lambda text: "End light by hand: panel top?" in text)
        assert "knows of no light" not in text
        await pilot.press("enter", "r", "y")
        await until(pilot, lambda text: "panel top: end_override" in text)
        worker.refusal = "panel top: [red]is busy, so nothing was done"
        await pilot.press("r", "y")
        await until(pilot, lambda text: "panel top: [red]is busy" in text)

    status = hand_lit_rack()
    ended = EndOverrideRequest(panel="top", author="maria")
    assert play(tmp_path, act, status).asked == [ended, ended]


def test_without_a_lights_worker_that_is_said(tmp_path: Path) -> None:
    async def run() -> None:
        with RackServer(tmp_path / "control.sock", lit_rack()):
            async with stage(tmp_path / "control.sock", (200, 24)) as pilot:
                await until_settled(pilot)
                await pilot.press("l", "r", "y")
                # Word by word: the path before it decides where the notice breaks.
                words = {"no", "lights", "worker", "is", "running", "here"}
                await until(pilot, lambda text: words <= set(text.split()))

    asyncio.run(run())


def test_without_a_panel_nothing_can_be_ordered(tmp_path: Path) -> None:
    async def act(pilot: Pilot[None], _: RackServer) -> None:
        await pilot.press("o", "r")
        text = await until(pilot, lambda text: "There is no light panel to order" in text)
        assert "Light by hand: panel" not in text

    play(tmp_path, act, dark_rack())


def test_without_a_plan_light_is_asked_first_until_a_rack_started_anew_has_one(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        async with stage(tmp_path / "control.sock", (80, 24)) as pilot:
            await until_settled(pilot)
            await pilot.press("l")
            await until(pilot, lambda text: "plan      cannot be drawn:" in text)
            await fill(pilot, "5", "x")
            await pilot.press("enter")
            await until(pilot, lambda text: "nobody can say here whether it is" in text)
            await pilot.press("y")
            await until(pilot, lambda text: "panel top: override_light" in text)
            (tmp_path / "rack.toml").write_bytes(CONFIG)
            supervisor.status = lit_rack().model_copy(update={"up_s": 1.0})
            await until(pilot, lambda text: "^ 12:03 now" in text)

    (tmp_path / "rack.toml").write_text("[rack]\n")
    with (
        RackServer(tmp_path / "control.sock", lit_rack()) as supervisor,
        RackServer(tmp_path / "lights.sock", rack()) as worker,
    ):
        asyncio.run(run())
    assert len(worker.asked) == 1
