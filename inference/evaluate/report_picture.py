"""The pictures of a report, by name."""

import numpy as np

from inference.ethogram import BEHAVIORS
from inference.evaluate.calibration import ReliabilityBin
from inference.evaluate.drawing import (
    PictureFormat,
    confusion_picture,
    reliability_picture,
)
from inference.evaluate.group_drawing import animal_picture, distribution_picture
from inference.evaluate.picture_point import AnimalPoint, ReliabilityPoint
from inference.evaluate.report import Report


def pictures_of(report: Report, form: PictureFormat = "svg") -> dict[str, bytes]:
    """Return the pictures `confusion`, `animals`, `calibration` and `distribution`."""
    return {
        "confusion": confusion_picture(np.array(report.confusion), BEHAVIORS, form),
        "animals": animal_picture(_animals(report), _interval(report), form),
        "calibration": reliability_picture(_curves(report), form),
        "distribution": distribution_picture(_frames(report), form),
    }


def _animals(report: Report) -> list[AnimalPoint]:
    return [
        AnimalPoint(
            animal.figures.name,
            animal.strain,
            animal.figures.frame_accuracy,
            animal.figures.macro_accuracy,
        )
        for animal in report.animals
    ]


def _interval(report: Report) -> tuple[float, float] | None:
    interval = report.intervals.frame_accuracy
    return None if interval is None else (interval.low, interval.high)


def _curves(report: Report) -> dict[str, list[ReliabilityPoint]]:
    curves = {"as it is": _points(report.calibration.bins)}
    if report.temperature is not None:
        curves["with temperature"] = _points(report.temperature.after.bins)
    return curves


def _points(bins: tuple[ReliabilityBin, ...]) -> list[ReliabilityPoint]:
    return [ReliabilityPoint(each.confidence, each.accuracy, each.frames) for each in bins]


def _frames(report: Report) -> dict[str, list[int]]:
    """Return frames by behavior of each strain, or of all if there are not two to compare."""
    strains = report.distribution.by_strain
    groups = strains if len(strains) > 1 else (report.distribution.all,)
    return {group.name: list(group.frames.values()) for group in groups}
