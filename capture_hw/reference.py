"""What commissioning learnt of a cage: how its picture looks when all is well.

A file for each cage, a PNG that any viewer shows: the surroundings without the mouse, transparent
where something moved, and the limits as JSON in a text chunk. One file, so that picture and limits
cannot come apart.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from capture_hw.error import CaptureError
from capture_hw.picture_measure import Luma, Measures, measure
from capture_hw.png import PngError, decode_png, encode_png
from capture_hw.surroundings import Comparison, Surroundings
from disk.durable_file import write_durably

FEWEST_PICTURES: Final = 8
"""A median needs several places of the mouse; fewer would make it part of the surroundings."""
MOST_PICTURES: Final = 60
"""About 25 MB of PAL pictures in memory, and two minutes of key frames."""
_TEXT: Final = "EthoProfiler"
_STILL_LEVELS: Final = 10.0
"""A sensor's noise, sigma 3, moves one picture in ten further than 5."""
_STILL_SPREADS: Final = 4.0
"""Of the picture's median spread: a noisy sensor is not a moving mouse."""
_STILL_SHARE: Final = 0.9
"""Of the pictures: a mouse that passes once does not count as movement."""
_FOCUS_LIMIT: Final = 0.75
"""A blur of sigma 2 px at 704 px gives 0.57 to 0.70, a light 1.5 times as bright 0.96 to 1.13."""
_LOWEST_FOCUS_LIMIT: Final = 0.6
"""Of the learnt mean; a lower limit would pass over a blur of sigma 2 px."""
_LIKENESS_MARGIN: Final = 0.35
"""A cover over half of the picture costs 0.9, a camera turned by 2 degrees 0.4, a cage that was
changed, with a nest over a fifth of the picture, at most 0.1, and put back 16 px aside 0.25."""
_LOWEST_LIKENESS: Final = 0.2
"""A covered picture comes up to 0.1; a lower limit would pass over it."""
_SPREADS: Final = 6.0
"""Standard deviations around the learnt mean that are never a fault."""
BRIGHT_PART: Final = 0.4
"""Over-exposed. Half as much light again as is good gives 0.2 to 0.3, good light 0.01."""
_BRIGHT_MARGIN: Final = 0.2
"""Above what a rig with a backlight shows when all is well."""
_BRIGHTEST_PART: Final = 0.95
_SHIFT_PART: Final = 7 / 704
"""Of the picture's width; moves are seen in steps of 4 px, 8 px is the first that counts."""


class ReferenceUnusable(CaptureError):
    """A cage's reference cannot be learnt, read or used; commission the cage again."""


class Limits(BaseModel):
    """From where on a figure is a fault, and what the figures were when they were learnt."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    pictures: int
    """How many were learnt from."""
    mean_luma: float
    bright_part: float
    sharpness: float
    likeness: float
    """Mean over the learnt pictures."""
    still_part: float
    """Of the picture that did not move."""
    longest_shift_px: float
    least_likeness: float
    least_focus: float

    @property
    def most_bright(self) -> float:
        """Return the part at level 230 or above from which on a picture is over-exposed."""
        return min(_BRIGHTEST_PART, max(BRIGHT_PART, self.bright_part + _BRIGHT_MARGIN))


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_name: str = "ethoprofiler.reference/1"
    learnt_utc_ns: int
    limits: Limits


@dataclass(frozen=True)
class Reference:
    """The surroundings of a cage, and the limits of its figures. Immutable, for any thread."""

    picture: Luma
    """Median over the learnt pictures."""
    still: NDArray[np.bool_]
    """Where nothing moved, same shape."""
    limits: Limits
    learnt_utc_ns: int = 0

    @cached_property
    def surroundings(self) -> Surroundings:
        """What is looked for in other pictures."""
        return Surroundings(self.picture, self.still)


def learn(pictures: Sequence[Luma], *, learnt_utc_ns: int = 0) -> Reference:
    """Learn from pictures of one cage in good order, seconds apart, all of one shape.

    The mouse may be in them and should move; the first 60 count. They are best decoded from a
    recording, as the watch sees them. Raises ReferenceUnusable.
    """
    chosen = pictures[:MOST_PICTURES]
    if len(chosen) < FEWEST_PICTURES:
        raise ReferenceUnusable(f"{len(chosen)} pictures are too few, {FEWEST_PICTURES} are needed")
    shapes = {picture.shape for picture in chosen}
    if len(shapes) > 1:
        raise ReferenceUnusable(f"the pictures differ in size: {sorted(shapes)}")
    picture, still = _still_surroundings(chosen)
    try:
        surroundings = Surroundings(picture, still)
    except ValueError as error:
        raise ReferenceUnusable(str(error)) from error
    found = [surroundings.compare(one) for one in chosen]
    _check_steady(found, surroundings.step_px)
    limits = _limits(found, [measure(one) for one in chosen], still, picture.shape[1])
    return Reference(picture, still, limits, learnt_utc_ns)


def compare(luma: Luma, reference: Reference) -> Comparison:
    """Return how a picture differs from the reference. Raises ReferenceUnusable: another size."""
    try:
        return reference.surroundings.compare(luma)
    except ValueError as error:
        height, width = luma.shape
        high, wide = reference.picture.shape
        raise ReferenceUnusable(
            f"the reference is of {wide}x{high}, the picture of {width}x{height}"
        ) from error


def save_reference(path: Path, reference: Reference) -> None:
    """Write a reference durably; its folder is made if need be. Raises ReferenceUnusable."""
    record = _Record(learnt_utc_ns=reference.learnt_utc_ns, limits=reference.limits)
    alpha = np.where(reference.still, np.uint8(255), np.uint8(0))
    content = encode_png(reference.picture, alpha, _TEXT, record.model_dump_json())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, content)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise ReferenceUnusable(f"{path}: cannot be written: {reason}") from error


def read_reference(path: Path) -> Reference | None:
    """Return a cage's reference, None if it was never learnt. Raises ReferenceUnusable."""
    try:
        picture, alpha, text = decode_png(path.read_bytes(), _TEXT)
        record = _Record.model_validate_json(text)
        reference = Reference(picture, alpha > 0, record.limits, record.learnt_utc_ns)
        _ = reference.surroundings
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise ReferenceUnusable(f"{path}: cannot be read: {reason}") from error
    except PngError as error:
        raise ReferenceUnusable(f"{path}: {error}") from error
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"]) or "its text"
        raise ReferenceUnusable(f"{path}: {place}: {error.errors()[0]['msg']}") from error
    except ValueError as error:
        raise ReferenceUnusable(f"{path}: {error}") from error
    return reference


def _still_surroundings(pictures: Sequence[Luma]) -> tuple[Luma, NDArray[np.bool_]]:
    """Return the median picture, and where most pictures are near it; row by row, for memory."""
    height, width = pictures[0].shape
    middle = np.empty((height, width), np.uint8)
    spread = np.empty((height, width), np.float32)
    for row in range(height):
        rows = np.stack([picture[row] for picture in pictures])
        middle[row] = np.median(rows, axis=0)
        apart = np.abs(rows.astype(np.int16) - middle[row])
        spread[row] = np.quantile(apart, _STILL_SHARE, axis=0)
    limit = max(_STILL_LEVELS, _STILL_SPREADS * float(np.median(spread)))
    return middle, np.asarray(spread <= limit, np.bool_)


def _check_steady(found: Sequence[Comparison], step_px: int) -> None:
    """Raise ReferenceUnusable for surroundings whose limits would let a fault pass."""
    likeness = np.array([one.likeness for one in found])
    focus = np.array([one.focus for one in found])
    longest_px = max(one.shift_px for one in found)
    changed = "the surroundings changed while they were learnt"
    if longest_px > step_px:
        raise ReferenceUnusable(f"{changed}: a picture lies {longest_px:.0f} px away")
    is_lowest = likeness.mean() - _LIKENESS_MARGIN < _LOWEST_LIKENESS
    if _SPREADS * likeness.std() > _LIKENESS_MARGIN or is_lowest:
        span = f"{likeness.min():.2f} to {likeness.max():.2f}"
        raise ReferenceUnusable(f"{changed}: the likeness of the pictures is {span}")
    if _least_focus(focus) < _LOWEST_FOCUS_LIMIT * focus.mean():
        span = f"{focus.min():.0%} to {focus.max():.0%}"
        raise ReferenceUnusable(f"{changed}: edges are {span} as steep as in all together")


def _least_focus(focus: NDArray[np.float64]) -> float:
    mean, spread = float(focus.mean()), float(focus.std())
    return min(_FOCUS_LIMIT * mean, mean - _SPREADS * spread)


def _limits(
    found: Sequence[Comparison],
    measures: Sequence[Measures],
    still: NDArray[np.bool_],
    width: int,
) -> Limits:
    likeness = np.array([one.likeness for one in found])
    focus = np.array([one.focus for one in found])
    shift = np.array([one.shift_px for one in found])
    return Limits(
        pictures=len(found),
        mean_luma=round(float(np.mean([one.mean_luma for one in measures])), 2),
        bright_part=round(float(np.mean([one.bright_part for one in measures])), 4),
        sharpness=round(float(np.mean([one.sharpness for one in measures])), 4),
        likeness=round(float(likeness.mean()), 4),
        still_part=round(float(still.mean()), 4),
        longest_shift_px=round(_SHIFT_PART * width + float(shift.max()), 1),
        least_likeness=round(float(likeness.mean()) - _LIKENESS_MARGIN, 4),
        least_focus=round(_least_focus(focus), 4),
    )
