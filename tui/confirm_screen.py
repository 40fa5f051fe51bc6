"""A question before something is done, with the name of who does it."""

from dataclasses import dataclass
from typing import Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label

from tui.plain_text import plain
from tui.session import Session

LONGEST_AUTHOR: Final = 64


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, what it means, and the word for yes."""

    title: str
    meaning: tuple[str, ...]
    yes: str


class ConfirmScreen(ModalScreen[str | None]):
    """Asks; its result is the name of who said yes, None for no."""

    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("escape,n", "no", "No"),
        Binding("y", "yes", "Yes"),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def __init__(self, session: Session, question: Question) -> None:
        super().__init__()
        self._session = session
        self._question = question

    def compose(self) -> ComposeResult:
        """Lay out the question, the name and the buttons."""
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Label(plain(self._question.title), classes="title", markup=False)
            for sentence in self._question.meaning:
                yield Label(plain(sentence), classes="meaning", markup=False)
            yield Label("Your name", classes="name", markup=False)
            yield Input(self._session.author, id="author", max_length=LONGEST_AUTHOR, compact=True)
            yield Label("", id="fault", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("No (n)", id="no", compact=True)
                yield Button(f"{self._question.yes} (y)", id="yes", compact=True)

    def on_mount(self) -> None:
        """Let Enter mean no until a person chooses otherwise."""
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Take the button's answer."""
        if event.button.id == "yes":
            self.action_yes()
        else:
            self.action_no()

    def on_input_submitted(self) -> None:
        """Go on from the name to the buttons."""
        self.query_one("#yes").focus()

    def action_yes(self) -> None:
        """Answer yes, if there is a name."""
        author = plain(self.query_one("#author", Input).value).strip()
        if not author:
            self.query_one("#fault", Label).update("Your name is missing.")
            self.query_one("#author").focus()
            return
        self._session.author = author
        self.dismiss(author)

    def action_no(self) -> None:
        """Answer no."""
        self.dismiss(None)
