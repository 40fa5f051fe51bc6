"""SVG that can stand in a page beside others."""

import re
from typing import Final

_TAG: Final = re.compile(r"<[^<>]+>")
_REFERENCE: Final = re.compile(r'(url\(#|xlink:href="#)([^")]+)')
_ID: Final = re.compile(r' id="([^"]+)"')


def embeddable(svg: str, name: str) -> str:
    """Return an SVG without prologue, with no id but those that it uses, `name` before each.

    What a picture says, the text between the tags, stays as it is.
    """
    svg = svg[svg.index("<svg") :]
    used = {match[2] for tag in _TAG.findall(svg) for match in _REFERENCE.finditer(tag)}

    def renamed(match: re.Match[str]) -> str:
        return f' id="{name}-{match[1]}"' if match[1] in used else ""

    def of_tag(tag: re.Match[str]) -> str:
        return _REFERENCE.sub(rf"\1{name}-\2", _ID.sub(renamed, tag[0]))

    return _TAG.sub(of_tag, svg)
