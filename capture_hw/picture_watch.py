"""From the figures of a camera's pictures to faults, with patience in both directions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from capture_hw.picture_fault import PictureFault
from capture_hw.picture_measure import (
    Luma,
    Measures,
    Novelty,
    compare_with_before,
    measure,
)
from capture_hw.reference import Limits, Reference, compare
from capture_hw.surroundings import Comparison

DARK_PART: Final = 0.95
"""A lens cap or a dead panel leaves nothing; an indicator lamp may still shine."""
BRIGHT_PART: Final = 0.4
"""Over-exposed. Half as much light again as is good gives 0.2 to 0.3, good light 0.01."""
FROZEN_NOVELTY: Final = 0.5
"""Noise of sigma 1 or more, encoded at crf 23 to 33, gives 0.85 to 1.0 in the liveliest tile of
any two key frames; a picture that stands still 0.4 to 0.6 once, then below 0.4 and falling."""
_LOOKS: Final[Mapping[PictureFault, int]] = {"frozen": 2}
_MOST_LOOKS: Final = 3
"""Six seconds of key frames: what passes by is no fault. Two for frozen: an encoder needs about
two key frames until a picture that stands still looks so."""
_LASTING_NS: Final = 5_000_000_000
"""With key frames further apart than 2 s two of them do."""
_CLEAR_NS: Final = 30_000_000_000
"""Of good pictures until a fault counts as over; the alert stays another 15 s."""
_TOGETHER_NS: Final = 20_000_000_000
"""Pictures further apart do not belong together: a recorder was away."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen in one picture."""

    captured_ns: int
    """On the monotonic clock."""
    measures: Measures
    novelty: Novelty | None
    """None for the first picture, or one of another size than the one before."""
    comparison: Comparison | None
    """None without a reference, or if there was not enough light to compare."""


@dataclass(frozen=True, slots=True)
class RaisedFault:
    """A fault that was seen often enough to count, and not long enough gone to be over."""

    fault: PictureFault
    sentence: str
    """With the figures of the picture that showed it last; without a subject."""
    seen_ns: int


class PictureWatch:
    """The faults of one camera. One thread at a time."""

    def __init__(self) -> None:
        self.look: Look | None = None
        """The newest one."""
        self._before: Luma | None = None
        self._since: dict[PictureFault, tuple[int, int]] = {}
        """When a fault was seen first, and how often in a row."""
        self._raised: dict[PictureFault, RaisedFault] = {}

    @property
    def faults(self) -> tuple[RaisedFault, ...]:
        """Return what is raised, in the order in which it was."""
        return tuple(self._raised.values())

    def take(self, luma: Luma, captured_ns: int, reference: Reference | None) -> Look:
        """Look at the next picture, which is kept. Raises ReferenceUnusable: of another size."""
        if self.look is not None and captured_ns - self.look.captured_ns > _TOGETHER_NS:
            self._before = None
            self._since.clear()
        look = self._look(luma, captured_ns, reference)
        self._before, self.look = luma, look
        limits = reference.limits if reference else None
        present = tuple(judge(look, limits))
        for fault in present:
            if self._is_lasting(fault, captured_ns):
                sentence = fault_sentence(fault, look, limits)
                self._raised[fault] = RaisedFault(fault, sentence, captured_ns)
        self._forget(present, captured_ns)
        return look

    def _look(self, luma: Luma, captured_ns: int, reference: Reference | None) -> Look:
        measures = measure(luma)
        novelty = comparison = None
        if self._before is not None and self._before.shape == luma.shape:
            novelty = compare_with_before(self._before, luma)
        if reference is not None and not _without_picture(measures):
            comparison = compare(luma, reference)
        return Look(captured_ns, measures, novelty, comparison)

    def _is_lasting(self, fault: PictureFault, captured_ns: int) -> bool:
        """Count a fault that is there; say whether it counts, anew or still."""
        first_ns, looks = self._since.get(fault, (captured_ns, 0))
        looks += 1
        self._since[fault] = first_ns, looks
        lasting = looks >= 2 and captured_ns - first_ns >= _LASTING_NS
        return fault in self._raised or lasting or looks >= _LOOKS.get(fault, _MOST_LOOKS)

    def _forget(self, present: tuple[PictureFault, ...], captured_ns: int) -> None:
        self._since = {fault: seen for fault, seen in self._since.items() if fault in present}
        for raised in self.faults:
            if captured_ns - raised.seen_ns >= _CLEAR_NS:
                del self._raised[raised.fault]


def judge(look: Look, limits: Limits | None) -> Iterator[PictureFault]:
    """Yield the faults that one picture shows, the cause and not what follows from it.

    A black picture is neither frozen nor unfocused, and what covers the lens hides the focus.
    """
    if look.measures.dark_part >= DARK_PART:
        yield "black"
        return
    if look.measures.bright_part >= BRIGHT_PART:
        yield "bright"
        return
    if look.novelty is not None and look.novelty.novelty < FROZEN_NOVELTY:
        yield "frozen"
    if limits is None or look.comparison is None:
        return
    if look.comparison.likeness < limits.least_likeness:
        yield "obstructed"
        return
    if look.comparison.shift_px > limits.longest_shift_px:
        yield "moved"
    if look.comparison.focus < limits.least_focus:
        yield "unfocused"


def fault_sentence(fault: PictureFault, look: Look, limits: Limits | None) -> str:
    """Return one sentence with the figures, without a subject."""
    measures, novelty, comparison = look.measures, look.novelty, look.comparison
    luma = f"mean level {measures.mean_luma:.0f}"
    if fault == "black":
        return f"the picture is black ({luma}): no infrared light, or the lens is covered"
    if fault == "bright":
        return f"{measures.bright_part:.0%} of the picture is over-exposed ({luma})"
    if fault == "frozen":
        new = f" ({novelty.novelty:.0%} of its detail is new)" if novelty else ""
        return f"the picture stands still{new}; a live one has noise"
    if limits is None or comparison is None:
        return f"the picture was {fault}"
    if fault == "moved":
        return f"the camera has moved by {comparison.shift_px:.0f} px since commissioning"
    if fault == "unfocused":
        return (
            f"the picture is blurred: edges are {comparison.focus:.0%} as steep as at "
            f"commissioning, the limit is {limits.least_focus:.0%}"
        )
    return (
        f"the surroundings are hidden or the camera was turned: likeness "
        f"{comparison.likeness:.2f}, the limit is {limits.least_likeness:.2f}"
    )


def _without_picture(measures: Measures) -> bool:
    return measures.dark_part >= DARK_PART or measures.bright_part >= BRIGHT_PART
