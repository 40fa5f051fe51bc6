"""Reads a page as a browser's parser would complain about it."""

from html.parser import HTMLParser
from typing import Final

_VOID: Final = frozenset({"meta", "link", "br", "img", "hr", "input"})


class PageReader(HTMLParser):
    """Collects elements, ids and references; `faults` says what does not fit."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.outside: list[str] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        self.faults += [f"{name} is not closed" for name in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, dict(attrs))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()} closes nothing")

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def _note(self, tag: str, attributes: dict[str, str | None]) -> None:
        if name := attributes.get("id"):
            self.ids.append(name)
        for key in ("href", "xlink:href", "src"):
            target = attributes.get(key) or ""
            if target.startswith("#"):
                self.references.append(target[1:])
            elif target and not target.startswith("data:"):
                self.outside.append(target)
        if tag in {"script", "link", "iframe", "object"}:
            self.outside.append(tag)
