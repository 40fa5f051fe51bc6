"""From the figures of a camera's pictures to faults, with patience in both directions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, get_args

from capture_hw.picture_fault import PictureFault
from capture_hw.picture_measure import (
    Luma,
    Measures,
    Novelty,
    compare_with_before,
    measure,
)
from capture_hw.reference import BRIGHT_PART, Limits, Reference, compare
from capture_hw.surroundings import Comparison

DARK_PART: Final = 0.95
"""A lens cap or a dead panel leaves nothing; an indicator lamp may still shine."""
FROZEN_NOVELTY: Final = 0.6
"""Noise of sigma 1 or more, encoded at crf 23 to 33, gives 0.78 to 1.0 in the liveliest tile of
any two key frames; a picture that stands still 0.4 to 0.6 once, then below 0.4 and falling, in a
copied stream of constant bit rate up to 0.55 again and again."""
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
_FAULTS: Final[tuple[PictureFault, ...]] = get_args(PictureFault)
_OF_REFERENCE: Final[frozenset[PictureFault]] = frozenset({"unfocused", "moved", "obstructed"})


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
class Judgement:
    """What one picture says of each fault; what is in neither of the two is not there."""

    present: tuple[PictureFault, ...]
    """The causes, the gravest first."""
    hidden: frozenset[PictureFault]
    """Nobody can tell: there is nothing to compare, or a cause hides what it would show."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Pictures with a fault, with none without it between."""

    first_ns: int
    looks: int = 0

    def is_lasting(self, captured_ns: int, looks: int) -> bool:
        """Say whether so many looks were enough."""
        return self.looks >= looks or (
            self.looks >= 2 and captured_ns - self.first_ns >= _LASTING_NS
        )


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
        self._runs: dict[PictureFault, _Run] = {}
        self._any_run: _Run | None = None
        """Of pictures with a fault of whatever kind."""
        self._raised: dict[PictureFault, RaisedFault] = {}

    @property
    def faults(self) -> tuple[RaisedFault, ...]:
        """Return what is raised, in the order in which it was."""
        return tuple(self._raised.values())

    def take(self, luma: Luma, captured_ns: int, reference: Reference | None) -> Look:
        """Look at the next picture, which is kept. Raises ReferenceUnusable: of another size."""
        if self.look is not None and captured_ns - self.look.captured_ns > _TOGETHER_NS:
            self._before = self._any_run = None
            self._runs.clear()
            self._raised.clear()
        look = self._look(luma, captured_ns, reference)
        self._before, self.look = luma, look
        limits = reference.limits if reference else None
        judgement = judge(look, limits)
        self._count(judgement, captured_ns)
        self._forget(judgement.present, captured_ns)
        for fault in self._lasting(judgement.present, captured_ns):
            sentence = fault_sentence(fault, look, limits)
            self._raised[fault] = RaisedFault(fault, sentence, captured_ns)
        return look

    def _look(self, luma: Luma, captured_ns: int, reference: Reference | None) -> Look:
        measures = measure(luma)
        novelty = comparison = None
        if self._before is not None and self._before.shape == luma.shape:
            novelty = compare_with_before(self._before, luma)
        if reference is not None and _exposure_fault(measures, reference.limits) is None:
            comparison = compare(luma, reference)
        return Look(captured_ns, measures, novelty, comparison)

    def _count(self, judgement: Judgement, captured_ns: int) -> None:
        """Count what is there; keep the count of what cannot be told, drop that of the rest."""
        kept = {fault: run for fault, run in self._runs.items() if fault in judgement.hidden}
        for fault in judgement.present:
            kept[fault] = _one_more(self._runs.get(fault), captured_ns)
        self._runs = kept
        self._any_run = _one_more(self._any_run, captured_ns) if judgement.present else None

    def _forget(self, present: tuple[PictureFault, ...], captured_ns: int) -> None:
        for raised in self.faults:
            if raised.fault not in present and captured_ns - raised.seen_ns >= _CLEAR_NS:
                del self._raised[raised.fault]

    def _lasting(
        self, present: tuple[PictureFault, ...], captured_ns: int
    ) -> tuple[PictureFault, ...]:
        """Return which faults count, anew or still.

        Where all pictures are bad, but no kind stays, the newest one stands for all.
        """
        lasting = tuple(
            fault
            for fault in present
            if fault in self._raised
            or self._runs[fault].is_lasting(captured_ns, _LOOKS.get(fault, _MOST_LOOKS))
        )
        is_bad = self._any_run is not None and self._any_run.is_lasting(captured_ns, _MOST_LOOKS)
        return present[:1] if is_bad and not lasting and not self._raised else lasting


def judge(look: Look, limits: Limits | None) -> Judgement:
    """Return the faults that one picture shows, the cause and not what follows from it.

    A black picture is neither frozen nor unfocused, and what covers the lens hides the focus.
    """
    exposure = _exposure_fault(look.measures, limits)
    if exposure is not None:
        return Judgement((exposure,), frozenset(_FAULTS) - {exposure})
    present: list[PictureFault] = []
    hidden: set[PictureFault] = set()
    if look.novelty is None:
        hidden.add("frozen")
    elif look.novelty.novelty < FROZEN_NOVELTY:
        present.append("frozen")
    if limits is None or look.comparison is None:
        hidden |= _OF_REFERENCE
    elif look.comparison.likeness < limits.least_likeness:
        present.append("obstructed")
        hidden |= {"moved", "unfocused"}
    else:
        if look.comparison.shift_px > limits.longest_shift_px:
            present.append("moved")
        if look.comparison.focus < limits.least_focus:
            present.append("unfocused")
    return Judgement(tuple(present), frozenset(hidden))


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
        return (
            f"the camera or the cage has moved by {comparison.shift_px:.0f} px since commissioning"
        )
    if fault == "unfocused":
        return (
            f"the picture is blurred: edges are {comparison.focus:.0%} as steep as at "
            f"commissioning, the limit is {limits.least_focus:.0%}"
        )
    return (
        f"the surroundings are hidden or the camera was turned: likeness "
        f"{comparison.likeness:.2f}, the limit is {limits.least_likeness:.2f}"
    )


def _exposure_fault(measures: Measures, limits: Limits | None) -> PictureFault | None:
    """Return what leaves nothing to be seen."""
    if measures.dark_part >= DARK_PART:
        return "black"
    most_bright = limits.most_bright if limits else BRIGHT_PART
    return "bright" if measures.bright_part >= most_bright else None


def _one_more(run: _Run | None, captured_ns: int) -> _Run:
    return _Run(captured_ns, 1) if run is None else replace(run, looks=run.looks + 1)
