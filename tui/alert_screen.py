"""The screen of all alerts."""

from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer

from appliance.control_client import ControlClient
from appliance.status import AlertStatus
from tui.alert_list import alert_table, alert_title, sorted_alerts
from tui.confirm_screen import ConfirmScreen, Question
from tui.header import banner_lines, header_line
from tui.ink import QUIET
from tui.line import Line, cropped, text
from tui.line_panel import LinePanel
from tui.message import LookChanged, Perform
from tui.picture import HistoryQuery
from tui.plain_text import wrapped
from tui.session import Session
from tui.time_text import moment

_MEANING: Final = (
    "The others see that somebody knows. The alert stays until its cause is gone; "
    "nothing is repaired by this."
)


class AlertScreen(Screen[None]):
    """All alerts; one is selected, and shown in full below."""

    CSS = """
    #header, #title { height: 1; }
    #alert { height: auto; border-top: solid #57606a; }
    """
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("escape,backspace", "dismiss", "Back"),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("home", "move(-9999)", "First", show=False),
        Binding("end", "move(9999)", "Last", show=False),
        Binding("enter", "acknowledge", "Acknowledge"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._selected_id = ""
        self._header = LinePanel(id="header")
        self._title = LinePanel(id="title")
        self._table = LinePanel(id="table")
        self._alert = LinePanel(id="alert")

    def compose(self) -> ComposeResult:
        """Lay out the list and the selected alert."""
        yield self._header
        yield self._title
        yield self._table
        yield self._alert
        yield Footer()

    def on_resize(self) -> None:
        """Draw at the new size."""
        self.post_message(LookChanged())

    def draw(self) -> None:
        """Draw the session's picture; the selection stays with its alert."""
        session, width = self._session, self.size.width
        status = session.picture.status
        if not width or status is None:
            return
        alerts, place = self._alerts(), self._place()
        self._selected_id = alerts[place].id if alerts else ""
        self._header.show([header_line(session.picture, session.zone, width)])
        self._title.show([alert_title(status, width)])
        self._table.show(alert_table(status, width - 1, place))
        below = banner_lines(session.picture, session.zone, width)
        below += self._full(alerts[place], width) if alerts else []
        self._alert.styles.height = len(below) + 1
        self._alert.show(below)

    def queries(self) -> list[HistoryQuery]:
        """Return no query: there is no strip here."""
        return []

    def action_move(self, places: int) -> None:
        """Select another alert."""
        alerts = self._alerts()
        if alerts:
            place = max(0, min(self._place() + places, len(alerts) - 1))
            self._selected_id = alerts[place].id
            self.draw()
            self._table.scroll_to_lines(place, 1)

    def action_acknowledge(self) -> None:
        """Ask whether to acknowledge the selected alert."""
        alerts = self._alerts()
        if not alerts:
            return
        alert = alerts[self._place()]
        if alert.acknowledged:
            self.notify("This alert is acknowledged already.", markup=False)
            return
        question = Question("Acknowledge this alert?", (alert.text, _MEANING), "Acknowledge")
        asked = ConfirmScreen(self._session, question)
        self.app.push_screen(asked, lambda author: self._acknowledge(alert, author))

    def on_click(self, event: events.Click) -> None:
        """Select the alert under the mouse."""
        if event.widget is self._table:
            row = event.y + self._table.scroll_offset.y
            self.action_move(row - self._place())

    def _acknowledge(self, alert: AlertStatus, author: str | None) -> None:
        if author is None:
            return

        def command(client: ControlClient) -> str:
            return client.acknowledge(alert.id, author)

        self.post_message(Perform(command))

    def _alerts(self) -> list[AlertStatus]:
        status = self._session.picture.status
        return sorted_alerts(status) if status else []

    def _place(self) -> int:
        ids = [alert.id for alert in self._alerts()]
        return ids.index(self._selected_id) if self._selected_id in ids else 0

    def _full(self, alert: AlertStatus, width: int) -> list[Line]:
        since = moment(alert.since_utc_ns, self._session.zone)
        known = ", acknowledged" if alert.acknowledged else ""
        lines = [text(line) for line in wrapped(alert.text, width - 2)]
        about = text(f"{alert.severity}, {alert.kind}, since {since}{known}; {alert.id}", QUIET)
        return [cropped([text(" "), line], width) for line in (*lines, about)]
