"""A widget that shows lines and draws only those that changed."""

from collections.abc import Sequence

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.line import Line


class LinePanel(ScrollView, can_focus=False):
    """Lines made elsewhere; scrolls if there are more than fit."""

    DEFAULT_CSS = """
    LinePanel { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }
    """

    _lines: tuple[Line, ...] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines instead."""
        before, self._lines = self._lines, tuple(lines)
        size = Size(0, len(self._lines))
        if size != self.virtual_size:
            self.virtual_size = size
            self.refresh()
            return
        top, height = self.scroll_offset.y, self.size.height
        for y in range(top, min(top + height, len(self._lines))):
            if before[y] != self._lines[y]:
                self.refresh(Region(0, y - top, self.size.width, 1))

    def shown_text(self) -> str:
        """Return the text of all lines, for tests and for people who copy it."""
        return "\n".join("".join(part.text for part in line).rstrip() for line in self._lines)

    def scroll_to_lines(self, top: int, count: int) -> None:
        """Scroll as little as needed to make lines visible."""
        first, height = self.scroll_offset.y, self.size.height
        if top < first or count > height:
            self.scroll_to(y=top, animate=False, immediate=True)
        elif top + count > first + height:
            self.scroll_to(y=top + count - height, animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        """Return one visible row for Textual."""
        row = y + self.scroll_offset.y
        style = self.rich_style
        if row >= len(self._lines):
            return Strip.blank(self.size.width, style)
        strip = Strip(self._lines[row]).apply_style(style)
        return strip.crop_extend(0, self.size.width, style)
