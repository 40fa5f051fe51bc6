"""Pictures of animals and strains, of which there may be many, with names of any kind."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from inference.ethogram import BEHAVIORS
from inference.evaluate.drawing import (
    BLUE,
    RED,
    PictureFormat,
    empty_figure,
    encoded,
    in_our_style,
    short_name,
)
from inference.evaluate.picture_point import AnimalPoint

_WIDTH: Final = 7.0
_FILLS: Final = ("#0072b2", "#e69f00", "#cfd4da", "#009e73", "#f0e442", "#56b4e9")
_HATCHES: Final = ("", "////", "....", "xxxx", "----", "\\\\\\\\")
_MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "*", "h")
_ASIDE: Final = 0.1
"""So that two markers of one animal do not hide each other."""
_LEGEND_ENTRY: Final = 0.19
"""Height in inches."""
_ANIMAL: Final = 0.26
"""Height of an animal's row in inches, as long as all rows fit on a printed page."""
_PAGE: Final = 9.0


@in_our_style
def distribution_picture(frames: Mapping[str, Sequence[int]], form: PictureFormat = "svg") -> bytes:
    """Draw frames by behavior as the paper's figure 4; a bar for each group, such as a strain."""
    figure, axes = empty_figure(_WIDTH, max(3.2, _LEGEND_ENTRY * len(frames) + 0.5))
    width = 0.8 / max(1, len(frames))
    for place, counts in enumerate(frames.values()):
        bars = axes.bar(
            np.arange(len(BEHAVIORS)) + (place - (len(frames) - 1) / 2) * width,
            counts,
            width,
            color=_FILLS[place % len(_FILLS)],
            # Another hatch for each fill in every round, so that 36 groups differ.
            hatch=_HATCHES[(place + place // len(_FILLS)) % len(_HATCHES)],
            edgecolor="black",
            linewidth=0.5,
        )
        if len(frames) == 1:
            total = max(1, sum(counts))
            axes.bar_label(bars, [f"{count / total:.1%}" for count in counts], size=8)
    if len(frames) > 1:
        names = [short_name(name) for name in frames]
        axes.legend(axes.containers, names, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.set_xticks(
        range(len(BEHAVIORS)), BEHAVIORS, rotation=35, ha="right", rotation_mode="anchor"
    )
    axes.set_ylabel("frames")
    return encoded(figure, "distribution", form)


@in_our_style
def animal_picture(
    points: Sequence[AnimalPoint],
    frame_interval: tuple[float, float] | None,
    form: PictureFormat = "svg",
) -> bytes:
    """Draw a row of accuracies an animal, a marker for each strain; the band is the interval."""
    strains = sorted({point.strain for point in points})
    row = min(_ANIMAL, _PAGE / max(1, len(points)))
    height = max(row * len(points), _LEGEND_ENTRY * (2 * len(strains) + 1))
    figure, axes = empty_figure(_WIDTH, height + 0.6)
    bands = [axes.axvspan(*frame_interval, color="#d0d7de")] if frame_interval else []
    names = ["95 % interval of all, frames"] * len(bands)
    markers = []
    for number, strain in enumerate(strains):
        where = np.array([place for place, point in enumerate(points) if point.strain == strain])
        marker = _MARKERS[number % len(_MARKERS)]
        suffix = f", {short_name(strain)}" if strain else ""
        frames = [point.frame_accuracy for point in points if point.strain == strain]
        macro = [point.macro_accuracy for point in points if point.strain == strain]
        markers += axes.plot(frames, where - _ASIDE, marker, color=BLUE)
        markers += axes.plot(macro, where + _ASIDE, marker, color=RED, mfc="white")
        names += [f"frames{suffix}", f"macro{suffix}"]
    axes.set_yticks(
        range(len(points)),
        [short_name(point.animal) for point in points],
        size=min(9.0, 72 * 0.8 * row),
    )
    axes.set(xlabel="accuracy", ylabel="animal", ylim=(len(points) - 0.5, -0.5))
    axes.margins(x=0.1)
    axes.grid(axis="y", color="#d0d7de", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.legend([*bands, *markers], names, loc="center left", bbox_to_anchor=(1, 0.5))
    return encoded(figure, "animals", form)
