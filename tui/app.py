"""The program on the terminal: one thread that draws, one that asks the rack."""

import asyncio
import signal
import threading
from typing import Final, Protocol, runtime_checkable

from textual.app import App
from textual.binding import Binding

from appliance.control_client import ControlClient, ControlError, NoRackRunning
from tui.feed import Feed
from tui.help_screen import HelpScreen
from tui.ink import Look
from tui.light_screen import LightScreen
from tui.main_screen import MainScreen
from tui.message import LookChanged, NewPicture, Perform, Performed
from tui.picture import HistoryQuery, Picture
from tui.plain_text import plain
from tui.session import Session

_JOIN_S: Final = 0.5
_NOTICE_S: Final = 6.0


@runtime_checkable
class RackScreen(Protocol):
    """A screen that shows the session's picture."""

    def draw(self) -> None:
        """Draw it."""

    def queries(self) -> list[HistoryQuery]:
        """Return the histories that it needs."""


class DashboardApp(App[None]):
    """Shows a rack until a person leaves; the rack does not notice."""

    TITLE = "EthoProfiler"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { background: #0d1117; color: #c9d1d9; }
    Footer { background: #161b22; }
    ModalScreen { align: center middle; background: #0d1117 60%; }
    .dialog {
        width: 72; max-width: 100%; height: auto; max-height: 100%;
        border: round #79c0ff; padding: 0 2; background: #161b22;
    }
    .dialog Label { width: 100%; }
    .title { text-style: bold; color: #79c0ff; margin-bottom: 1; }
    .meaning { margin-bottom: 1; }
    .name { color: #8b949e; }
    .dialog Input { background: #30363d; color: #ffffff; margin-bottom: 1; }
    #fault { color: #ff7b72; text-style: bold; }
    .buttons { height: 1; align-horizontal: right; }
    .dialog Button { margin-left: 2; padding: 0 1; background: #30363d; color: #c9d1d9; }
    .dialog Button:focus { background: #79c0ff; color: #000000; text-style: bold; }
    """
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("t", "span", "Hours"),
        Binding("l", "light", "Light"),
        # Not in the last line, which would not hold it in 80 columns; the help names it.
        Binding("L", "letters", "Letters", show=False),
        Binding("question_mark", "help", "Help"),
        Binding("q", "quit", "Quit"),
        Binding("ctrl+c", "quit", "Quit", show=False, priority=True),
    ]

    def __init__(self, session: Session, every_s: float) -> None:
        super().__init__()
        self.session: Final = session
        self._feed: Final = Feed(session.socket, every_s, self._tell)
        self._thread: Final = threading.Thread(target=self._feed.run, name="feed", daemon=True)

    def on_mount(self) -> None:
        """Show the rack, begin to ask it, and end in order when told to from outside."""
        self.session.look = Look.of_terminal(None if self.no_color else self.console.color_system)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.exit)
        self.push_screen(MainScreen(self.session))
        self._thread.start()

    def on_unmount(self) -> None:
        """Let the asking thread end; one that waits for a hung rack does not hold a person up."""
        self._feed.stop()
        self._thread.join(_JOIN_S)

    def on_new_picture(self, message: NewPicture) -> None:
        """Show what the feed has found."""
        self.session.picture = message.picture
        self._draw()

    def on_look_changed(self, _: LookChanged) -> None:
        """Show the same in another way."""
        self._draw()

    def on_perform(self, message: Perform) -> None:
        """Do what a person has confirmed, without holding up the screen."""
        self.run_worker(lambda: self._perform(message), thread=True, exit_on_error=True)

    def on_performed(self, message: Performed) -> None:
        """Say what was done, or why not."""
        self.notify(
            plain(message.sentence),
            severity="information" if message.succeeded else "error",
            timeout=_NOTICE_S,
            markup=False,
        )
        self._feed.hurry()

    def action_span(self) -> None:
        """Show other hours."""
        self.session.next_span()
        self._draw()

    def action_letters(self) -> None:
        """Show or hide letters in the strips."""
        self.session.look = self.session.look.toggled()
        self._draw()

    def action_light(self) -> None:
        """Show the light panels, unless they lie under the help already."""
        if not any(isinstance(screen, LightScreen) for screen in self.screen_stack):
            self.push_screen(LightScreen(self.session))

    def action_help(self) -> None:
        """Explain everything."""
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.session))

    def _draw(self) -> None:
        """Draw what is visible: the top screen, and those under it that it does not hide."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, RackScreen):
                screen.draw()
                self._feed.want(screen.queries())
            if not screen.is_modal:
                return

    def _tell(self, picture: Picture) -> None:
        self.post_message(NewPicture(picture))

    def _perform(self, message: Perform) -> None:
        session = self.session
        address = session.light.socket if message.is_about_light else session.socket
        try:
            with ControlClient(address) as client:
                done = Performed(message.command(client), succeeded=True)
        except NoRackRunning as error:
            missing = f"{address}: no lights worker is running here"
            done = Performed(missing if message.is_about_light else str(error), succeeded=False)
        except ControlError as error:
            done = Performed(str(error), succeeded=False)
        self.post_message(done)
