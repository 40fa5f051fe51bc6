"""From events of BORIS to bouts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from inference.dataset.boris_observation import Event, Observation, Status
from inference.dataset.bout_table import NamedBout, frame_at
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
        key = (event.subject, event.behavior, event.modifiers)
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


def named_bouts(bouts: Iterable[StateBout]) -> tuple[NamedBout, ...]:
    """Return bouts without where they come from."""
    return tuple(
        NamedBout(bout.start.time_s, bout.stop.time_s, bout.start.behavior) for bout in bouts
    )


def frames_by_code(
    bouts: Iterable[StateBout], frames_per_second: float, code_of: Callable[[str], int]
) -> list[tuple[int, int, int, StateBout]]:
    """Return (first frame, end frame, code, bout) of each bout that has a frame, by first frame."""
    ranges = [
        (
            frame_at(bout.start.time_s, frames_per_second),
            frame_at(bout.stop.time_s, frames_per_second),
            code_of(bout.start.behavior),
            bout,
        )
        for bout in bouts
    ]
    return sorted((each for each in ranges if each[0] < each[1]), key=lambda each: each[:3])


def _error(observation: Observation, event: Event, text: str) -> DataSetError:
    return DataSetError(
        f"{observation.path}: {event.place}: `{event.behavior}` at {event.time_s:g} s {text}"
    )
