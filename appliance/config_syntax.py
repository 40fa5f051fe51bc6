"""Where and why a text is not TOML, in plain words."""

import re
from typing import Final

_PLACE: Final = re.compile(
    r"^(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)$"
)
_TIME_WITHOUT_SECONDS: Final = re.compile(r"=\s*\d{1,2}:\d\d\s*(?:#.*)?$")


def syntax_fault(text: str, message: str) -> str:
    """Return `line N: ...` for a message of `tomllib`; never what stands there."""
    match = _PLACE.match(message)
    if match is None:
        return f"not valid TOML: {message}"
    lines = text.split("\n")
    number = int(match["line"]) if match["line"] else len(lines)
    reason = f"{match['what'][:1].lower()}{match['what'][1:]}"
    if _TIME_WITHOUT_SECONDS.search(lines[number - 1].rstrip("\r")):
        reason = "a time of day needs its seconds, such as 07:00:00"
    return f"line {number}: not valid TOML: {reason}"
