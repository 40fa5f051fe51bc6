"""What the paper of DeepEthoProfile reports, on its own data, to stand beside our figures.

Source: DeepEthoProfile, Results, "Validation", Table 1, "DeepEthoProfile model", "Comparison".
"""

from typing import Final

from pydantic import BaseModel, ConfigDict


class Reference(BaseModel):
    """One result of the paper; shares 0..1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    data: str
    frame_accuracy: float
    macro_accuracy: float | None
    """None if the paper does not say."""


_OWN: Final = "the paper's 36 h of 10 mice"
_JHUANG_FULL: Final = "Jhuang et al. 2010, full database"
_JHUANG_CLIPPED: Final = "Jhuang et al. 2010, clipped database"
_PEOPLE: Final = "people: first annotation against review"

PAPER: Final = tuple(
    Reference(what=what, data=data, frame_accuracy=frames, macro_accuracy=macro)
    for what, data, frames, macro in (
        ("leave one animal out", _OWN, 0.836, 0.829),
        ("leave one animal out, C57BL/6", _OWN, 0.80, 0.81),
        ("leave one animal out, SWISS", _OWN, 0.855, 0.845),
        (_PEOPLE, _OWN, 0.864, 0.878),
        (f"{_PEOPLE}, C57BL/6", _OWN, 0.844, 0.870),
        (f"{_PEOPLE}, SWISS", _OWN, 0.878, 0.886),
        ("90 % of the clips, judged on the other 10 %, same animals", _OWN, 0.906, None),
        ("leave one video out", _JHUANG_FULL, 0.742, 0.787),
        ("people: two annotators", _JHUANG_FULL, 0.73, 0.79),
        ("half of the videos, five times", _JHUANG_CLIPPED, 0.976, 0.968),
    )
)
"""In the order of the paper."""
