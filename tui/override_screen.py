"""Asking for other white light for a time."""

import math
from dataclasses import dataclass
from typing import Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label

from appliance.report import PanelDetail
from tui.confirm_screen import LONGEST_AUTHOR
from tui.plain_text import plain
from tui.session import Session

_USUAL_MIN: Final = "20"
_FULL: Final = 100
_LONGEST_MIN: Final = 24 * 60.0
_LONGEST_REASON: Final = 400
_ENDS: Final = "The panel ends it by itself. Infrared light stays on."
_IS_ENDED: Final = "This machine ends it: if it dies before, light stays so. Infrared stays on."


@dataclass(frozen=True, slots=True)
class Override:
    """What a person wants of a panel."""

    white_percent: int
    minutes: float
    reason: str
    author: str


class OverrideScreen(ModalScreen[Override | None]):
    """Asks how bright, how long and why; its result is None if a person thought better of it."""

    BINDINGS = [Binding("escape", "no", "Cancel")]  # noqa: RUF012 - Textual's way

    def __init__(self, session: Session, panel: PanelDetail) -> None:
        super().__init__()
        self._session = session
        self._panel = panel

    def compose(self) -> ComposeResult:
        """Lay out the four fields."""
        with VerticalScroll(classes="dialog", can_focus=False):
            title = f"Light by hand: panel {self._panel.panel}"
            yield Label(plain(title), classes="title", markup=False)
            meaning = _ENDS if self._panel.keeps_schedule else _IS_ENDED
            yield Label(meaning, classes="meaning", markup=False)
            yield Label("White light in percent, 0 is dark", classes="name", markup=False)
            yield Input(id="white", max_length=3, compact=True)
            yield Label("For how many minutes", classes="name", markup=False)
            yield Input(_USUAL_MIN, id="minutes", max_length=6, compact=True)
            yield Label("What it is for; it stands in the light report", classes="name")
            yield Input(id="reason", max_length=_LONGEST_REASON, compact=True)
            yield Label("Your name", classes="name", markup=False)
            yield Input(self._session.author, id="author", max_length=LONGEST_AUTHOR, compact=True)
            yield Label("", id="fault", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Cancel (Esc)", id="no", compact=True)
                yield Button("Give light (Enter)", id="yes", compact=True)

    def on_mount(self) -> None:
        """Begin with the level."""
        self.query_one("#white").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Take the button's answer."""
        if event.button.id == "yes":
            self._order()
        else:
            self.action_no()

    def on_input_submitted(self) -> None:
        """Enter in any field orders the light."""
        self._order()

    def action_no(self) -> None:
        """Order nothing."""
        self.dismiss(None)

    def _order(self) -> None:
        white, minutes = _percent(self._value("white")), _minutes(self._value("minutes"))
        reason, author = self._value("reason"), self._value("author")
        if white is None:
            self._refuse("white", "White light is a whole number from 0 to 100.")
        elif minutes is None:
            self._refuse("minutes", "Minutes are a number above 0 and at most 1440.")
        elif not reason:
            self._refuse("reason", "The reason is missing.")
        elif not author:
            self._refuse("author", "Your name is missing.")
        else:
            self._session.author = author
            self.dismiss(Override(white, minutes, reason, author))

    def _value(self, field: str) -> str:
        return plain(self.query_one(f"#{field}", Input).value).strip()

    def _refuse(self, field: str, fault: str) -> None:
        self.query_one("#fault", Label).update(fault)
        self.query_one(f"#{field}").focus()


def _percent(words: str) -> int | None:
    """Return a level; None if it is none."""
    if not (words.isascii() and words.isdecimal()):
        return None
    return int(words) if int(words) <= _FULL else None


def _minutes(words: str) -> float | None:
    """Return a length; None if it is none, as `nan` is."""
    try:
        minutes = float(words.replace(",", "."))
    except ValueError:
        return None
    return minutes if math.isfinite(minutes) and 0 < minutes <= _LONGEST_MIN else None
