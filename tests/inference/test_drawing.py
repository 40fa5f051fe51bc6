"""Pictures show every number, are the same each time, and can stand beside each other."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from inference.evaluate.drawing import (
    confusion_picture,
    cost_front,
    difference_picture,
    learning_curves,
    reliability_picture,
)
from inference.evaluate.group_drawing import animal_picture, distribution_picture
from inference.evaluate.picture_point import (
    AnimalPoint,
    CostPoint,
    DifferencePoint,
    ReliabilityPoint,
)

ODD_NAMES = ("$$", r"a$\foo$", "_wild", 'x id="y" url(#z)', "<b>&")
PNG_BEGIN = b"\x89PNG\r\n\x1a\n"


def _texts(svg: bytes) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter() if element.text]


def test_a_confusion_picture_shows_shares_of_rows_and_frames() -> None:
    confusion = np.diag([1200] * 8).astype(np.int64)
    confusion[1, 2], confusion[5, 2] = 400, 300
    confusion[3] = 0
    texts = _texts(confusion_picture(confusion))
    shares = ("75.0", "25.0", "80.0", "20.0", "100.0")
    assert [texts.count(share) for share in shares] == [1, 1, 1, 1, 5]
    assert texts.count("1,200") == 7
    assert texts.count("-") == 8


def test_a_picture_is_the_same_each_time_and_its_ids_begin_with_its_name() -> None:
    confusion = np.eye(8, dtype=np.int64)
    first, second = confusion_picture(confusion), confusion_picture(confusion)
    assert first == second
    ids = re.findall(rb' id="([^"]+)"', first)
    assert ids
    assert all(name.startswith(b"confusion-") for name in ids)
    assert b"<?xml" not in first
    assert b"date" not in first


def test_a_print_has_300_dots_an_inch() -> None:
    picture = difference_picture([DifferencePoint("drink", 0.1, 0.0, 0.2)], "png")
    assert picture.startswith(PNG_BEGIN)
    width = int.from_bytes(picture[16:20], "big")
    assert width == 7 * 300


def test_learning_curves_leave_out_what_was_not_judged() -> None:
    judged = learning_curves([(1, 2.0, None, None, 0.03), (2, 1.5, 0.5, 0.4, 0.029)])
    assert "macro" in _texts(judged)
    never = learning_curves([(1, 2.0, None, None, 0.03)])
    assert "macro" not in _texts(never)
    assert _texts(learning_curves([]))


def test_the_front_joins_only_networks_that_none_beats() -> None:
    points = [
        CostPoint("small", 1e6, 0.7, 0.7, 0.7),
        CostPoint("beaten", 2e6, 0.6, 0.65, 0.55),
        CostPoint("large", 4e9, 0.9, 0.8, 0.95),
    ]
    svg = cost_front(points, "multiplications").decode()
    assert {"small", "beaten", "large", "multiplications"} <= set(_texts(svg.encode()))
    (line,) = re.findall(r'<path d="([^"]+)"[^>]*style="fill: none; stroke: #6e7681', svg)[:1]
    assert len(re.findall("[ML]", line)) == 2


@pytest.mark.parametrize(
    "groups", [{"all": [5, 0, 0, 0, 0, 0, 0, 5]}, {"a": [1] * 8, "b": [2] * 8}]
)
def test_a_distribution_names_shares_of_one_group_and_the_names_of_several(
    groups: dict[str, list[int]],
) -> None:
    texts = _texts(distribution_picture(groups))
    assert ("50.0%" in texts) == (len(groups) == 1)
    assert (set(groups) <= set(texts)) == (len(groups) > 1)


def test_a_reliability_picture_names_its_curves() -> None:
    points = [ReliabilityPoint(0.5, 0.4, 10), ReliabilityPoint(0.9, 0.8, 90)]
    texts = _texts(reliability_picture({"as it is": points, "with temperature": points[1:]}))
    assert {"as it is", "with temperature", "perfect"} <= set(texts)


def test_names_of_any_kind_are_drawn_as_they_are() -> None:
    groups = {name: [number] * 8 for number, name in enumerate(ODD_NAMES)}
    assert set(ODD_NAMES) <= set(_texts(distribution_picture(groups)))
    matrix = np.ones((5, 5), np.int64)
    svg = confusion_picture(matrix, ODD_NAMES, sides=("$$ 1", "_wild 2"), name="pair-7")
    texts = _texts(svg)
    assert [texts.count(name) for name in ODD_NAMES] == [2] * 5
    assert {"$$ 1", "_wild 2"} <= set(texts)
    assert b'id="pair-7-' in svg
    animals = _texts(animal_picture([AnimalPoint(n, n, 0.5, 0.4) for n in ODD_NAMES], (0.4, 0.6)))
    for name in ODD_NAMES:
        assert {name, f"frames, {name}", f"macro, {name}"} <= set(animals)
    front = _texts(cost_front([CostPoint(name, 1e6, 0.7, 0.7, 0.7) for name in ODD_NAMES], "cost"))
    assert set(ODD_NAMES) <= set(front)


def _size(svg: bytes) -> tuple[float, float]:
    width, height = re.findall(rb'(?:width|height)="([0-9.]+)pt"', svg)[:2]
    return float(width), float(height)


def _axes_width(svg: bytes) -> float:
    """Return the width of the axes, whose ground is the second patch of a picture."""
    ground = re.findall(rb'<path d="M ([0-9.]+) [0-9.]+ \nL ([0-9.]+)', svg)[1]
    return float(ground[1]) - float(ground[0])


def test_long_names_and_many_animals_leave_room_for_the_figures() -> None:
    few = [AnimalPoint(f"0{number}", "", 0.5, 0.4) for number in range(3)]
    many = [AnimalPoint(f"{number:80}", "", 0.5, 0.4) for number in range(100, 130)]
    small, large = animal_picture(few, None), animal_picture(many, None)
    assert _size(small)[1] < 2 * 72
    assert 7 * 72 < _size(large)[1] < 10 * 72
    assert _axes_width(large) > 0.4 * _size(large)[0]
    assert _axes_width(small) > 0.7 * _size(small)[0]


def test_a_legend_of_many_strains_is_beside_the_bars() -> None:
    one, many = (
        distribution_picture({f"strain {number}": [1] * 8 for number in range(strains)})
        for strains in (1, 9)
    )
    assert _axes_width(many) < _axes_width(one) - 60
    (left,) = re.findall(rb' x="([0-9.]+)"[^>]*>strain 8<', many)
    assert float(left) > _axes_width(many)
