"""The eight behaviors, their codes and the legend line of label files.

Source: `docs/glossary.md`; codes as in the data set of DeepEthoProfile (Zenodo 14782614).
"""

from typing import Final

BEHAVIORS: Final = (
    "drink",
    "eat",
    "groom",
    "hang",
    "micromovement",
    "rear",
    "rest",
    "walk",
)
"""Names in the order of their codes 0..7, which is the order of a network's outputs."""

NONE_CODE: Final = 8
"""The code of a frame that cannot be judged; a network never returns it."""

CODE_NAMES: Final = (*BEHAVIORS, "none")
"""Names of the codes 0..8."""

SYNONYMS: Final = {"mm": "micromovement", "head": "micromovement", "groom back": "groom"}
"""Names in data of others, and what they are to us.

Source: result files of the original (`mm`) and its oldest, ten-class files; Jhuang et al. 2010.
"""


def legend() -> str:
    """Return `0:drink; 1:eat; ...; 7:walk`, the start of a label file's first line."""
    return "; ".join(f"{code}:{name}" for code, name in enumerate(BEHAVIORS))
