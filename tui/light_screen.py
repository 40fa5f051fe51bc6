"""The screen of the light panels."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer

from tui.header import banner_lines, header_line
from tui.light_command import ask_override, ask_resume
from tui.light_page import light_page
from tui.line_panel import LinePanel
from tui.message import LookChanged, PlansRead
from tui.panel_view import PanelView
from tui.picture import HistoryQuery
from tui.planned_light import planned_light
from tui.session import Session


class LightScreen(Screen[None]):
    """Every panel as scheduled, commanded and measured; one is selected for orders."""

    CSS = "#header { height: 1; } #banner { height: auto; overflow-y: hidden; }"
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("escape,backspace,l", "dismiss", "Back"),
        Binding("left,shift+tab", "step(-1)", "Previous", show=False, priority=True),
        Binding("right,tab", "step(1)", "Other panel", key_display="←→", priority=True),
        Binding("o", "override", "By hand"),
        Binding("r", "resume", "As planned"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._header = LinePanel(id="header")
        self._banner = LinePanel(id="banner")
        self._page = LinePanel(id="page")
        self._page.can_focus = True
        self._blocks: list[range] = []
        self._rack_up_s: float | None = None

    def compose(self) -> ComposeResult:
        """Lay out the header, what is to be said of the connection, and the page."""
        yield self._header
        yield self._banner
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
        banner = banner_lines(session.picture, session.zone, width)
        self._header.show([header_line(session.picture, session.zone, width)])
        self._banner.styles.height = len(banner)
        self._banner.show(banner)
        status = session.picture.status
        if status is None:
            self._page.show([])
            return
        self._read_plans(status.up_s)
        session.select_panel(session.panel_place)
        lines, self._blocks = light_page(
            status, session.panels, session.panel_place, session.zone, width - 1
        )
        self._page.show(lines)

    def queries(self) -> list[HistoryQuery]:
        """Return no query: there is no strip here."""
        return []

    def on_plans_read(self, message: PlansRead) -> None:
        """Draw with the plans."""
        self._session.planned = message.planned
        self.draw()

    def action_step(self, places: int) -> None:
        """Select another panel and show all of it."""
        session = self._session
        session.select_panel(session.panel_place + places)
        self.draw()
        if self._blocks:
            block = self._blocks[session.panel_place]
            self._page.scroll_to_lines(block.start, len(block))

    def action_override(self) -> None:
        """Ask for other white light of the selected panel."""
        if view := self._selected():
            ask_override(self, self._session, view.panel)

    def action_resume(self) -> None:
        """Ask whether the selected panel goes back to its plan."""
        if view := self._selected():
            ask_resume(self, self._session, view.panel)

    def _selected(self) -> PanelView | None:
        views = self._session.panels
        if not views:
            self.notify("There is no light panel to order anything of.", severity="warning")
            return None
        return views[min(self._session.panel_place, len(views) - 1)]

    def _read_plans(self, up_s: float) -> None:
        """Read the plans once, and again after the rack has been started anew."""
        before, self._rack_up_s = self._rack_up_s, up_s
        if before is None or up_s < before:
            self.run_worker(self._read, thread=True, exclusive=True, group="plans")

    def _read(self) -> None:
        self.post_message(PlansRead(planned_light(self._session.light)))
