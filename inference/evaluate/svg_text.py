"""SVG that can stand in a page beside others."""

import re


def embeddable(svg: str, name: str) -> str:
    """Return an SVG without prologue, with no id but those that it uses, `name` before each."""
    svg = svg[svg.index("<svg") :]
    used = set(re.findall(r"url\(#([^)]+)\)", svg)) | set(re.findall(r'xlink:href="#([^"]+)"', svg))

    def renamed(match: re.Match[str]) -> str:
        return f' id="{name}-{match[1]}"' if match[1] in used else ""

    svg = re.sub(r' id="([^"]+)"', renamed, svg)
    svg = re.sub(r"url\(#", f"url(#{name}-", svg)
    return re.sub(r'xlink:href="#', f'xlink:href="#{name}-', svg)
