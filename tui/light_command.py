"""What a person can do about light: other white light for a time, back to the plan."""

import time
from dataclasses import replace
from typing import Any, Final

from textual.screen import Screen

from appliance.control_client import ControlClient
from appliance.light_caution import darkness_question
from appliance.report import PanelDetail
from tui.confirm_screen import ConfirmScreen, Question
from tui.message import Perform
from tui.override_screen import Override, OverrideScreen
from tui.session import Session

_RESUME: Final = "White light is as planned again, at once. The light report says who ended it."
_NONE_KNOWN: Final = "This dashboard knows of no light by hand on it."


def ask_override(screen: Screen[Any], session: Session, panel: PanelDetail) -> None:
    """Ask for other white light; ask again before it shines in the dark phase."""

    def wanted(override: Override | None) -> None:
        if override is None:
            return
        caution = _caution(session, panel.panel, override)
        if caution is None:
            _order(screen, panel.panel, override)
            return
        question = Question("White light in the dark phase?", (caution,), "Give light")

        def decided(author: str | None) -> None:
            if author is not None:
                _order(screen, panel.panel, replace(override, author=author))

        screen.app.push_screen(ConfirmScreen(session, question), decided)

    screen.app.push_screen(OverrideScreen(session, panel), wanted)


def ask_resume(screen: Screen[Any], session: Session, panel: PanelDetail) -> None:
    """Ask whether to end what was ordered of a panel."""

    def decided(author: str | None) -> None:
        if author is None:
            return

        def command(client: ControlClient) -> str:
            return client.end_override(panel.panel, author)

        screen.post_message(Perform(command, is_about_light=True))

    meaning = (_RESUME,) if panel.override is not None else (_NONE_KNOWN, _RESUME)
    question = Question(f"End light by hand: panel {panel.panel}?", meaning, "As planned")
    screen.app.push_screen(ConfirmScreen(session, question), decided)


def _order(screen: Screen[Any], panel: str, override: Override) -> None:
    def command(client: ControlClient) -> str:
        return client.override_light(
            panel, override.white_percent, override.minutes, override.reason, override.author
        )

    screen.post_message(Perform(command, is_about_light=True))


def _caution(session: Session, panel: str, override: Override) -> str | None:
    """Return what a person must confirm; None if nothing."""
    plan = session.planned.plans.get(panel)
    if plan is not None:
        return darkness_question(
            plan, panel, override.white_percent, override.minutes, time.time_ns()
        )
    if not override.white_percent:
        return None
    return (
        f"panel {panel}: nobody can say here whether it is the dark phase: "
        f"{session.planned.fault}. Give white light all the same?"
    )
