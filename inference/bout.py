"""From labelled frames to bouts: pure code over a small state."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from pydantic import BaseModel, ConfigDict

from inference.ethogram import NONE_CODE

_LONGEST_STEP_NS: Final = 1_000_000_000
_NONE_LASTS_NS: Final = 1_000_000_000
"""A frame or two that cannot be judged are no news."""


class Moment(BaseModel):
    """When a frame was taken, on the clock of people and on one that is never set.

    `clock` names what `clock_ns` counts from, a boot of the machine; moments of two clocks compare
    by `utc_ns` only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    utc_ns: int
    clock: str
    clock_ns: int

    def after(self, earlier: "Moment") -> int:
        """Return nanoseconds since an earlier moment, unmoved by a clock that was set if possible.

        Between two clocks the answer may be wrong by what the clock of people was set by.
        """
        if self.clock == earlier.clock:
            return self.clock_ns - earlier.clock_ns
        return self.utc_ns - earlier.utc_ns


@dataclass(frozen=True, slots=True)
class LabelledFrame:
    """One frame with its place and its label."""

    segment: str
    frame: int
    code: int
    confidence: float
    moment: Moment
    lasts_ns: int
    """How long a frame is shown: the interval of its segment's nominal rate."""
    after_gap: bool
    """Whether frames are known to be missing before it."""


class FrameMark(BaseModel):
    """Where and when a frame is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    segment: str
    frame: int
    moment: Moment
    lasts_ns: int


class OpenBout(BaseModel):
    """A run of one code that may still go on; `elapsed_ns` from its first to its last frame."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: int
    first: FrameMark
    last: FrameMark
    first_confidence: float
    elapsed_ns: int
    frames: int
    confidence_sum: float
    is_announced: bool


@dataclass(frozen=True, slots=True)
class Bout:
    """A finished bout; `end` is when the next behavior began or the last frame before a gap ended.

    `duration_ns` is measured on the clock that is never set.
    """

    code: int
    first: FrameMark
    last: FrameMark
    end_utc_ns: int
    duration_ns: int
    mean_confidence: float


@dataclass(frozen=True, slots=True)
class BehaviorChange:
    """What the animal does from now on: a bout has begun, or `NONE_CODE` has lasted a second."""

    code: int
    first: FrameMark
    confidence: float


Finding: TypeAlias = Bout | BehaviorChange


class BoutTracker:
    """Turns one cage's frames, in order, into findings; `state` is all it knows."""

    def __init__(self, state: OpenBout | None = None) -> None:
        self.state = state

    def add(self, frame: LabelledFrame) -> list[Finding]:
        """Take the next frame; return what it ends, then what it begins."""
        here = FrameMark(
            segment=frame.segment, frame=frame.frame, moment=frame.moment, lasts_ns=frame.lasts_ns
        )
        open_bout = self.state
        if open_bout is None:
            return self._begin(frame, here)
        step_ns = here.moment.after(open_bout.last.moment)
        if frame.after_gap or not 0 <= step_ns <= _LONGEST_STEP_NS:
            return [*_ended_by_gap(open_bout), *self._begin(frame, here)]
        if frame.code != open_bout.code:
            end = _bout(open_bout, here.moment.utc_ns, open_bout.elapsed_ns + step_ns)
            return [*end, *self._begin(frame, here)]
        return self._go_on(open_bout, frame, here, step_ns)

    def close(self) -> list[Finding]:
        """End the open bout as a gap would, because nothing follows; the state is empty then."""
        if self.state is None:
            return []
        last, open_bout = self.state.last, self.state
        self.state = None
        ended = _ended_by_gap(open_bout)
        if open_bout.code == NONE_CODE and open_bout.is_announced:
            return ended
        return [*ended, BehaviorChange(NONE_CODE, last, 0.0)]

    def _begin(self, frame: LabelledFrame, here: FrameMark) -> list[Finding]:
        is_behavior = frame.code != NONE_CODE
        self.state = OpenBout(
            code=frame.code,
            first=here,
            last=here,
            first_confidence=frame.confidence,
            elapsed_ns=0,
            frames=1,
            confidence_sum=frame.confidence,
            is_announced=is_behavior,
        )
        return [BehaviorChange(frame.code, here, frame.confidence)] if is_behavior else []

    def _go_on(
        self, bout: OpenBout, frame: LabelledFrame, here: FrameMark, step_ns: int
    ) -> list[Finding]:
        elapsed_ns = bout.elapsed_ns + step_ns
        is_news = not bout.is_announced and elapsed_ns >= _NONE_LASTS_NS
        self.state = bout.model_copy(
            update={
                "last": here,
                "elapsed_ns": elapsed_ns,
                "frames": bout.frames + 1,
                "confidence_sum": bout.confidence_sum + frame.confidence,
                "is_announced": bout.is_announced or is_news,
            }
        )
        return [BehaviorChange(NONE_CODE, bout.first, 0.0)] if is_news else []


def _ended_by_gap(bout: OpenBout) -> list[Finding]:
    last = bout.last
    return _bout(bout, last.moment.utc_ns + last.lasts_ns, bout.elapsed_ns + last.lasts_ns)


def _bout(bout: OpenBout, end_utc_ns: int, duration_ns: int) -> list[Finding]:
    if bout.code == NONE_CODE:
        return []
    mean = bout.confidence_sum / bout.frames
    return [Bout(bout.code, bout.first, bout.last, end_utc_ns, duration_ns, mean)]
