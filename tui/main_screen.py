"""The screen of the whole rack."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer

from tui.alert_list import alert_panel
from tui.alert_screen import AlertScreen
from tui.board import board_head, strip_width
from tui.board_panel import BoardPanel
from tui.cage_command import ask_note, ask_switch
from tui.cage_screen import CageScreen
from tui.ethogram_line import key_line
from tui.header import banner_lines, header_line
from tui.line import Line
from tui.line_panel import LinePanel
from tui.message import LookChanged
from tui.picture import HistoryQuery
from tui.plan import Plan, plan
from tui.rack_summary import rack_lines
from tui.session import Session


class MainScreen(Screen[None]):
    """Header, rack, cages, key of the behaviors, alerts, keys."""

    CSS = """
    #header, #key { height: 1; }
    #rack, #alerts { height: auto; overflow-y: hidden; }
    """
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("enter", "open", "Cage"),
        Binding("a", "alerts", "Alerts"),
        Binding("n", "note", "Note"),
        Binding("s", "switch", "Stop/start"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._board = BoardPanel(session)
        self._header = LinePanel(id="header")
        self._rack = LinePanel(id="rack")
        self._head = LinePanel(id="head")
        self._key = LinePanel(id="key")
        self._alerts = LinePanel(id="alerts")
        self._plan: Plan | None = None

    def compose(self) -> ComposeResult:
        """Lay out the panels from top to bottom."""
        yield self._header
        yield self._rack
        yield self._head
        yield self._board
        yield self._key
        yield self._alerts
        yield Footer()

    def on_mount(self) -> None:
        """Let the keys go to the cages."""
        self._board.focus()

    def on_resize(self) -> None:
        """Find a new place for everything."""
        self.post_message(LookChanged())
        self.call_after_refresh(self._board.reveal)

    def on_screen_resume(self) -> None:
        """Show what has happened while another screen was on top."""
        self.post_message(LookChanged())

    def draw(self) -> None:
        """Draw the session's picture."""
        session, width = self._session, self.size.width
        if not width:
            return
        picture, status = session.picture, session.picture.status
        above = banner_lines(picture, session.zone, width)
        above += rack_lines(status, session.zone, width) if status else []
        alerts = len(status.alerts) if status else 0
        found = plan(width, self.size.height, len(session.cages), len(above), alerts)
        self._header.show([header_line(picture, session.zone, width)])
        _show(self._rack, above)
        _show(self._head, board_head(found) if status else [])
        self._board.draw(found)
        self._key.show([key_line(width, session.look, f"last {session.hours:g} h")])
        _show(self._alerts, alert_panel(status, width, found.alert_height) if status else [])
        self._plan = found

    def queries(self) -> list[HistoryQuery]:
        """Return the history that the strips need."""
        bins = strip_width(self._plan) if self._plan else 0
        return [HistoryQuery(self._session.hours, bins)] if bins > 0 else []

    def on_board_panel_opened(self) -> None:
        """Open the cage that was clicked."""
        self.action_open()

    def action_open(self) -> None:
        """Show everything about the selected cage."""
        if self._session.selected:
            self.app.push_screen(CageScreen(self._session))

    def action_alerts(self) -> None:
        """Show all alerts."""
        self.app.push_screen(AlertScreen(self._session))

    def action_note(self) -> None:
        """Write a note, about the selected cage unless the person says otherwise."""
        ask_note(self, self._session, self._session.selected)

    def action_switch(self) -> None:
        """Stop or start the selected cage's recording."""
        if cage := self._session.selected:
            ask_switch(self, self._session, cage)


def _show(panel: LinePanel, lines: list[Line]) -> None:
    """Show lines in a panel as high as they are many."""
    panel.styles.height = len(lines)
    panel.show(lines)
