"""What a protocol means for whoever wants figures of new animals."""

from collections.abc import Mapping
from typing import Final

EVALUATION: Final = "evaluate"
"""The protocol of a model file that is judged on a data set."""
UNKNOWN_TRAINING: Final = (
    "A model file does not name the clips it has learned from. If clips of this data set are among "
    "them, or others of the same animals, the figures are better than those of new animals."
)
UNKNOWN_ANIMALS: Final = (
    "Recordings that name no animal count as one animal each: if some are of the same animal, "
    "figures of new animals are lower than these, and intervals wider."
)
SAME_ANIMALS: Final = {
    "clips": "The held-out clips are of the same animals and recordings as those learned from: "
    "figures of new animals are lower.",
    "halves": "The same animals may be on both sides of a fold: figures of new animals are lower.",
    "leave-one-recording-out": "Other recordings of the same animal may have been learned from: "
    "figures of new animals are lower.",
}
"""What to know of a protocol whose networks may have learned from the animals that judge them."""
TAUGHT: Final = (
    "The networks learned from another one as well, their teacher. If it has learned from the "
    "held-out clips, or from others of the same animals, the figures are better than those of new "
    "animals."
)
_LEARNED: Final = {
    "clips": ", whose other clips they learned from",
    "halves": ", other recordings of which they may have learned from",
    "leave-one-recording-out": ", other recordings of which they may have learned from",
}


def is_taught(plan: Mapping[str, object] | None) -> bool:
    """Say whether networks of a plan, as a report has it, learned from a teacher too."""
    return plan is not None and plan.get("distillation") is not None


def clause_on(protocol: str, *, are_animals_known: bool, is_taught: bool = False) -> str:
    """Say after the names of the animals what the folds' networks had learned of them."""
    clause = _clause_on(protocol, are_animals_known=are_animals_known)
    return f"{clause}; their teacher may have learned from these animals" if is_taught else clause


def _clause_on(protocol: str, *, are_animals_known: bool) -> str:
    if protocol in _LEARNED:
        return _LEARNED[protocol]
    if not are_animals_known:
        return ", counting each recording that names no animal as one"
    return ", which they never saw"
