"""The styles of the screen: what is well, what is not, and the colors of behaviors."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal, Self, TypeAlias

from rich.color import Color
from rich.style import Style

from appliance.behavior_color import COLORS
from inference.ethogram import BEHAVIORS, CODE_NAMES

Level: TypeAlias = Literal["good", "busy", "off", "bad"]

PLAIN: Final = Style()
QUIET: Final = Style(color="#8b949e")
STRONG: Final = Style(bold=True)
TITLE: Final = Style(color="#79c0ff", bold=True)
GOOD: Final = Style(color="#3fb950")
WARNING: Final = Style(color="#000000", bgcolor="#e3b341", bold=True)
CRITICAL: Final = Style(color="#ffffff", bgcolor="#b62324", bold=True)
CAUTION: Final = Style(color="#e3b341", bold=True)
ALARM: Final = Style(color="#ff7b72", bold=True)
SELECTED: Final = Style(color="#79c0ff", bold=True)
EDGE: Final = Style(color="#57606a")

LEVEL_STYLES: Final[dict[Level, Style]] = {
    "good": GOOD,
    "busy": CAUTION,
    "off": WARNING,
    "bad": CRITICAL,
}

LETTERS: Final = ("D", "E", "G", "H", "M", "R", "Z", "W", "x")
"""A letter for each code, drink 0 to none 8; rest is Z, because R is rear."""

_SIXTEEN: Final = (
    "#5555ff",  # drink: bright blue
    "#55ff55",  # eat: bright green
    "#ffff55",  # groom: bright yellow
    "#ff55ff",  # hang: bright magenta
    "#aaaaaa",  # micromovement: white
    "#aa5500",  # rear: yellow, because orange would become the red of walk
    "#555555",  # rest: bright black
    "#ff5555",  # walk: bright red
    "#ffffff",  # none: bright white
)
"""What a terminal of 16 colors can tell apart. Source: `rich._palettes.STANDARD_PALETTE`."""
_COLORLESS: Final = ("#c0c0c0",) * len(COLORS)
"""Without color, letters alone tell behaviors apart; grays would only make them hard to read."""

_BRIGHT: Final = 0.4


@dataclass(frozen=True, slots=True)
class Look:
    """How behaviors are drawn."""

    colors: tuple[str, ...] = COLORS
    letters: bool = False
    """A letter in each cell of a strip: for few colors, and for eyes that mix them up."""

    @classmethod
    def of_terminal(cls, color_system: str | None) -> Self:
        """Return what suits a terminal; `color_system` is rich's word, None without color."""
        if color_system in {"truecolor", "256"}:
            return cls()
        return cls(_COLORLESS if color_system is None else _SIXTEEN, letters=True)

    def toggled(self) -> Self:
        """Return the same look with letters instead of none, or without."""
        return replace(self, letters=not self.letters)

    def block(self, code: int) -> Style:
        """Return the style of letters on a behavior's color."""
        return _block(self.colors[code])

    def cell(self, code: int) -> Style:
        """Return the style of a full cell in a behavior's color."""
        return _cell(self.colors[code])


def code_of(behavior: str | None) -> int | None:
    """Return the code of a behavior's name, None for a name that is none."""
    return CODE_NAMES.index(behavior) if behavior in CODE_NAMES else None


def known_codes() -> range:
    """Return the codes that a network gives."""
    return range(len(BEHAVIORS))


@lru_cache(maxsize=32)
def _block(color: str) -> Style:
    ink = "#000000" if _brightness(color) > _BRIGHT else "#ffffff"
    return Style(color=ink, bgcolor=color, bold=True)


@lru_cache(maxsize=32)
def _cell(color: str) -> Style:
    return Style(color=color)


def _brightness(color: str) -> float:
    red, green, blue = Color.parse(color).get_truecolor()
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255
