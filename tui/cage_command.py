"""What a person can do about a cage: a note, stop, start."""

from typing import Any, Final

from textual.screen import Screen

from appliance.control_client import ControlClient
from appliance.status import CageStatus
from tui.confirm_screen import ConfirmScreen, Question
from tui.message import Perform
from tui.note_screen import Note, NoteScreen
from tui.session import Session

_STOP: Final = (
    "The animal is not recorded and gets no labels until somebody starts the cage again, also "
    "after a restart of the rack. The running segment is closed; everything recorded so far is "
    "kept, labelled and uploaded. The other cages go on."
)
_START: Final = "The camera is opened and a new segment begins. The other cages go on."


def ask_switch(screen: Screen[Any], session: Session, cage: CageStatus) -> None:
    """Ask whether to stop a recording that is wanted, or to start one that is not."""
    name = f"cage {cage.cage:02d}, animal {cage.animal}"
    if cage.wanted:
        question = Question(f"Stop recording {name}?", (_STOP,), "Stop recording")
    else:
        question = Question(f"Start recording {name}?", (_START,), "Start recording")

    def decided(author: str | None) -> None:
        if author is None:
            return

        def command(client: ControlClient) -> str:
            act = client.stop_cage if cage.wanted else client.start_cage
            return act(cage.cage, author)

        screen.post_message(Perform(command))

    screen.app.push_screen(ConfirmScreen(session, question), decided)


def ask_note(screen: Screen[Any], session: Session, cage: CageStatus | None) -> None:
    """Ask for a note, about a cage unless the person changes that."""

    def decided(note: Note | None) -> None:
        if note is None:
            return

        def command(client: ControlClient) -> str:
            return client.note(note.text, note.author, note.cage)

        screen.post_message(Perform(command))

    screen.app.push_screen(NoteScreen(session, cage.cage if cage else None), decided)
