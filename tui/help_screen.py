"""The screen that explains the others."""

from typing import Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer

from tui.ethogram_line import key_line
from tui.ink import CAUTION, CRITICAL, GOOD, QUIET, STRONG, TITLE, WARNING
from tui.line import Line, field, text
from tui.line_panel import LinePanel
from tui.plain_text import wrapped
from tui.session import Session

_KEYS: Final = (
    ("arrows, Tab", "select a cage; so does a click"),
    ("Enter", "everything about the selected cage; a click on it does the same"),
    ("a", "all alerts; Enter there acknowledges one"),
    ("n", "write a note about a cage or the rack"),
    ("s", "stop or start recording the selected cage; you are asked first"),
    ("l", "the light panels; there o orders light by hand, r ends it"),
    ("t", "how many hours the strips show: 1, 3, 6, 12, 24, 48"),
    ("L", "letters in the strips, for few colors or eyes that mix them up"),
    ("Esc", "back"),
    ("q", "leave the dashboard; the rack goes on"),
)
_STATES: Final = (
    ("● RECORDING", GOOD, "frames come and are on disk"),
    ("○ OPENING", CAUTION, "the camera is being opened; STARTING: the process begins"),
    ("■ STOPPED", WARNING, "a person has stopped it; s starts it again"),
    ("▲ STALLED", CRITICAL, "no frame for 2 s; goes on by itself when frames come"),
    ("▲ NO CAMERA", CRITICAL, "the device is gone; it is looked for again and again"),
    ("▲ NO DISK", CRITICAL, "the disk takes nothing more; goes on when there is room"),
    ("▲ FAILED", CRITICAL, "the process has ended; it is started again by itself"),
    ("▲ SILENT", CRITICAL, "the process runs and says nothing"),
)
_WORDS: Final = (
    ("con", "confidence of the newest label, 0 to 1"),
    ("since", "how long the animal has done this"),
    ("fps", "frames written a second"),
    ("gap", "pauses in the recording since its process started"),
    ("lag", "age of the newest label"),
    ("ZT", "Zeitgeber time: hours since the lights went on"),
    ("·", "in a strip: no label for this time"),
)
_NAME: Final = 13


class HelpScreen(Screen[None]):
    """Keys, states and words."""

    BINDINGS = [Binding("escape,q,question_mark", "dismiss", "Back")]  # noqa: RUF012

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._page = LinePanel(id="page")
        self._page.can_focus = True

    def compose(self) -> ComposeResult:
        """Lay out the page."""
        yield self._page
        yield Footer()

    def on_mount(self) -> None:
        """Let the keys scroll the page."""
        self._page.focus()

    def on_resize(self) -> None:
        """Wrap the page for the new width."""
        self._page.show(help_lines(self._session, self.size.width - 1))


def help_lines(session: Session, width: int) -> list[Line]:
    """Return the page."""
    lines: list[Line] = [(text(" Keys", TITLE),)]
    for key, meaning in _KEYS:
        lines += _entry((field(f" {key}", _NAME + 1, STRONG),), meaning, width)
    lines += [(), (text(" Recording", TITLE),)]
    for word, style, meaning in _STATES:
        name = (text(" "), field(word, _NAME - 1, style), text(" "))
        lines += _entry(name, meaning, width)
    lines += [(), (text(" Behaviors", TITLE),), key_line(width, session.look, "")]
    lines += [(), (text(" Words", TITLE),)]
    for word, meaning in _WORDS:
        lines += _entry((field(f" {word}", _NAME + 1, QUIET),), meaning, width)
    return lines


def _entry(name: Line, meaning: str, width: int) -> list[Line]:
    first, *rest = wrapped(meaning, max(8, width - _NAME - 2))
    return [(*name, text(first)), *((text(" " * (_NAME + 1) + row),) for row in rest)]
