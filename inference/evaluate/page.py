"""Reports as one page of HTML that needs no other file and no network; home of Jinja."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from inference.evaluate.agreement import Agreement
from inference.evaluate.bootstrap import Interval
from inference.evaluate.comparison import Comparison
from inference.evaluate.drawing import confusion_picture, difference_picture
from inference.evaluate.picture_point import DifferencePoint
from inference.evaluate.report import Report
from inference.evaluate.report_picture import pictures_of

_NOTHING: Final = "–"  # noqa: RUF001 - a dash in a table's cell
_LEAST_SHOWN: Final = 0.001


def evaluation_page(report: Report) -> str:
    """Return the page of an evaluation."""
    return render("evaluation.html.j2", report=report, pictures=_inline(pictures_of(report)))


def comparison_page(comparison: Comparison) -> str:
    """Return the page of a comparison."""
    pictures = {"difference": difference_picture(_recalls(comparison))}
    return render("comparison.html.j2", comparison=comparison, pictures=_inline(pictures))


def agreement_page(agreement: Agreement) -> str:
    """Return the page of the agreement of raters."""
    pictures = {
        f"pair-{number}": confusion_picture(
            np.array(pair.confusion),
            agreement.behaviors,
            sides=(pair.first, pair.second),
            name=f"confusion-{number}",
        )
        for number, pair in enumerate(agreement.pairs, start=1)
    }
    return render("agreement.html.j2", agreement=agreement, pictures=_inline(pictures))


def render(template: str, **values: object) -> str:
    """Fill one of the templates beside this file; everything but pictures is escaped."""
    environment = Environment(
        loader=PackageLoader("inference.evaluate", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": _percent,
        "points": _points,
        "interval": _interval,
        "count": _count,
        "decimal": _decimal,
        "span": _span,
        "tiny": _tiny,
    }
    return environment.get_template(template).render(values)


def _recalls(comparison: Comparison) -> list[DifferencePoint]:
    points = []
    for row in comparison.behaviors:
        value, interval = row.recall.difference, row.recall.interval
        if value is not None:
            low, high = (value, value) if interval is None else (interval.low, interval.high)
            points.append(DifferencePoint(row.behavior, value, low, high))
    return points


def _inline(pictures: Mapping[str, bytes]) -> dict[str, Markup]:
    # Matplotlib has escaped what it wrote, and nobody else has had a hand in it.
    return {name: Markup(picture.decode()) for name, picture in pictures.items()}  # noqa: S704


def _percent(share: float | None) -> str:
    """`83.6 %`."""
    return _NOTHING if share is None else f"{100 * share:.1f} %"


def _points(difference: float | None) -> str:
    """`+1.2`: percentage points."""
    return _NOTHING if difference is None else f"{100 * difference:+.1f}"


def _interval(interval: Interval | None) -> str:
    """`81.0 to 85.9 %`."""
    if interval is None:
        return _NOTHING
    return f"{100 * interval.low:.1f} to {100 * interval.high:.1f} %"


def _count(number: float | None) -> str:
    """`1,234,567`."""
    return _NOTHING if number is None else f"{number:,.0f}"


def _decimal(number: float | None, digits: int = 3) -> str:
    return _NOTHING if number is None else f"{number:.{digits}f}"


def _span(interval: Interval | None) -> str:
    """`-0.4 to +1.2`: percentage points."""
    return _NOTHING if interval is None else f"{_points(interval.low)} to {_points(interval.high)}"


def _tiny(probability: float) -> str:
    return "below 0.001" if probability < _LEAST_SHOWN else f"{probability:.3f}"
