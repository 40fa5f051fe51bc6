"""Pictures of an evaluation, as SVG for pages and PNG for papers; home of Matplotlib.

Every picture can be read in gray print and by color-blind people: amounts are lightness and
numbers, kinds are shapes. Colors: Okabe and Ito, Color Universal Design, 2008. The same figures
give the same bytes.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from inference.ethogram import BEHAVIORS
from inference.evaluate.confusion import Confusion
from inference.evaluate.picture_point import (
    CostPoint,
    DifferencePoint,
    Epoch,
    ReliabilityPoint,
)
from inference.evaluate.svg_text import embeddable

PictureFormat: TypeAlias = Literal["svg", "png"]
_PRINT_DPI: Final = 300
BLUE: Final = "#0072b2"
RED: Final = "#d55e00"
_GRAY: Final = "#6e7681"
_LETTERS_A_CELL: Final = 6
"""That fit along a matrix."""
_DARK_CELL: Final = 0.55
"""Shares above this are drawn so dark that their numbers must be white."""
in_our_style: Final = rc_context(
    {
        "font.family": ["DejaVu Sans", "sans-serif"],
        "font.size": 9.0,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 10.0,
        "legend.frameon": False,
        "hatch.linewidth": 0.6,
        "savefig.facecolor": "white",
        # A name with two dollar signs is no formula.
        "text.parse_math": False,
        # Text stays text: a page can be searched, and is a third as large.
        "svg.fonttype": "none",
    }
)


@in_our_style
def confusion_picture(
    confusion: Confusion,
    names: Sequence[str] = BEHAVIORS,
    form: PictureFormat = "svg",
    *,
    sides: tuple[str, str] = ("truth", "label"),
    name: str = "confusion",
) -> bytes:
    """Draw a confusion matrix (n, n) as the paper's figures 5 and 7.

    A cell shows its part of the row in percent, and its frames small; `sides` says whose are rows
    and columns. `name` begins the picture's ids, which must differ within a page.
    """
    ticks = [short_name(each) for each in names]
    side = 0.62 * len(names) + 0.08 * max(map(len, ticks)) + 0.7
    figure, axes = empty_figure(side, side * 0.9)
    figure.set_layout_engine("compressed")  # the other one cuts names off square axes
    frames = confusion.sum(axis=1, keepdims=True)
    shares = confusion / np.maximum(frames, 1)
    axes.imshow(shares, cmap=colormaps["Blues"], vmin=0, vmax=1)
    for row, column in np.ndindex(confusion.shape):
        color = "white" if shares[row, column] > _DARK_CELL else "black"
        percent = f"{shares[row, column]:.1%}".rstrip("%") if frames[row, 0] else "-"
        axes.text(column, row - 0.1, percent, ha="center", va="center", color=color)
        axes.text(
            column,
            row + 0.28,
            f"{confusion[row, column]:,}",
            ha="center",
            va="center",
            color=color,
            size=5.5,
        )
    axes.set_xticks(range(len(names)), ticks, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), ticks)
    row_name, column_name = (short_name(side, _LETTERS_A_CELL * len(names) + 4) for side in sides)
    axes.set(ylabel=row_name, xlabel=column_name)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(True)
    return encoded(figure, name, form)


@in_our_style
def reliability_picture(
    curves: Mapping[str, Sequence[ReliabilityPoint]], form: PictureFormat = "svg"
) -> bytes:
    """Draw how often labels of each confidence are right; the first curve's frames below."""
    figure = Figure(figsize=(4.6, 4.8), layout="constrained")
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    axes.plot((0, 1), (0, 1), color=_GRAY, linestyle=":", label="perfect")
    styles = ((BLUE, "o", "-"), (RED, "s", "--"))
    for (name, points), (color, marker, line) in zip(curves.items(), styles, strict=False):
        where, shares, _ = zip(*points, strict=True)
        axes.plot(where, shares, color=color, marker=marker, linestyle=line, label=name)
    first = next(iter(curves.values()), ())
    below.bar(
        [point.confidence for point in first],
        [point.frames for point in first],
        width=0.045,
        color=_GRAY,
    )
    axes.set(xlim=(0, 1), ylim=(0, 1), ylabel="share that is right")
    axes.legend(loc="upper left")
    below.set(xlabel="confidence", ylabel="frames")
    below.ticklabel_format(axis="y", style="sci", scilimits=(0, 4))
    return encoded(figure, "reliability", form)


@in_our_style
def learning_curves(history: Sequence[Epoch], form: PictureFormat = "svg") -> bytes:
    """Draw loss, held-out accuracies and learning rate by epoch."""
    figure = Figure(figsize=(7.0, 4.6), layout="constrained")
    losses, accuracies, rates = figure.subplots(3, 1, sharex=True, height_ratios=(3, 3, 1))
    numbers = [epoch[0] for epoch in history]
    losses.plot(numbers, [epoch[1] for epoch in history], color=BLUE, marker=".")
    losses.set_ylabel("loss")
    for column, name, color, line in ((2, "frames", BLUE, "-o"), (3, "macro", RED, "--s")):
        judged = [(epoch[0], epoch[column]) for epoch in history if epoch[column] is not None]
        if judged:
            accuracies.plot(*zip(*judged, strict=True), line, color=color, label=name, ms=4)
            accuracies.legend(loc="lower right")
    accuracies.set(ylabel="held out", ylim=(0, 1))
    rates.plot(numbers, [epoch[4] for epoch in history], color=_GRAY)
    rates.set(ylabel="rate", xlabel="epoch")
    rates.ticklabel_format(axis="y", style="sci", scilimits=(-2, 2))
    rates.xaxis.get_major_locator().set_params(integer=True)
    return encoded(figure, "curves", form)


@in_our_style
@rc_context({"text.parse_math": True})  # the powers of ten of its axis are formulas
def cost_front(points: Sequence[CostPoint], cost_name: str, form: PictureFormat = "svg") -> bytes:
    """Draw accuracy against cost; a line joins those that none is both cheaper and better than."""
    figure, axes = empty_figure(7.0, 4.2)
    front: list[CostPoint] = []
    for point in sorted(points, key=lambda point: (point.cost, -point.accuracy)):
        if not front or point.accuracy > front[-1].accuracy:
            front.append(point)
    axes.plot([p.cost for p in front], [p.accuracy for p in front], color=_GRAY, zorder=1)
    for point in points:
        bounds = _distances(point.accuracy, point.low, point.high)
        is_best = point in front
        axes.errorbar(point.cost, point.accuracy, bounds, fmt="o", capsize=3,
                      color=BLUE if is_best else _GRAY,
                      mfc=BLUE if is_best else "white")  # fmt: skip
        axes.annotate(point.name, (point.cost, point.accuracy), (6, 5), size=8,
                      textcoords="offset points", parse_math=False)  # fmt: skip
    axes.set(xlabel=cost_name, ylabel="accuracy", xscale="log")
    axes.margins(x=0.15, y=0.1)
    return encoded(figure, "front", form)


@in_our_style
def difference_picture(points: Sequence[DifferencePoint], form: PictureFormat = "svg") -> bytes:
    """Draw differences with their intervals, one below the other; filled if 0 is outside."""
    figure, axes = empty_figure(7.0, 0.28 * len(points) + 0.9)
    axes.axvline(0, color=_GRAY, linestyle=":")
    for place, point in enumerate(points):
        bounds = _distances(100 * point.value, 100 * point.low, 100 * point.high)
        is_clear = point.low > 0 or point.high < 0
        fill = BLUE if is_clear else "white"
        axes.errorbar(100 * point.value, place, xerr=bounds, fmt="o", color=BLUE, mfc=fill)
    axes.set_yticks(range(len(points)), [point.name for point in points])
    axes.invert_yaxis()
    axes.set_xlabel("second minus first, percentage points")
    return encoded(figure, "difference", form)


def empty_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """Return an empty figure, in inches, that belongs to no window and no global state."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def encoded(figure: Figure, name: str, form: PictureFormat) -> bytes:
    """Return the file of a picture; `name` begins the ids of an SVG."""
    buffer = io.BytesIO()
    if form == "png":
        figure.savefig(buffer, format=form, dpi=_PRINT_DPI, metadata={"Software": None})
        return buffer.getvalue()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with rc_context({"svg.hashsalt": name}):
        figure.savefig(buffer, format=form, metadata=nothing)
    return embeddable(buffer.getvalue().decode(), name).encode()


def short_name(name: str, letters: int = 22) -> str:
    """Return a name that fits beside a picture: of a long one, its begin and its end."""
    half = (letters - 1) // 2
    return name if len(name) <= letters else f"{name[:half]}…{name[-half:]}"


def _distances(value: float, low: float, high: float) -> list[list[float]]:
    """Return how far bounds are from a value, which a percentile interval need not hold."""
    return [[max(0.0, value - low)], [max(0.0, high - value)]]
