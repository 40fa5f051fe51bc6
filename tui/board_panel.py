"""The cages, and which one is selected."""

from textual import events
from textual.binding import Binding
from textual.message import Message

from tui.board import board_lines
from tui.line_panel import LinePanel
from tui.plan import Plan
from tui.session import Session


class BoardPanel(LinePanel, can_focus=True):
    """All cages; arrow keys, home, end and the mouse select one."""

    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("up,k", "move(0, -1)", "up", show=False),
        Binding("down,j", "move(0, 1)", "down", show=False),
        Binding("left", "move(-1, 0)", "left", show=False),
        Binding("right", "move(1, 0)", "right", show=False),
        Binding("tab", "step(1)", "next", show=False),
        Binding("shift+tab", "step(-1)", "previous", show=False),
        Binding("pageup", "move(0, -5)", "five up", show=False),
        Binding("pagedown", "move(0, 5)", "five down", show=False),
        Binding("home", "first", "first cage", show=False),
        Binding("end", "last", "last cage", show=False),
    ]

    class Opened(Message):
        """A person wants to see the selected cage."""

    def __init__(self, session: Session) -> None:
        super().__init__(id="board")
        self._session = session
        self._plan: Plan | None = None

    def draw(self, plan: Plan) -> None:
        """Draw all cages at their place."""
        session = self._session
        self._plan = plan
        session.select(session.place)
        views = [session.view(cage) for cage in session.cages]
        self.show(board_lines(views, session.picture, plan, session.hours, session.place))

    def reveal(self) -> None:
        """Scroll to the selected cage."""
        if self._plan is not None:
            _, row = self._plan.place(self._session.place)
            height = self._plan.tile_height
            self.scroll_to_lines(row * height, height)

    def action_move(self, columns: int, rows: int) -> None:
        """Select a neighbor."""
        if self._plan is not None:
            column, _ = self._plan.place(self._session.place)
            if 0 <= column + columns < self._plan.columns:
                self._select(self._session.place + columns + rows * self._plan.columns)

    def action_step(self, places: int) -> None:
        """Select the next or the previous cage."""
        self._select(self._session.place + places)

    def action_first(self) -> None:
        """Select the first cage."""
        self._select(0)

    def action_last(self) -> None:
        """Select the last cage."""
        self._select(len(self._session.cages) - 1)

    def on_click(self, event: events.Click) -> None:
        """Select the cage under the mouse; open it if it is selected already."""
        if self._plan is None:
            return
        column = event.x // self._plan.tile_width
        row = (event.y + self.scroll_offset.y) // self._plan.tile_height
        place = row * self._plan.columns + column
        if column >= self._plan.columns or place >= len(self._session.cages):
            return
        if place == self._session.place:
            self.post_message(self.Opened())
        self._select(place)

    def _select(self, place: int) -> None:
        self._session.select(place)
        if self._plan is not None:
            self.draw(self._plan)
            self.reveal()
