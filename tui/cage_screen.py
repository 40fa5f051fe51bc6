"""The screen of one cage."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer

from tui.cage_command import ask_note, ask_switch
from tui.cage_detail import detail_lines, detail_strip_width
from tui.header import banner_lines, header_line
from tui.line import text
from tui.line_panel import LinePanel
from tui.message import LookChanged
from tui.picture import HistoryQuery
from tui.session import Session


class CageScreen(Screen[None]):
    """Everything about one cage; left and right go to its neighbors."""

    CSS = "#header { height: 1; }"
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("escape,backspace", "dismiss", "Back"),
        Binding("left", "step(-1)", "Previous", show=False, priority=True),
        Binding("right", "step(1)", "Other cage", key_display="←→", priority=True),
        Binding("n", "note", "Note"),
        Binding("s", "switch", "Stop/start"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._header = LinePanel(id="header")
        self._page = LinePanel(id="page")
        self._page.can_focus = True

    def compose(self) -> ComposeResult:
        """Lay out the header and the page."""
        yield self._header
        yield self._page
        yield Footer()

    def on_mount(self) -> None:
        """Let the keys scroll the page."""
        self._page.focus()

    def on_resize(self) -> None:
        """Draw at the new size."""
        self.post_message(LookChanged())

    def draw(self) -> None:
        """Draw the session's picture."""
        session, width = self._session, self.size.width
        if not width:
            return
        self._header.show([header_line(session.picture, session.zone, width)])
        lines = banner_lines(session.picture, session.zone, width - 1)
        if cage := session.selected:
            view = session.view(cage)
            lines += detail_lines(view, session.picture, session.hours, width - 1)
        else:
            lines.append((text(" The rack has no cage."),))
        self._page.show(lines)

    def queries(self) -> list[HistoryQuery]:
        """Return the history that the strip needs."""
        bins = detail_strip_width(self.size.width - 1)
        return [HistoryQuery(self._session.hours, bins)] if bins > 0 else []

    def action_step(self, places: int) -> None:
        """Go to another cage."""
        self._session.select(self._session.place + places)
        self._page.scroll_to(y=0, animate=False, immediate=True)
        self.draw()

    def action_note(self) -> None:
        """Write a note about this cage."""
        ask_note(self, self._session, self._session.selected)

    def action_switch(self) -> None:
        """Stop or start this cage's recording."""
        if cage := self._session.selected:
            ask_switch(self, self._session, cage)
