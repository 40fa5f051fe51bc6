"""From events of BORIS to bouts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inference.dataset.boris_observation import Event, Observation, Status
from inference.dataset.frame_time import FrameTimes
from inference.error import DataSetError


@dataclass(frozen=True, slots=True)
class StateBout:
    """A behavior from its START to its STOP."""

    start: Event
    stop: Event

    @property
    def place(self) -> str:
        """Where in its file, to name it in a sentence."""
        return f"{self.start.place} (`{self.start.behavior}` at {self.start.time_s:g} s)"


def bouts_in(observation: Observation) -> tuple[StateBout, ...]:
    """Return the bouts of an observation by their start; raises DataSetError.

    Events are taken in the order of their times, those of one moment in the order of the file. A
    START belongs to the next STOP of the same subject, behavior and modifiers. POINT events have
    no duration and are no bouts.
    """
    running: dict[tuple[str, str, tuple[str, ...]], Event] = {}
    bouts: list[StateBout] = []
    for event in sorted(observation.events, key=lambda event: event.time_s):
        key = (event.subject.strip(), event.behavior, event.modifiers)
        if event.status is Status.START:
            if key in running:
                raise _error(observation, event, f"starts again: {running[key].place} did not stop")
            running[key] = event
        elif event.status is Status.STOP:
            if key not in running:
                raise _error(observation, event, "stops and did not start")
            bouts.append(StateBout(running.pop(key), event))
    for event in running.values():
        raise _error(observation, event, "starts and never stops")
    return tuple(sorted(bouts, key=lambda bout: (bout.start.time_s, bout.stop.time_s)))


def frames_by_code(
    bouts: Sequence[StateBout], times: FrameTimes, code_of: Callable[[str], int]
) -> list[tuple[int, int, int, StateBout]]:
    """Return (first frame, end frame, code, bout) of each bout that has a frame, by first frame."""
    firsts = times.frames_at([bout.start.time_s for bout in bouts])
    ends = times.frames_at([bout.stop.time_s for bout in bouts])
    ranges = [
        (first, end, code_of(bout.start.behavior), bout)
        for first, end, bout in zip(firsts, ends, bouts, strict=True)
        if first < end
    ]
    return sorted(ranges, key=lambda each: each[:3])


def _error(observation: Observation, event: Event, text: str) -> DataSetError:
    return DataSetError(
        f"{observation.path}: {event.place}: `{event.behavior}` at {event.time_s:g} s {text}"
    )
