"""What an observation of BORIS says of each frame of its video."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from inference.dataset.boris_behavior import BehaviorMap
from inference.dataset.boris_bout import StateBout, frames_by_code
from inference.dataset.boris_observation import Media
from inference.dataset.frame_time import FrameTimes, read_frame_times
from inference.dataset.source import Codes
from inference.error import DataSetError
from inference.ethogram import NONE_CODE
from inference.frame_rate import is_at_rate

_SAME_LENGTH: Final = 0.01
_TOLERATED_S: Final = 1.0
"""A file's stated length and its video's may differ by so much, or by one in a hundred."""


@dataclass(frozen=True, slots=True)
class BorisAnnotation:
    """An observation of one video, with our codes of its behaviors."""

    path: Path
    observation: str
    bouts: tuple[StateBout, ...]
    behaviors: BehaviorMap
    media: Media
    """The video as the observation has it."""
    video: Path

    def read(self, frames: int) -> Codes:
        """Return the codes (frames,), `none` where no bout is; raises DataSetError.

        A frame belongs to the bout that holds its middle, by the video's own times. Two behaviors
        at once are an error; behaviors that are `none` to us are as if they were not there.
        """
        times = read_frame_times(self.video, frames)
        self._check_media(times)
        ours = [bout for bout in self.bouts if self._code_of(bout.start.behavior) != NONE_CODE]
        self._check_ends(ours, times)
        codes = np.full(frames, NONE_CODE, np.int64)
        owners: dict[int, StateBout] = {}
        for first, end, code, bout in frames_by_code(ours, times, self._code_of):
            taken = codes[first:end]
            if other := {int(code) for code in taken} - {code, NONE_CODE}:
                held = owners[other.pop()]
                raise DataSetError(f"{self.path}: {bout.place} is within {held.place}")
            owners[code] = bout
            codes[first:end] = code
        return codes

    def _code_of(self, behavior: str) -> int:
        code = self.behaviors.code_of(behavior)
        assert code is not None  # `read_boris` takes no observation with others
        return code

    def _check_media(self, times: FrameTimes) -> None:
        """Raise DataSetError if the observation is of another video, by its length or rate."""
        rate, length_s = self.media.frames_per_second, self.media.length_s
        what = f"{self.path}: observation `{self.observation}` is of a video of"
        tolerated_s = max(_TOLERATED_S, _SAME_LENGTH * times.end_s)
        if length_s is not None and abs(times.end_s - length_s) > tolerated_s:
            raise DataSetError(
                f"{what} {length_s:g} s, {self.video.name} is of {times.end_s:.3f} s"
            )
        # Programs state either, and gaps make the mean a smaller one.
        own = (times.frames_per_second, len(times.starts_s) / times.end_s)
        if rate is not None and not any(is_at_rate(1000 / each, rate) for each in own):
            raise DataSetError(
                f"{what} {rate:g} frames a second, {self.video.name} has {own[0]:.4g}"
            )

    def _check_ends(self, bouts: list[StateBout], times: FrameTimes) -> None:
        """Raise DataSetError if a bout goes on behind the end of the video."""
        for bout in bouts:
            if bout.stop.time_s > times.end_s + _TOLERATED_S:
                raise DataSetError(
                    f"{self.path}: {bout.stop.place}: `{bout.stop.behavior}` stops at "
                    f"{bout.stop.time_s:g} s, its video ends at {times.end_s:.3f} s"
                )
