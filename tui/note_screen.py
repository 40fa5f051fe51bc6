"""Writing a note about a cage or the rack."""

from dataclasses import dataclass
from typing import Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label

from tui.confirm_screen import LONGEST_AUTHOR
from tui.plain_text import plain
from tui.session import Session

_LONGEST_NOTE: Final = 4000


@dataclass(frozen=True, slots=True)
class Note:
    """What a person wrote; no cage means the rack."""

    text: str
    author: str
    cage: int | None


class NoteScreen(ModalScreen[Note | None]):
    """Asks for a note; its result is None if a person thought better of it."""

    BINDINGS = [Binding("escape", "no", "Cancel")]  # noqa: RUF012 - Textual's way

    def __init__(self, session: Session, cage: int | None) -> None:
        super().__init__()
        self._session = session
        self._cage = cage

    def compose(self) -> ComposeResult:
        """Lay out the three fields."""
        cage = "" if self._cage is None else f"{self._cage:02d}"
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Label("A note, kept with the recordings", classes="title", markup=False)
            yield Label("What you saw or did", classes="name", markup=False)
            yield Input(id="text", max_length=_LONGEST_NOTE, compact=True)
            yield Label("Cage (empty: the whole rack)", classes="name", markup=False)
            yield Input(cage, id="cage", max_length=2, compact=True)
            yield Label("Your name", classes="name", markup=False)
            yield Input(self._session.author, id="author", max_length=LONGEST_AUTHOR, compact=True)
            yield Label("", id="fault", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Cancel (Esc)", id="no", compact=True)
                yield Button("Write (Enter)", id="yes", compact=True)

    def on_mount(self) -> None:
        """Begin with the text."""
        self.query_one("#text").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Take the button's answer."""
        if event.button.id == "yes":
            self._write()
        else:
            self.action_no()

    def on_input_submitted(self) -> None:
        """Enter in any field writes the note."""
        self._write()

    def action_no(self) -> None:
        """Write nothing."""
        self.dismiss(None)

    def _write(self) -> None:
        text, cage, author = (self._value(field) for field in ("text", "cage", "author"))
        numbers = {f"{one.cage:02d}": one.cage for one in self._session.cages}
        if not text:
            self._refuse("text", "The note is empty.")
        elif cage and cage.zfill(2) not in numbers:
            self._refuse("cage", f"The rack has no cage {cage}.")
        elif not author:
            self._refuse("author", "Your name is missing.")
        else:
            self._session.author = author
            self.dismiss(Note(text, author, numbers[cage.zfill(2)] if cage else None))

    def _value(self, field: str) -> str:
        return plain(self.query_one(f"#{field}", Input).value).strip()

    def _refuse(self, field: str, fault: str) -> None:
        self.query_one("#fault", Label).update(fault)
        self.query_one(f"#{field}").focus()
